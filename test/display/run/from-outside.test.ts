import { describe, expect, it } from 'vitest';
import { describeSteering } from '../../../src/display/run/from-outside.js';
import { SimulatedTrainer } from '../../support/simulated-trainer.js';

describe('the line for a script that does not attach', () => {
  const facts = { ...new SimulatedTrainer().facts, name: 'train.py' };
  const scheduled = { ...facts, schedule: { name: 'StepLR\u001b[31m' } };

  it('says whose schedule the run has, and how to have the other', () => {
    expect(describeSteering(scheduled, true)).toMatch(
      /^train\.py does not attach; .*a factor on its schedule \(StepLR.*\) \(--no-keep-schedule/,
    );
    expect(describeSteering(scheduled, false)).toContain('in place of its schedule');
    expect(describeSteering(facts, false)).toContain('(--keep-schedule: a factor alone)');
    const warmUp = { ...facts, schedule: { name: 'LinearLR', falls: false as const } };
    expect(describeSteering(warmUp, false)).toMatch(
      /its LR warms up and stays \(LinearLR\), and gets/,
    );
    expect(describeSteering(warmUp, true)).toContain('by a factor on its schedule (LinearLR)');
    expect(describeSteering(facts, true)).toMatch(/by a factor on its LR$/);
  });

  it('shows no raw escapes of a name', () => {
    expect(describeSteering(scheduled, true)).not.toContain('\u001b');
  });
});
