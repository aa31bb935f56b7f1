import { describe, expect, it } from 'vitest';
import type { TrainCommand, TrainedReply } from '../../../src/core/conversation/command.js';
import { ResponseTimeouts } from '../../../src/trainer/rpc/response-timeouts.js';

const MINUTE = 60_000;
const SAVE = { kind: 'save', checkpoint: 'a' } as const;

function train(steps: number): TrainCommand {
  return { kind: 'train', purpose: 'search', steps, lr: 0.1 };
}

function trained(steps: number, seconds: number): TrainedReply {
  return { kind: 'trained', steps, losses: [], lr: 0.1, step: steps, seconds };
}

describe('PatienceKeeper', () => {
  it('waits ten minutes for what it has never seen done', () => {
    const timeouts = new ResponseTimeouts();
    expect(timeouts.timeoutMs(train(1))).toBe(10 * MINUTE);
    expect(timeouts.timeoutMs(SAVE)).toBe(10 * MINUTE);
  });

  it('never waits less than five minutes, however fast the trainer is', () => {
    const timeouts = new ResponseTimeouts();
    timeouts.note(train(1000), trained(1000, 0.001));
    timeouts.note(SAVE, { kind: 'saved', step: 0, seconds: 0 });
    expect(timeouts.timeoutMs(train(1))).toBe(5 * MINUTE);
    expect(timeouts.timeoutMs(SAVE)).toBe(5 * MINUTE);
  });

  it('waits twenty times as long as the steps take at the slowest seen', () => {
    const timeouts = new ResponseTimeouts();
    timeouts.note(train(10), trained(10, 50));
    timeouts.note(train(10), trained(10, 10));
    expect(timeouts.timeoutMs(train(100))).toBe(20 * 100 * 5000);
  });

  it('waits an hour for a restore from disk that it has never seen, and knows disk from memory', () => {
    const timeouts = new ResponseTimeouts();
    const fromDisk = { kind: 'restore', checkpoint: 'a', path: '/runs/a' } as const;
    const fromMemory = { kind: 'restore', checkpoint: 'a' } as const;
    timeouts.note(fromMemory, { kind: 'restored', step: 0, lr: 0.1, seconds: 0 });
    expect(timeouts.timeoutMs(fromMemory)).toBe(5 * MINUTE);
    expect(timeouts.timeoutMs(fromDisk)).toBe(60 * MINUTE);
    timeouts.note(fromDisk, { kind: 'restored', step: 0, lr: 0.1, seconds: 60 });
    expect(timeouts.timeoutMs(fromDisk)).toBe(20 * MINUTE);
  });

  it('waits a minute for the end of what was cancelled, or twenty of its slowest steps', () => {
    const timeouts = new ResponseTimeouts();
    timeouts.expectCancel();
    expect(timeouts.timeoutMs(train(1e6))).toBe(MINUTE);
    timeouts.note(train(10), trained(10, 100));
    expect(timeouts.timeoutMs(train(1e6))).toBe(20 * 10_000);
    timeouts.begin();
    expect(timeouts.timeoutMs(train(1))).toBe(5 * MINUTE);
  });

  it('measures silence by single steps once there is progress, until the next command', () => {
    const timeouts = new ResponseTimeouts();
    timeouts.note(train(1), trained(1, 30));
    timeouts.begin();
    timeouts.noteProgress();
    expect(timeouts.timeoutMs(train(100))).toBe(20 * 30_000);
    timeouts.begin();
    expect(timeouts.timeoutMs(train(100))).toBe(100 * 20 * 30_000);
  });

  it('learns nothing from a train that did no step', () => {
    const timeouts = new ResponseTimeouts();
    timeouts.note(train(5), { ...trained(0, 3), end: 'data' });
    expect(timeouts.timeoutMs(train(5))).toBe(10 * MINUTE);
  });
});
