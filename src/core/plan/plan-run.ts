/**
 * What a run would do, and what it would take: its strategy is driven to the end against a trainer that trains nothing. So a
 * plan comes from the code that decides, and goes where a run goes whose losses bring no surprise.
 */

import { goesOn, type ProbeAnswer, type ProbeBatch } from '../conversation/batch.js';
import type { AverageOptions, TrainerFacts } from '../conversation/command.js';
import type { Answer } from '../conversation/conversation.js';
import type { Decision } from '../conversation/decision.js';
import { AutolrsError } from '../errors.js';
import type { TunerOptions } from '../options.js';
import { keepsSchedule } from '../strategies/keeps-schedule.js';
import { assertFeasible } from '../strategies/limits.js';
import { beginStrategy, type Strategy } from '../strategies/registry.js';
import { PlanBuilder, type PlannedPhase } from './plan-builder.js';
import { type CostFacts, PlanningTrainer } from './planning-trainer.js';

export interface PlanRequest {
  readonly options: TunerOptions;
  readonly facts: TrainerFacts;
  readonly costs: CostFacts;
  /** Processes that probe at once. */
  readonly workers: number;
  /** Strategy `own`, which its user has loaded. */
  readonly own: Strategy | undefined;
}

export interface RunPlan {
  readonly phases: readonly PlannedPhase[];
  /** How often the script is started, workers left out. */
  readonly starts: number;
  /** What the search never exceeds. Absent: the strategy does not say. */
  readonly mostSearchSteps: number | undefined;
  /** Where there is no search: all steps of a run that would have one. */
  readonly enoughSteps: number | undefined;
  /** Checkpoints that are held in memory at once, at most. */
  readonly heldAtOnce: number;
  /** The averages of the weights that the committed steps keep. */
  readonly average: AverageOptions | undefined;
}

/** A strategy of the user's may wait for a loss that never comes. */
const MOST_TURNS = 1_000_000;

/** @throws AutolrsError `USAGE` where a run would end so before its first step, or the strategy comes to no end. */
export function planRun({ options, facts, costs, workers, own }: PlanRequest): RunPlan {
  const { budgetSeconds, search } = options;
  const trainer = new PlanningTrainer({
    facts,
    costs,
    budgetSeconds,
    searchesFactors: search === 'inside' && keepsSchedule(options, facts),
  });
  const builder = new PlanBuilder(budgetSeconds !== undefined);
  const seen = new Sights();
  assertFeasible(options, facts);
  const conversation = beginStrategy(withoutSurprise(options), facts, own);
  let answer: Answer;
  for (let turns = 0; turns < MOST_TURNS; turns++) {
    const turn = conversation.next(answer);
    if (turn.done) return { phases: builder.build(), ...seen.all };
    answer = undefined;
    if (turn.value.kind === 'decision') {
      trainer.hear(turn.value.decision);
      builder.hear(turn.value.decision);
      seen.hear(turn.value.decision);
    } else if (turn.value.kind === 'probes') {
      const answers = answersOf(turn.value.batch, trainer);
      builder.addBatch(answers, secondsOf(answers, workers));
      answer = { kind: 'probes', answers };
    } else {
      const { command } = turn.value;
      const reply = trainer.answer(command);
      builder.add(command, reply);
      seen.note(trainer.held, command.kind === 'train' ? command.average : undefined);
      answer = reply;
    }
  }
  throw new AutolrsError(
    'USAGE',
    'the strategy comes to no end where the loss only falls, so it has no plan; let it end by its steps',
  );
}

/** A trainer that trains nothing has no metric, no loss at which a run would end, and no other peak than the known one. */
function withoutSurprise(options: TunerOptions): TunerOptions {
  const { metric, maximize, target, targetLoss, like, ...others } = options;
  return { ...others, ...(like && { like: { ...like, tolerance: Infinity } }) };
}

/** What a plan has besides its phases. */
class Sights {
  #starts = 1;
  #mostSearchSteps: number | undefined;
  #enoughSteps: number | undefined;
  #heldAtOnce = 0;
  #average: AverageOptions | undefined;

  get all() {
    return {
      starts: this.#starts,
      mostSearchSteps: this.#mostSearchSteps,
      enoughSteps: this.#enoughSteps,
      heldAtOnce: this.#heldAtOnce,
      average: this.#average,
    };
  }

  hear(decision: Decision): void {
    if (decision.kind === 'script-begins') this.#starts++;
    if (decision.kind !== 'search-planned') return;
    this.#mostSearchSteps = decision.mostSteps;
    this.#enoughSteps = decision.enoughSteps;
  }

  note(held: number, average: AverageOptions | undefined): void {
    this.#heldAtOnce = Math.max(this.#heldAtOnce, held);
    this.#average ??= average;
  }
}

function answersOf({ from, probes }: ProbeBatch, trainer: PlanningTrainer): ProbeAnswer[] {
  return probes.map((probe) => {
    const answer: ProbeAnswer[number][] = [];
    for (const command of [{ kind: 'restore', checkpoint: from } as const, ...probe]) {
      const reply = trainer.answer(command) as ProbeAnswer[number]; // it answers what was asked
      answer.push(reply);
      if (!goesOn(reply)) break;
    }
    return answer;
  });
}

/** Of probes of one length, done by so many processes at once. */
function secondsOf(answers: readonly ProbeAnswer[], workers: number): number {
  const each = answers.map((answer) => answer.reduce((sum, { seconds }) => sum + seconds, 0));
  return Math.ceil(answers.length / workers) * Math.max(0, ...each);
}
