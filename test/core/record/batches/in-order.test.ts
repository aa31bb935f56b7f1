/** What is told of probes that were done together. */

import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../../../src/core/options.js';
import { InOrder } from '../../../../src/core/record/batches/in-order.js';
import type { Entry } from '../../../../src/core/record/entry.js';
import { Replay } from '../../../../src/core/record/replay.js';
import { beginStrategy } from '../../../../src/core/strategies/registry.js';
import { drive } from '../../../support/drive.js';
import { SimulatedTrainer } from '../../../support/simulated-trainer.js';

const GIVEN = {
  strategy: 'paper',
  steps: 200,
  tau: 100,
  candidates: 4,
  minLr: 1e-4,
  maxLr: 1,
  validation: 'always',
} as const;

/** What was asked and decided, without what belongs to batches alone. */
function told(entries: readonly Entry[]): readonly Entry[] {
  const order = new InOrder();
  return entries
    .flatMap((entry) => order.add(entry))
    .filter(({ kind }) => kind !== 'batch' && kind !== 'probe-reply');
}

function play(batch: number) {
  const trainer = new SimulatedTrainer({ divergesAbove: 0.1 });
  return drive(beginStrategy(resolveOptions({ ...GIVEN, batch }), trainer.facts), trainer);
}

/** The answers of a batch in another order than that in which they are told. */
function shuffled(entries: readonly Entry[]): readonly Entry[] {
  const from = entries.findIndex(({ kind }) => kind === 'probe-reply');
  const until = entries.findIndex((e, i) => i > from && e.kind !== 'probe-reply');
  return [
    ...entries.slice(0, from),
    ...entries.slice(from, until).toReversed(),
    ...entries.slice(until),
  ];
}

describe('probes that were done together', () => {
  it('are told as if each had been asked for in its turn', () => {
    const kinds = told(play(4).entries).map((entry) => {
      if (entry.kind === 'command') return entry.command.kind;
      return entry.kind === 'decision' ? entry.decision.kind : '';
    });
    const serial = play(1).entries.map((entry) => {
      if (entry.kind === 'command') return entry.command.kind;
      return entry.kind === 'decision' ? entry.decision.kind : '';
    });
    // The first stage's LRs are others, and so is where they diverge; what belongs to a probe is the same.
    const ofProbe = (all: readonly string[]) =>
      all.slice(all.indexOf('probe-started') - 2, all.indexOf('probe-ended') + 1).join(' ');
    expect(ofProbe(kinds)).toBe(ofProbe(serial));
    expect(kinds.filter((kind) => kind === 'probe-started')).toHaveLength(8);
  });

  it('are told in the order of their batch, whatever the order in which they came', () => {
    const { entries } = play(4);
    expect(told(shuffled(entries))).toEqual(told(entries));
    expect(shuffled(entries)).not.toEqual(entries);
  });

  it('are told to the end where the run is resumed amid them', () => {
    const { entries } = play(4);
    const whole = told(entries);
    const { facts } = new SimulatedTrainer({ divergesAbove: 0.1 });
    const from = entries.findIndex(({ kind }) => kind === 'batch');
    for (let at = from; at < from + 20; at++) {
      const replay = new Replay(
        beginStrategy(resolveOptions({ ...GIVEN, batch: 4 }), facts),
        0,
        'inside',
      );
      const before = new InOrder();
      const past = entries.slice(0, at).flatMap((entry) => before.add(entry));
      for (const entry of entries.slice(0, at)) replay.add(entry);
      const { order } = replay.resumePoint;
      const rest = entries.slice(at).flatMap((entry) => order.add(entry));
      const all = [...past, ...rest].filter(
        ({ kind }) => kind !== 'batch' && kind !== 'probe-reply',
      );
      expect(all, `resumed at ${at}`).toEqual(whole);
    }
  });

  it('leave a run without batches as it is', () => {
    const { entries } = play(1);
    expect(told(entries)).toEqual(entries);
  });
});
