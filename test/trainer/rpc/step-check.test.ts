import { describe, expect, it } from 'vitest';
import type { Command, TrainerReply } from '../../../src/core/conversation/command.js';
import { StepCheck } from '../../../src/trainer/rpc/step-check.js';

const TRAIN: Command = { kind: 'train', purpose: 'search', steps: 3, lr: 0.1 };
const SAVE: Command = { kind: 'save', checkpoint: 'a' };
const RESTORE: Command = { kind: 'restore', checkpoint: 'a' };

function trained(steps: number, step: number): TrainerReply {
  return { kind: 'trained', steps, losses: [], lr: 0.1, step, seconds: 0 };
}

const saved = (step: number): TrainerReply => ({ kind: 'saved', step, seconds: 0 });
const restored = (step: number): TrainerReply => ({ kind: 'restored', step, lr: 0.1, seconds: 0 });

describe('StepKeeper', () => {
  it('follows save, train and restore', () => {
    const stepCheck = new StepCheck(10);
    stepCheck.check(SAVE, saved(10));
    stepCheck.check(TRAIN, trained(3, 13));
    expect(stepCheck.step).toBe(13);
    stepCheck.check(RESTORE, restored(10));
    stepCheck.check(TRAIN, trained(1, 11));
    expect(stepCheck.step).toBe(11);
  });

  it('refuses a train whose step is not the previous one and the steps done', () => {
    expect(() => new StepCheck(10).check(TRAIN, trained(3, 14))).toThrow(
      '"step" is 14 when 13 steps are done',
    );
  });

  it('refuses a save at another step than the trainer stands at', () => {
    expect(() => new StepCheck(10).check(SAVE, saved(9))).toThrow('its answer to "save" is wrong');
  });

  it('refuses a restore that leads elsewhere than its checkpoint was saved', () => {
    const stepCheck = new StepCheck(0);
    stepCheck.check(SAVE, saved(0));
    stepCheck.check(TRAIN, trained(3, 3));
    expect(() => stepCheck.check(RESTORE, restored(3))).toThrow(
      '"step" is 3 when 0 steps are done',
    );
  });

  it('follows a checkpoint that it has not seen saved, as after a resume', () => {
    const stepCheck = new StepCheck(0);
    stepCheck.check(RESTORE, restored(40));
    expect(stepCheck.step).toBe(40);
  });

  it('takes a name that is saved again for the later checkpoint', () => {
    const stepCheck = new StepCheck(0);
    stepCheck.check(SAVE, saved(0));
    stepCheck.check(TRAIN, trained(3, 3));
    stepCheck.check(SAVE, saved(3));
    expect(() => stepCheck.check(RESTORE, restored(0))).toThrow(
      '"step" is 0 when 3 steps are done',
    );
  });
});
