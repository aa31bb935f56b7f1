import { describe, expect, it } from 'vitest';
import type { TrainerFacts } from '../../../src/core/conversation/command.js';
import { resolveOptions } from '../../../src/core/options.js';
import { keepsSchedule } from '../../../src/core/strategies/keeps-schedule.js';

describe('a run follows the schedule of a script', () => {
  const falling = { name: 'StepLR' };
  const warmUp = { name: 'LinearLR', falls: false as const };

  it.each([
    { attached: false, schedule: falling, kept: true },
    { attached: false, schedule: warmUp, kept: false },
    { attached: false, kept: false },
    { attached: true, schedule: falling, kept: false },
    { attached: false, schedule: warmUp, asked: true, kept: true },
    { attached: false, schedule: falling, asked: false, kept: false },
  ])('if it does not attach and has one that falls, or if it is asked to: %j', (row) => {
    const { attached, schedule, asked, kept } = row;
    const facts = { attached, ...(schedule && { schedule }) } as TrainerFacts; // all that it reads
    const options = resolveOptions(asked === undefined ? {} : { keepSchedule: asked });
    expect(keepsSchedule(options, facts)).toBe(kept);
  });
});
