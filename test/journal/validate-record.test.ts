/** A reader that checks what it reads must know all that a run writes. */

import { describe, expect, it } from 'vitest';
import { resolveOptions, type TunerOptions } from '../../src/core/options.js';
import { decodeRecord, encodeRecord } from '../../src/journal/format.js';
import { SimulatedRun } from '../support/simulated-run.js';
import type { SimulationOptions } from '../support/simulated-trainer.js';

const RUNS: Readonly<Record<string, readonly [TunerOptions, SimulationOptions]>> = {
  paper: [resolveOptions({ strategy: 'paper', budget: 1500, candidates: 3 }), {}],
  'paper that takes stages back': [
    resolveOptions({ strategy: 'paper', budget: 1500, rollback: true, candidates: 3 }),
    { divergesAbove: 0.01, divergesFrom: 200, rate: 0.005 },
  ],
  horizon: [resolveOptions({ budget: 3000 }), { canValidate: true }],
  'horizon that diverges': [
    resolveOptions({ budget: 900 }),
    { divergesAbove: 0.01, divergesFrom: 250, rate: 0.005, guard: 'raises' },
  ],
  'horizon where nothing survives': [resolveOptions({ budget: 900 }), { divergesAbove: 0 }],
  'paper in batches': [
    resolveOptions({ strategy: 'paper', budget: 1500, candidates: 4, batch: 4 }),
    { divergesAbove: 0.1 },
  ],
  'horizon with workers': [resolveOptions({ budget: 3000, wholeRungs: true }), {}],
  'horizon with factors': [
    resolveOptions({ keepSchedule: true, budget: 900 }),
    { ownLr: () => 0.02, divergesAbove: 0.1 },
  ],
};

describe('a journal of a run', () => {
  for (const [name, [tuner, simulation]] of Object.entries(RUNS)) {
    it(`is read whole (${name})`, async () => {
      const run = new SimulatedRun({ tuner, simulation, checkpointSteps: 100, workers: 2 });
      await run.go();
      expect(run.entries.length).toBeGreaterThan(20);
      for (const [seq, entry] of run.entries.entries()) {
        const line = encodeRecord({ seq, at: 0, entry }).trimEnd();
        expect(decodeRecord(line), line).toMatchObject({ seq, entry: { kind: entry.kind } });
        if (entry.kind === 'probe-reply') expect(decodeRecord(line)).toMatchObject({ entry });
      }
    });
  }
});
