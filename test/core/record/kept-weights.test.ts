/** Which weights a run ends with, where an average of them was adopted and a checkpoint restored. */

import { describe, expect, it } from 'vitest';
import type { Command, Reply } from '../../../src/core/conversation/command.js';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';

const AVERAGE = { powers: [20], every: 1, since: 0 };

/** A run of five steps with an average, validated at 2 raw and at 1 averaged. */
function run(...then: readonly [Command, Reply][]) {
  const metric = { name: 'f1', maximize: true };
  const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'horizon', seed: 0, metric });
  builder.begin(0);
  const losses = [5, 4, 3, 2, 1];
  const steps = losses.length;
  const asked: readonly [Command, Reply][] = [
    [
      { kind: 'train', purpose: 'commit', steps, lr: 1, average: AVERAGE },
      { kind: 'trained', steps, step: steps, losses, lr: 1, seconds: 1 },
    ],
    [
      { kind: 'validate', purpose: 'commit' },
      { kind: 'validated', loss: 2, metrics: { f1: 0.5 }, seconds: 1 },
    ],
    [
      { kind: 'validate', purpose: 'commit', at: 20 },
      { kind: 'validated', loss: 1, metrics: { f1: 0.6 }, seconds: 1 },
    ],
    ...then,
  ];
  for (const [command, reply] of asked) {
    builder.add({ kind: 'command', command });
    builder.add({ kind: 'reply', reply });
  }
  return builder.build('finished', 0);
}

const ADOPT: [Command, Reply] = [
  { kind: 'adopt', at: 20 },
  { kind: 'adopted', seconds: 0 },
];

function save(checkpoint: string): [Command, Reply] {
  return [
    { kind: 'save', checkpoint },
    { kind: 'saved', step: 5, seconds: 0 },
  ];
}

function restore(checkpoint: string): [Command, Reply] {
  return [
    { kind: 'restore', checkpoint },
    { kind: 'restored', step: 5, lr: 1, seconds: 0 },
  ];
}

describe('the weights that a run ends with', () => {
  it('are the average once it is adopted, with its validation loss and its metric', () => {
    expect(run().metric).toMatchObject({ value: 0.5, best: 0.6 });
    expect(run(ADOPT)).toMatchObject({
      weights: 'averaged',
      loss: { validation: 1 },
      metric: { value: 0.6, step: 5 },
    });
  });

  it('are raw again when a checkpoint of the same step from before is restored', () => {
    const end = run(save('raw'), ADOPT, restore('raw'));
    expect(end).toMatchObject({
      weights: 'raw',
      loss: { validation: 2 },
      metric: { value: 0.5, step: 5 },
    });
  });

  it('are averaged again when a checkpoint of the same step holds the average', () => {
    const end = run(save('raw'), ADOPT, save('averaged'), restore('raw'), restore('averaged'));
    expect(end).toMatchObject({ weights: 'averaged', loss: { validation: 1 } });
  });
});
