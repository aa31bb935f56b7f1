import { describe, expect, it } from 'vitest';
import type { Command, Extension, Reply } from '../../../../src/core/conversation/command.js';
import type { Answer } from '../../../../src/core/conversation/conversation.js';
import type { Decision } from '../../../../src/core/conversation/decision.js';
import { AutolrsError } from '../../../../src/core/errors.js';
import { resolveOptions, type TunerOptions } from '../../../../src/core/options.js';
import { ResultBuilder } from '../../../../src/core/record/result-builder.js';
import { horizon } from '../../../../src/core/strategies/horizon/strategy.js';
import { narrate } from '../../../../src/display/run/narrate.js';
import { describeEnd } from '../../../../src/display/run/status.js';
import { drive } from '../../../support/drive.js';
import { SimulatedTrainer, type SimulationOptions } from '../../../support/simulated-trainer.js';

type Change = (command: Command, reply: Reply, trainer: SimulatedTrainer) => Reply;

function play(
  options: Partial<TunerOptions>,
  simulation: SimulationOptions = {},
  change: Change = (_, reply) => reply,
  extension?: Extension,
) {
  const trainer = new SimulatedTrainer(simulation);
  const resolved = resolveOptions({ strategy: 'horizon', ...options });
  const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'horizon', seed: 0 });
  builder.begin(0);
  const decisions: Decision[] = [];
  const conversation = horizon(resolved, trainer.facts);
  let answer: Answer;
  let left = extension;
  for (;;) {
    const turn = conversation.next(answer);
    answer = undefined;
    if (turn.done)
      return { trainer, decisions, reason: turn.value, result: builder.build('finished', 1) };
    if (turn.value.kind === 'decision') {
      const { decision } = turn.value;
      decisions.push(decision);
      builder.add({ kind: 'decision', decision });
      if (decision.kind === 'finished' && left) {
        answer = { kind: 'extension', ...left };
        builder.add(answer);
        left = undefined;
      }
      continue;
    }
    if (turn.value.kind === 'probes') throw new Error('no batch was asked for');
    const { command } = turn.value;
    const reply = change(command, trainer.answer(command), trainer);
    builder.add({ kind: 'command', command });
    builder.add({ kind: 'reply', reply });
    answer = reply;
  }
}

function kindsOf(decisions: readonly Decision[]): readonly string[] {
  return decisions.map(({ kind }) => kind);
}

function decisionsOf<Kind extends Decision['kind']>(decisions: readonly Decision[], kind: Kind) {
  return decisions.filter((d): d is Extract<Decision, { kind: Kind }> => d.kind === kind);
}

/** A validation of what stays, and not of a probe. */
function isCommittedLoss(
  command: Command,
  reply: Reply,
): reply is Extract<Reply, { kind: 'validated' }> {
  return reply.kind === 'validated' && command.kind === 'validate' && command.purpose === 'commit';
}

describe('horizon', () => {
  it('spends a budget to the last step, and not more of it on search than it said', () => {
    for (const budget of [200, 400, 800, 1500, 5000, 12_345]) {
      const { trainer, result, decisions, reason } = play({ budget });
      expect(reason).toBe('budget');
      expect(trainer.updates).toHaveLength(budget);
      expect(result.steps.total).toBe(budget);
      const [plan] = decisionsOf(decisions, 'search-planned');
      expect(result.steps.search).toBeLessThanOrEqual(plan?.mostSteps ?? 0);
      expect(result.steps.search).toBeLessThanOrEqual(budget / 10);
      expect(trainer.model.step).toBe(result.steps.committed);
      expect(trainer.checkpoints).toEqual([]);
    }
  });

  it('commits just the steps it was asked to, and searches besides', () => {
    const { result } = play({ steps: 5000 });
    expect(result.steps.committed).toBe(5000);
    expect(result.steps.search).toBeGreaterThan(200);
    expect(result.steps.total).toBeLessThan(5600);
  });

  it('has the fine probes that it planned, also where the best coarse one is at an edge', () => {
    for (const [budget, searchBudget] of [
      [2000, 0.1],
      [5000, 0.09],
    ] as const) {
      const { result, decisions } = play({ budget, searchBudget }, { bestLr: 0.0003 });
      const steps = decisionsOf(decisions, 'search-planned')[0]?.fine.steps;
      const probes = result.stages[0]?.probes ?? [];
      expect(probes.filter((probe) => probe.steps === steps).length).toBeGreaterThanOrEqual(4);
    }
  });

  it('searches in no larger share of all steps than it may, also where only those to commit are given', () => {
    for (const searchBudget of [0.03, 0.066, 0.2]) {
      const { result } = play({ steps: 5000, searchBudget }, { bestLr: 0.003 });
      expect(result.steps.search).toBeGreaterThan(0);
      expect(result.steps.search / result.steps.total).toBeLessThanOrEqual(searchBudget);
    }
  });

  it("takes the script's own total for all it may spend where it searches inside", () => {
    const { trainer, decisions } = play({ search: 'inside' }, { total: 3000 });
    expect(trainer.updates).toHaveLength(3000);
    expect(decisions[0]).toMatchObject({ kind: 'budget', total: 3000, from: 'trainer' });
  });

  it("trains the script's own total and searches on top where it searches apart", () => {
    const { result, decisions } = play({}, { total: 3000 });
    expect(result.steps.committed).toBe(3000);
    expect(result.steps.search).toBeLessThanOrEqual(300);
    expect(decisions[0]).toMatchObject({ kind: 'budget', steps: 3000, from: 'trainer' });
  });

  it('finds the LR that the trainer learns best at, within an octave', () => {
    for (const bestLr of [0.003, 0.03, 0.3]) {
      const { result } = play({ budget: 10_000 }, { bestLr, divergesAbove: 8 * bestLr });
      const lr = result.stages[0]?.lr ?? 0;
      expect(Math.abs(Math.log2(lr / bestLr))).toBeLessThan(1);
    }
  });

  it('stays within bounds that were given, and needs no ramp then', () => {
    const { trainer, decisions, result } = play({ budget: 4000, minLr: 0.002, maxLr: 0.02 });
    expect(kindsOf(decisions)).not.toContain('range-test-started');
    const peaks = result.stages.flatMap(({ lr, probes }) => [lr, ...probes.map((p) => p.lr)]);
    for (const lr of peaks) {
      expect(lr).toBeGreaterThanOrEqual(0.002 * (1 - 1e-12));
      expect(lr).toBeLessThanOrEqual(0.02 * (1 + 1e-12));
    }
    expect(trainer.updates.every(({ lr }) => lr <= 0.02 * (1 + 1e-12))).toBe(true);
  });

  it('tries no LR above the only bound that was given, in its ramp neither', () => {
    for (const maxLr of [0.02, 1e-7]) {
      const { trainer, decisions } = play({ budget: 4000, maxLr }, { bestLr: maxLr });
      expect(kindsOf(decisions)).toContain('range-test-started');
      expect(Math.max(...trainer.updates.map(({ lr }) => lr))).toBeLessThanOrEqual(
        maxLr * (1 + 1e-12),
      );
      expect(trainer.updates).toHaveLength(4000);
    }
  });

  it("stays with the script's LR when there is no room to search, and says so", () => {
    const { result, decisions } = play({ budget: 200 });
    expect(result.stages[0]).toMatchObject({ lr: 0.01, probes: [] });
    expect(result.steps.search).toBe(0);
    expect(decisionsOf(decisions, 'search-planned')[0]).toMatchObject({ plannedSteps: 0 });
  });

  it("has the script's LR where nothing but a ramp speaks, and bears it out", () => {
    const simulation = { rate: 0.05, divergesAbove: 0.5 };
    const { interval } = play({ budget: 400 }, simulation).result;
    const top = interval?.max ?? Number.NaN;
    const peakAt = (lr: number, options = {}) =>
      play({ budget: 400, ...options }, { ...simulation, lr }).result.stages[0]?.lr;
    expect(peakAt(top / 4)).toBeCloseTo(top / 4, 12);
    for (const lr of [top / 20, 1.5 * top, 0]) expect(peakAt(lr)).toBeCloseTo(top / 8, 12);
    expect(peakAt(top / 4, { maxLr: top / 5 })).toBeCloseTo(top / 40, 12);
  });

  it("has the script's LR where a ramp sees no loss fall, and where it rises none above that", () => {
    const peakAt = (lr: number, simulation: SimulationOptions) =>
      play({ budget: 400 }, { rate: 1e-9, lr, ...simulation }).result.stages[0]?.lr;
    expect(peakAt(0.01, {})).toBeCloseTo(0.01, 12);
    expect(peakAt(3, {})).toBeCloseTo(3, 12);
    const rises = { divergesAbove: 0.2 };
    expect(peakAt(0.01, rises)).toBeCloseTo(0.01, 12);
    expect(peakAt(5, rises)).toBeLessThan(0.2);
  });

  it("has the script's LR where all probes validate alike, if the ramp bears it out", () => {
    const alike: Change = (_, reply) =>
      reply.kind === 'validated' ? { ...reply, loss: 0.9 } : reply;
    const peakAt = (lr: number) => play({ budget: 3000 }, { lr }, alike).result.stages[0]?.lr;
    expect(peakAt(0.01)).toBe(0.01);
    expect(peakAt(1e-9)).toBeGreaterThan(1e-6);
    expect(peakAt(1e9)).toBeLessThan(1e3);
  });

  it('ends the schedule at almost nothing, and rises from less than its peak', () => {
    const { result } = play({ budget: 5000 });
    const lrs = result.schedule.map(({ lr }) => lr);
    const peak = Math.max(...lrs);
    expect(lrs[0]).toBeLessThan(peak / 100);
    expect(lrs.at(-1)).toBeLessThan(peak / 1000);
  });

  it('goes back to its best look with a lower LR when the commit diverges', () => {
    let isHit = false;
    const { result, decisions, trainer, reason } = play(
      { budget: 5000 },
      {},
      (command, reply, it) => {
        if (command.kind !== 'train' || command.purpose !== 'commit' || reply.kind !== 'trained')
          return reply;
        if (isHit || it.model.step < 1500) return reply;
        isHit = true;
        return { ...reply, losses: reply.losses.with(-1, Number.NaN), end: 'diverged' };
      },
    );
    expect(reason).toBe('budget');
    expect(kindsOf(decisions).filter((kind) => kind === 'commit-diverged')).toHaveLength(1);
    const [first, second] = result.stages;
    expect(second?.lr).toBeCloseTo((first?.lr ?? 0) / 4, 12);
    expect(trainer.updates).toHaveLength(5000);
    expect(result.steps.committed).toBe(trainer.model.step);
  });

  it('keeps its looks also when the model had no finite loss in the beginning', () => {
    let [isFirst, isHit] = [true, false];
    const { result } = play({ budget: 5000 }, {}, (command, reply, { model }) => {
      if (reply.kind === 'validated' && isFirst) {
        isFirst = false;
        return { ...reply, loss: Number.NaN };
      }
      const isCommit = command.kind === 'train' && command.purpose === 'commit';
      if (!isCommit || reply.kind !== 'trained' || isHit || model.step < 3000) return reply;
      isHit = true;
      return { ...reply, losses: reply.losses.with(-1, Number.NaN), end: 'diverged' };
    });
    expect(result.steps.rolledBack).toBeGreaterThan(0);
    expect(result.steps.rolledBack).toBeLessThan(500);
  });

  it('still falls to almost nothing when divergences have left it a fraction of its steps', () => {
    let count = 0;
    const { trainer, result, decisions } = play(
      { budget: 5000 },
      {},
      (command, reply, { model }) => {
        if (isCommittedLoss(command, reply)) return { ...reply, loss: 1 };
        const isCommit = command.kind === 'train' && command.purpose === 'commit';
        if (!isCommit || reply.kind !== 'trained' || model.step < 1200 || count === 3) return reply;
        count++;
        return { ...reply, losses: reply.losses.with(-1, Number.NaN), end: 'diverged' };
      },
    );
    expect(kindsOf(decisions).filter((kind) => kind === 'commit-diverged')).toHaveLength(3);
    expect(trainer.updates).toHaveLength(5000);
    expect(result.steps.committed).toBeLessThan(0.25 * 5000);
    const lrs = result.schedule.map(({ lr }) => lr);
    expect(lrs.at(-1)).toBeLessThan(Math.max(...lrs) / 100);
  });

  it('says that nothing survives when every commit diverges', () => {
    const { reason, trainer } = play({ budget: 5000 }, {}, (command, reply) =>
      command.kind === 'train' && command.purpose === 'commit' && reply.kind === 'trained'
        ? { ...reply, losses: reply.losses.with(0, Number.NaN), end: 'diverged' }
        : reply,
    );
    expect(reason).toBe('diverged');
    expect(trainer.model.step).toBe(0);
  });

  it('leaves the best of its looks behind when the model learns by heart, and tells the cut', () => {
    const learnsByHeart: Change = (command, reply, { model }) =>
      isCommittedLoss(command, reply)
        ? { ...reply, loss: 1 + Math.abs(model.step - 1000) / 1000 }
        : reply;
    const { trainer, result, decisions } = play({ budget: 5000 }, { rate: 0.0005 }, learnsByHeart);
    const [cut] = decisionsOf(decisions, 'lr-cut');
    expect(cut?.evidence.kind).toMatch(/rise|stall/);
    expect(cut?.backToStep).toBeDefined();
    expect(cut?.nextLr).toBeLessThan(cut?.lr ?? 0);
    expect(Math.abs(trainer.model.step - 1000)).toBeLessThan(150);
    expect(result.steps.committed).toBe(trainer.model.step);
    expect(result.steps.total).toBe(trainer.updates.length);
    expect(result.steps.search - (result.steps.rolledBack ?? 0)).toBeLessThanOrEqual(500);
    expect(trainer.updates.length).toBeLessThanOrEqual(5000);
  });

  it('takes back no more than 60 % of its steps, and says that it does not use them all', () => {
    for (const limits of [{ budget: 5000 }, { steps: 5000 }]) {
      for (const best of [0, 100, 600]) {
        const learnsByHeart: Change = (_, reply, { model }) =>
          reply.kind === 'validated'
            ? { ...reply, loss: 1 + Math.abs(model.step - best) / 1000 }
            : reply;
        const { result, decisions } = play(limits, { rate: 0.0005 }, learnsByHeart);
        const { rolledBack = 0, total, committed } = result.steps;
        const [started] = decisionsOf(decisions, 'commit-started');
        expect(rolledBack).toBeLessThanOrEqual(0.6 * (started?.steps ?? 0));
        const forward = decisionsOf(decisions, 'end-brought-forward').at(-1);
        const lines = forward && narrate(forward, 'LR');
        expect(lines).toMatch(
          /^step [\d,]+: [\d,]+ of at most [\d,]+ steps rolled back, so the run/,
        );
        const { unused = 0 } = result;
        expect(unused).toBeGreaterThan(0);
        if ('budget' in limits) expect(total + unused).toBe(5000);
        expect(describeEnd(result)).toMatch(
          new RegExp(`^finished: .*${unused.toLocaleString('en')} steps of the budget not used$`),
        );
        expect(Math.abs(committed - best)).toBeLessThan(400);
      }
    }
  });

  it('keeps what it has where its best look is far behind, and nothing since was clearly worse', () => {
    let looks = 0;
    const isNoise: Change = (_, reply, { model }) =>
      reply.kind === 'validated' && model.step > 0
        ? { ...reply, loss: model.step < 400 ? 1 : ++looks % 2 === 0 ? 1.001 : 1.01 }
        : reply;
    const { result } = play({ steps: 5000 }, { rate: 0.0005 }, isNoise);
    expect(result.steps).toMatchObject({ committed: 5000 });
    expect(result).not.toHaveProperty('unused');
    expect(describeEnd(result)).toBe('finished: the budget is spent');
  });

  it('says at which step of how many it ends where the last look is worse than the best', () => {
    const worseAtTheEnd: Change = (_, reply, { model }) =>
      reply.kind === 'validated' && model.step === 1000 ? { ...reply, loss: 9 } : reply;
    const { result, decisions, trainer } = play({ steps: 1000 }, {}, worseAtTheEnd);
    const { committed } = result.steps;
    expect(committed).toBeLessThan(1000);
    expect(trainer.model.step).toBe(committed);
    expect(result.returned).toEqual({ from: 1000, to: committed });
    const told = `finished: back at its best point, step ${committed} of 1,000`;
    expect(describeEnd(result)).toBe(told);
    const [finished] = decisionsOf(decisions, 'finished');
    expect(finished && narrate(finished, 'LR')).toBe(told);
  });

  it('says so of its own end alone, not of one before it was extended', () => {
    let isFirst = true;
    const worseAtTheFirstEnd: Change = (_, reply, { model }) => {
      if (reply.kind !== 'validated' || model.step !== 1000 || !isFirst) return reply;
      isFirst = false;
      return { ...reply, loss: 9 };
    };
    const extension = { steps: 3000 };
    const { result, decisions } = play({ steps: 1000 }, {}, worseAtTheFirstEnd, extension);
    const [first, last] = decisionsOf(decisions, 'finished');
    expect(decisionsOf(decisions, 'budget').at(-1)).toEqual({
      kind: 'budget',
      steps: 3000,
      from: 'given',
    });
    expect(first?.wentBack?.from).toBe(1000);
    expect(last?.wentBack).toBeUndefined();
    expect(describeEnd(result)).toBe('finished: the budget is spent');
  });

  it('says so no more once it goes on', () => {
    const builder = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'horizon', seed: 0 });
    builder.begin(0);
    const wentBack = { from: 1000, to: 900 };
    builder.add({ kind: 'decision', decision: { kind: 'finished', reason: 'budget', wentBack } });
    expect(builder.build('finished', 1).returned).toEqual(wentBack);
    builder.add({ kind: 'extension', steps: 3000 });
    expect(builder.build('interrupted', 1)).not.toHaveProperty('returned');
  });

  const onlyGetsWorse: Change = (command, reply, { model }) =>
    isCommittedLoss(command, reply) ? { ...reply, loss: 1 + model.step / 5000 } : reply;

  it('goes on at a quarter of the peak when nothing is better than where it began', () => {
    const { decisions } = play({ budget: 5000 }, { rate: 0.0005 }, onlyGetsWorse);
    const [began] = decisionsOf(decisions, 'commit-started');
    const [cut] = decisionsOf(decisions, 'lr-cut');
    expect(cut).toMatchObject({ evidence: { kind: 'rise' }, backToStep: 0 });
    expect(cut?.nextLr).toBeCloseTo((began?.lr ?? 0) / 4, 12);
  });

  it('accounts for each committed step in one stage, also when it goes back over several', () => {
    // Probes too: the peak is high then, and the first cut is one in place.
    const allGetWorse: Change = (_, reply, { model }) =>
      reply.kind === 'validated' ? { ...reply, loss: 1 + model.step / 5000 } : reply;
    const { decisions, result } = play({ budget: 5000 }, {}, allGetWorse);
    const goesFurther = decisionsOf(decisions, 'lr-cut').some(({ stage, backToStep = Infinity }) =>
      result.stages.some(({ index, from }) => index === stage && backToStep < from),
    );
    expect(goesFurther).toBe(true);
    const steps = result.stages.reduce((sum, stage) => sum + stage.steps, 0);
    expect(steps).toBe(result.steps.committed);
  });

  it('cuts a held LR at which the training loss stands still, without going back', () => {
    let count = 0;
    const { decisions } = play({ budget: 5000, validation: 'never' }, {}, (command, reply) =>
      command.kind === 'train' && command.purpose === 'commit' && reply.kind === 'trained'
        ? { ...reply, losses: reply.losses.map(() => 1 + 0.1 * Math.sin(count++)) }
        : reply,
    );
    const [cut] = decisionsOf(decisions, 'lr-cut');
    expect(cut).toMatchObject({ evidence: { kind: 'plateau' } });
    expect(cut?.backToStep).toBeUndefined();
    expect(cut?.step).toBeLessThan(0.45 * 5000);
  });

  describe('while the losses fall steeply, or together', () => {
    /** A run whose losses fall as a power of its committed steps. */
    const fallsAs = (training: number, validation: number): Change => {
      let done = 0;
      return (command, reply, { model }) => {
        if (command.kind === 'validate' && reply.kind === 'validated')
          return { ...reply, loss: (model.step + 10) ** validation };
        if (command.kind !== 'train' || command.purpose !== 'commit' || reply.kind !== 'trained')
          return reply;
        return { ...reply, losses: reply.losses.map(() => (++done + 10) ** training) };
      };
    };
    /** The share of the committed run at which its LR begins to fall. */
    const heldUntil = ({ result }: ReturnType<typeof play>) => {
      const peak = Math.max(...result.schedule.map(({ lr }) => lr));
      const fall = result.schedule.findLast(({ lr }) => lr === peak);
      const next = result.schedule.find(({ step }) => step > (fall?.step ?? 0));
      return (next?.step ?? 0) / result.steps.committed;
    };

    it('holds its LR, and lets it fall at 70 % of the run at the latest', () => {
      const run = play({ budget: 5000 }, {}, fallsAs(-0.5, -0.5));
      const extended = decisionsOf(run.decisions, 'hold-extended');
      expect(extended.length).toBeGreaterThan(3);
      for (const { evidence } of extended) expect(evidence.slope).toBeLessThan(-0.3);
      const steps = run.result.steps.committed;
      expect(extended.at(-1)?.untilStep).toBe(Math.round(0.7 * steps));
      expect(heldUntil(run)).toBeCloseTo(0.7, 2);
      expect(run.trainer.updates).toHaveLength(5000);
    });

    it('holds its LR as long where they fall slowly, and validation as fast as training', () => {
      const run = play({ budget: 5000 }, {}, fallsAs(-0.15, -0.15));
      expect(heldUntil(run)).toBeCloseTo(0.7, 2);
    });

    it('lets its LR fall at a quarter of the run if one of the losses does not', () => {
      for (const [training, validation] of [
        [-0.1, -0.5],
        [-0.5, -0.1],
      ] as const) {
        const run = play({ budget: 5000 }, {}, fallsAs(training, validation));
        expect(kindsOf(run.decisions)).not.toContain('hold-extended');
        expect(heldUntil(run)).toBeCloseTo(0.25, 2);
      }
    });

    it('does not hold on where nobody validates: it could be learning by heart', () => {
      const run = play({ budget: 5000, validation: 'never' }, {}, fallsAs(-0.5, -0.5));
      expect(kindsOf(run.decisions)).not.toContain('hold-extended');
    });
  });

  it('forecasts its end again and again, and the account holds what came against each', () => {
    const { result, decisions } = play({ budget: 8000 }, { rate: 0.0005 });
    expect(decisionsOf(decisions, 'end-forecast').length).toBeGreaterThan(2);
    const { committed } = result.steps;
    expect(result.forecasts.map(({ step }) => step)).toEqual([
      0,
      ...[0.5, 0.75, 0.9].map((share) => Math.round(share * committed)),
    ]);
    for (const { of, low, loss, high, actual } of result.forecasts) {
      expect(of).toBe('run');
      expect(low).toBeLessThan(loss);
      expect(loss).toBeLessThan(high);
      expect(actual).toBe(result.loss.validation);
    }
  });

  it('holds what came against the end that was forecast, and not against a later one', () => {
    const trainer = { rate: 0.0004 };
    const { result } = play({ budget: 8000 }, trainer);
    const extended = play({ budget: 8000 }, trainer, undefined, { total: 20_000 });
    const count = result.forecasts.length;
    expect(extended.result.forecasts.slice(0, count)).toEqual(result.forecasts);
    const { validation = 0 } = extended.result.loss;
    expect(validation).toBeLessThan(result.loss.validation ?? 0);
    const later = extended.result.forecasts.slice(count);
    expect(later.length).toBeGreaterThan(0);
    for (const { actual } of later) expect(actual).toBe(validation);
  });

  it('drops what it said of an end that never came', () => {
    const toTarget = { budget: 8000, targetLoss: 1 };
    const stopped = play(toTarget, { rate: 0.001 });
    expect(stopped.result.forecasts[0]?.actual).toBeNull();
    const extended = play(toTarget, { rate: 0.001 }, undefined, { total: 20_000 });
    expect(extended.result.forecasts.every(({ step }) => step > 0)).toBe(true);
  });

  it('ends at the target, and goes on when it is extended', () => {
    const target = play({ budget: 5000, targetLoss: 0.5 });
    expect(target.reason).toBe('target');
    expect(target.trainer.updates.length).toBeLessThan(4000);
    const extended = play({ budget: 3000 }, {}, undefined, { total: 4000 });
    expect(extended.reason).toBe('budget');
    expect(extended.trainer.updates).toHaveLength(4000);
    const [first, last] = [extended.result.stages[0], extended.result.stages.at(-1)];
    expect(last?.index).toBeGreaterThan(0);
    expect(last?.lr).toBeCloseTo((first?.lr ?? 0) / 2, 12);
  });

  it('ends when the data does, wherever that is', () => {
    for (const dataEndsAfter of [10, 100, 300, 2000]) {
      const { reason } = play({ budget: 5000 }, { dataEndsAfter });
      expect(reason).toBe('data');
    }
  });

  it('refuses a run that is too short to search for an LR when the script has none', () => {
    const trainer = new SimulatedTrainer();
    const options = resolveOptions({ strategy: 'horizon', budget: 100 });
    const run = () => drive(horizon(options, { ...trainer.facts, lr: 0 }), trainer);
    expect(run).toThrow(AutolrsError);
    expect(run).toThrow(/100 steps is too short .* the script's own is 0; give `minLr` and/);
  });
});
