import { describe, expect, it } from 'vitest';
import type { TrainedReply } from '../../../src/core/conversation/command.js';
import {
  createStepsDisplay,
  type StepsNotice,
  type ValidationNotice,
} from '../../../src/display/inside/steps-display.js';
import { thinned } from '../../../src/display/inside/thin.js';
import { createQuietDisplay } from '../../../src/display/run/quiet.js';

const trained = (step: number, losses: readonly number[]): TrainedReply => ({
  kind: 'trained',
  steps: losses.length,
  losses,
  lr: 0.1,
  step,
  seconds: 1,
});

function record() {
  const told: (StepsNotice | ValidationNotice)[] = [];
  const display = createStepsDisplay(createQuietDisplay(), (notice) => told.push(notice));
  return { told, display };
}

describe('what a figure is drawn from', () => {
  it('has each loss once, at its step and LR, whether it came amid the request or at its end', () => {
    const { told, display } = record();
    display.add({
      kind: 'command',
      command: { kind: 'train', purpose: 'commit', steps: 5, lr: [0.1, 0.2, 0.3, 0.4, 0.5] },
    });
    display.tell([9, 8]);
    display.add({ kind: 'slice', reply: trained(3, [9, 8, 7]) });
    display.tell([6]);
    display.add({ kind: 'reply', reply: trained(5, [6, Number.NaN]) });
    expect(told).toEqual([
      { kind: 'steps', purpose: 'commit', from: 0, steps: 2, losses: [9, 8], lrs: [0.1, 0.2] },
      { kind: 'steps', purpose: 'commit', from: 2, steps: 1, losses: [7], lrs: [0.3] },
      { kind: 'steps', purpose: 'commit', from: 3, steps: 1, losses: [6], lrs: [0.4] },
      { kind: 'steps', purpose: 'commit', from: 4, steps: 1, losses: [null], lrs: [0.5] },
    ]);
  });

  it('begins a trial where its checkpoint is, and says that it is one', () => {
    const { told, display } = record();
    display.add({ kind: 'command', command: { kind: 'restore', checkpoint: 'a' } });
    display.add({ kind: 'reply', reply: { kind: 'restored', step: 40, lr: 1, seconds: 0 } });
    display.add({
      kind: 'command',
      command: { kind: 'train', purpose: 'search', steps: 1, lr: 0.5 },
    });
    display.add({ kind: 'reply', reply: trained(41, [3]) });
    display.add({ kind: 'command', command: { kind: 'validate', purpose: 'commit' } });
    display.add({ kind: 'reply', reply: { kind: 'validated', loss: 2, seconds: 0 } });
    expect(told).toEqual([
      { kind: 'steps', purpose: 'search', from: 40, steps: 1, losses: [3], lrs: [0.5] },
      { kind: 'validated', purpose: 'commit', step: 41, loss: 2 },
    ]);
  });
});

describe('thinned', () => {
  it('keeps a short series and the mean of a long one', () => {
    expect(thinned([1, 2, 3], 3)).toEqual([1, 2, 3]);
    const series = Array.from({ length: 1000 }, (_, i) => i);
    expect(thinned(series, 50)).toHaveLength(50);
    expect(thinned(series, 4)).toEqual([124.5, 374.5, 624.5, 874.5]);
  });
});
