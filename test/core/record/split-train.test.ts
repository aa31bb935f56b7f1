import { describe, expect, it } from 'vitest';
import type { TrainCommand } from '../../../src/core/conversation/command.js';
import type { Conversation } from '../../../src/core/conversation/conversation.js';
import type { FinishReason } from '../../../src/core/conversation/decision.js';
import { Replay } from '../../../src/core/record/replay.js';
import { withShortLr } from '../../../src/core/record/split-train.js';

const listing = (...lr: number[]): TrainCommand => ({
  kind: 'train',
  purpose: 'commit',
  steps: lr.length,
  lr,
});

function* asks(command: TrainCommand): Conversation<FinishReason> {
  yield { kind: 'command', command };
  return 'budget';
}

describe('withShortLr', () => {
  it('says once what each step of a command has, and leaves all else as it is', () => {
    expect(withShortLr(listing(0.1, 0.1, 0.1))).toEqual({ ...listing(1, 1, 1), lr: 0.1 });
    for (const command of [listing(0.1, 0.2), { ...listing(0.1, 0.1), steps: 3 }]) {
      expect(withShortLr(command)).toBe(command);
    }
  });
});

describe('a replay', () => {
  it('takes a journal that lists the one LR of all steps as one that says it once', () => {
    const command = listing(0.1, 0.1);
    for (const recorded of [command, withShortLr(command)]) {
      const replay = new Replay(asks(command), 0, 'inside');
      replay.add({ kind: 'command', command: recorded });
      expect(replay.resumePoint.pending?.command).toBe(recorded);
    }
    const other = new Replay(asks(command), 0, 'inside');
    expect(() => other.add({ kind: 'command', command: listing(0.1, 0.3) })).toThrow(
      'does not fit this autolrs',
    );
  });
});
