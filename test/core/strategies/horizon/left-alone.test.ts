/** A script that does not attach, and against whose LR nothing was measured: it trains as it would without a tuner. */

import { describe, expect, it } from 'vitest';
import type { OwnSchedule } from '../../../../src/core/conversation/command.js';
import { resolveOptions, type TunerOptions } from '../../../../src/core/options.js';
import { ResultBuilder } from '../../../../src/core/record/result-builder.js';
import { beginStrategy } from '../../../../src/core/strategies/registry.js';
import { narrate } from '../../../../src/display/run/narrate.js';
import { drive } from '../../../support/drive.js';
import { SimulatedTrainer, type SimulationOptions } from '../../../support/simulated-trainer.js';

const OWN = 0.004;

interface Script {
  /** Absent: one LR throughout. */
  readonly schedule?: OwnSchedule;
  readonly lr?: number;
}

function play(
  options: Partial<TunerOptions>,
  { schedule, lr = OWN }: Script = {},
  simulation: SimulationOptions = {},
) {
  const trainer = new SimulatedTrainer({
    canValidate: false,
    onlyGoesForward: true,
    batchesGoOn: true,
    ...simulation,
  });
  const facts = {
    ...trainer.facts,
    lr,
    attached: false,
    can: { ...trainer.facts.can, base: true },
    ...(schedule && { schedule }),
  };
  const resolved = resolveOptions(options);
  const { decisions, entries, outcome } = drive(beginStrategy(resolved, facts), trainer);
  const { strategy, keepSchedule, seed } = resolved;
  const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy, keepSchedule, seed });
  builder.begin(0);
  for (const entry of entries) builder.add(entry);
  const lines = decisions.map((decision) => narrate(decision, 'LR'));
  return { trainer, outcome, decisions, lines, result: builder.build('finished', 1) };
}

const SCRIPTS: readonly [string, Script][] = [
  ['a constant LR', {}],
  ['a schedule', { schedule: { name: 'CosineAnnealingLR', peak: OWN } }],
  ['a warm-up from 0', { schedule: { name: 'its own code' }, lr: 0 }],
];

describe.each(SCRIPTS)('a short run of a script with %s', (_, script) => {
  it.each([24, 100, 400])('of %i steps is neither searched nor changed, and says so', (steps) => {
    const { trainer, outcome, lines, result } = play({ steps }, script);
    expect(outcome).toBe('budget');
    expect(trainer.updates).toHaveLength(steps);
    expect(result).toMatchObject({ keepSchedule: true, schedule: [{ step: 0, lr: 1 }] });
    expect(result.steps).toMatchObject({ committed: steps, search: 0 });
    expect(lines.join('\n')).toMatch(
      /search: none; it may take \d+ of \d+ steps, too few for one; (7|8)\d\d would be enough\n(.*\n)*factor 1 on .+: no other was shown to be clearly better/,
    );
  });
});

describe('a longer run', () => {
  it('leaves a constant LR alone where no probe learns anything', () => {
    const { result, outcome } = play({ steps: 3000 }, {}, { rate: 1e-9 });
    expect(outcome).toBe('budget');
    expect(result).toMatchObject({ keepSchedule: true, schedule: [{ step: 0, lr: 1 }] });
    expect(result.steps.search).toBeGreaterThan(0);
  });

  it('has a schedule of the tuner for a constant LR where probes were compared', () => {
    const { result } = play({ steps: 3000 });
    expect(result.keepSchedule).toBe(false);
    expect(result.schedule.length).toBeGreaterThan(10);
  });

  it('keeps its LR where the loss grows with what is learned, as the sum over an episode does', () => {
    const lossOf = (loss: number, step: number) => loss * (1 + step / 10);
    const { result, trainer } = play({ steps: 400 }, {}, { lossOf });
    expect(result.schedule).toEqual([{ step: 0, lr: 1 }]);
    expect(trainer.updates).toHaveLength(400);
  });

  it('trains once at an LR of the tuner where the loss swings about zero, as that of a policy does', () => {
    const lossOf = (loss: number, step: number) => loss * (step < 3 ? 1 : 5 * Math.cos(step / 9));
    const { result, decisions } = play({ steps: 3000, keepSchedule: false }, {}, { lossOf });
    expect(decisions.filter(({ kind }) => kind === 'commit-diverged')).toEqual([]);
    expect(result.steps).toMatchObject({ committed: 3000 });
  });

  it('halves a constant LR, from the beginning, where it diverges', () => {
    const { result, trainer } = play({ steps: 400 }, {}, { divergesAbove: 0.6 });
    expect(result.schedule).toEqual([{ step: 0, lr: 0.5 }]);
    expect(trainer.model.step).toBe(400);
  });
});

describe('a short run that is not to keep the schedule', () => {
  it("has the tuner's, with the script's own LR as its peak", () => {
    const { result } = play({ steps: 100, keepSchedule: false });
    expect(result.keepSchedule).toBe(false);
    expect(Math.max(...result.schedule.map(({ lr }) => lr))).toBe(OWN);
    expect(result.schedule.at(-1)?.lr).toBeLessThan(OWN / 10);
  });
});
