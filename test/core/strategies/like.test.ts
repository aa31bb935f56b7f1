/** `--like`: the peak of another run, borne out by one probe, or a search as ever. */

import { describe, expect, it } from 'vitest';
import { type KnownSearch, knownSearchOf } from '../../../src/core/known-search.js';
import { resolveOptions } from '../../../src/core/options.js';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';
import { beginStrategy } from '../../../src/core/strategies/registry.js';
import { drive } from '../../support/drive.js';
import { SimulatedRun, TunerKilled } from '../../support/simulated-run.js';
import { SimulatedTrainer } from '../../support/simulated-trainer.js';

const STEPS = 2000;

function play(like?: KnownSearch, simulation = {}) {
  const trainer = new SimulatedTrainer({ bestLr: 0.03, ...simulation });
  const options = resolveOptions({ steps: STEPS, ...(like && { like }) });
  const { entries, decisions } = drive(beginStrategy(options, trainer.facts), trainer);
  const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'horizon', seed: 0 });
  builder.begin(0);
  for (const entry of entries) builder.add(entry);
  return { result: builder.build('finished', 1), decisions };
}

const first = play().result;
const [stage] = first.stages;

const known = knownSearchOf([
  {
    id: 'first',
    dir: '/runs/first',
    peak: stage?.lr ?? Number.NaN,
    interval: first.interval ?? { min: 0, max: 0 },
    probes: (stage?.probes ?? []).map(({ lr, steps, forecast }) => ({ lr, steps, loss: forecast })),
    firstLoss: first.loss.first ?? Number.NaN,
  },
]);

describe('a run like another', () => {
  it('takes its peak after one probe, and saves the rest of the search', () => {
    const { result, decisions } = play(known);
    expect(decisions.find(({ kind }) => kind === 'known-search')).toMatchObject({
      agrees: true,
      runs: ['first'],
    });
    expect(result.stages[0]).toMatchObject({ lr: known.peak, probes: [] });
    expect(result.steps.search).toBe(known.check.steps);
    expect(first.steps.search).toBeGreaterThan(4 * known.check.steps);
    expect(result.steps.committed).toBe(STEPS);
    expect(decisions.some(({ kind }) => kind === 'search-planned')).toBe(false);
  });

  it('searches as ever where the probe comes to another loss', () => {
    const other = { bestLr: 0.001 };
    const { result, decisions } = play(known, other);
    expect(decisions.find(({ kind }) => kind === 'known-search')).toMatchObject({ agrees: false });
    const alone = play(undefined, other).result;
    expect(result.stages[0]?.lr).toBe(alone.stages[0]?.lr);
    expect(result.steps.search).toBe(alone.steps.search + known.check.steps);
  });

  it('searches where the probe diverges, and does none that is too long for it', () => {
    const diverged = play(known, { divergesAbove: known.check.lr / 2 });
    expect(diverged.decisions.find(({ kind }) => kind === 'known-search')).toMatchObject({
      agrees: false,
    });
    const long = { ...known, check: { ...known.check, steps: STEPS } };
    const { decisions } = play(long);
    const decision = decisions.find(({ kind }) => kind === 'known-search');
    expect(decision).toMatchObject({ agrees: false });
    expect(decision).not.toHaveProperty('loss');
  });

  it('whose tuner is killed at any entry of its journal ends as if nothing had happened', async () => {
    const tuner = resolveOptions({
      strategy: 'horizon',
      budget: 900,
      like: { ...known, tolerance: 1e9, check: { ...known.check, steps: 30 } },
    });
    const create = () =>
      new SimulatedRun({ tuner, simulation: { bestLr: 0.03 }, checkpointSteps: 100 });
    const undisturbed = create();
    await undisturbed.go();
    expect(undisturbed.result.steps.search).toBe(30);
    for (let at = 0; at < undisturbed.entries.length; at++) {
      const run = create();
      await run.go({ tunerDiesAt: at }).catch((error: unknown) => {
        if (!(error instanceof TunerKilled)) throw error;
      });
      await run.go();
      expect([run.trainer.model, run.result.schedule]).toEqual([
        undisturbed.trainer.model,
        undisturbed.result.schedule,
      ]);
    }
  });

  it('keeps no schedule of the script, and has no bounds of its own', () => {
    expect(() => resolveOptions({ like: known, keepSchedule: true })).toThrow(
      '`like` takes a peak',
    );
    expect(() => resolveOptions({ like: known, maxLr: 1 })).toThrow('`like` brings an interval');
  });
});
