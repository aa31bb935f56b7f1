/**
 * A trainer that trains nothing: it answers a strategy as training would that goes as planned. Its losses fall without noise,
 * most at an LR within the interval that is searched, and give the strategy no reason to leave its plan. Its seconds are those
 * that were measured.
 *
 * Symbols: t is the learning done, in steps at the best LR; the training loss is 2 (1 + t)^-0.25.
 */

import type {
  AverageOptions,
  Command,
  Reply,
  TrainCommand,
  TrainedReply,
  TrainerFacts,
} from '../conversation/command.js';
import type { Decision, Interval } from '../conversation/decision.js';

/** What parts of a run take, in seconds; 0 where that was not measured. */
export interface CostFacts {
  /** From the start of the script to its first update. */
  readonly startSeconds: number;
  readonly stepSeconds: number;
  /** What a step takes besides that samples the averages of the weights. */
  readonly averageSeconds: number;
  readonly evaluationSeconds: number;
  /** Of a checkpoint in memory. */
  readonly saveSeconds: number;
  readonly restoreSeconds: number;
}

export const NO_COSTS: CostFacts = {
  startSeconds: 0,
  stepSeconds: 0,
  averageSeconds: 0,
  evaluationSeconds: 0,
  saveSeconds: 0,
  restoreSeconds: 0,
};

export interface PlanningOptions {
  readonly facts: TrainerFacts;
  readonly costs: CostFacts;
  /** What its clock counts down from. */
  readonly budgetSeconds: number | undefined;
  /** Whether the LRs are factors on the script's own schedule, the searched ones too. */
  readonly searchesFactors: boolean;
}

/** The loss before the first update. */
const FIRST_LOSS = 2;

/** Powers of 1 + t: of the validation loss so low that no joint descent delays the decay. */
const POWER = { training: 0.25, validation: 0.1 } as const;

/** Share of the validation loss that averaging takes away: with that power, about the noise of a right LR. */
const NOISE_SHARE = 0.07;

/** Octaves from the best LR at which a step learns 1/e of what it does there. */
const WIDTH_OCTAVES = 0.95;

/** Octaves by which the best LR of longer probes is below that of the first ones. */
const LONGER_BELOW_OCTAVES = 0.3;

/** Octaves from the top of an interval down to its best LR, in the middle of the coarse probes. */
const BEST_BELOW_TOP_OCTAVES = 3;

/** The best LR of a ramp is above that of the script by this factor. */
const ABOVE_OWN_FACTOR = 3;
const LEAST_OWN_LR = 1e-3;

export class PlanningTrainer {
  readonly #options: PlanningOptions;
  readonly #saved = new Map<string, { readonly learnt: number; readonly step: number }>();
  #elapsed: number;
  #learnt = 0;
  #step: number;
  #best: number;
  /** Steps of the first probe. */
  #firstSteps: number | undefined;
  #isInProbe = false;

  constructor(options: PlanningOptions) {
    this.#options = options;
    this.#elapsed = options.costs.startSeconds;
    this.#step = options.facts.step;
    this.#best = Math.log2(Math.max(options.facts.lr, LEAST_OWN_LR) * ABOVE_OWN_FACTOR);
  }

  /** Checkpoints that it holds. */
  get held(): number {
    return this.#saved.size;
  }

  /** Takes notice of where the search is. */
  hear(decision: Decision): void {
    if (decision.kind === 'stage-started') this.#aimAt(decision.interval);
    if (decision.kind === 'probe-started') this.#isInProbe = true;
    if (decision.kind === 'probe-ended') {
      this.#isInProbe = false;
      this.#firstSteps ??= decision.steps;
    }
  }

  answer(command: Command): Reply {
    const { costs, facts, budgetSeconds = 0 } = this.#options;
    const spend = (seconds: number) => {
      this.#elapsed += seconds;
      return seconds;
    };
    switch (command.kind) {
      case 'begin':
        spend(costs.startSeconds);
        this.#saved.clear();
        this.#learnt = 0;
        this.#step = facts.step;
        return { kind: 'begun', step: facts.step };
      case 'clock':
        return { kind: 'timed', secondsLeft: budgetSeconds - this.#elapsed };
      case 'save':
        this.#saved.set(command.checkpoint, { learnt: this.#learnt, step: this.#step });
        return { kind: 'saved', step: this.#step, seconds: spend(costs.saveSeconds) };
      case 'restore': {
        const saved = this.#saved.get(command.checkpoint);
        if (saved === undefined) throw new Error(`nothing is saved as ${command.checkpoint}`);
        this.#learnt = saved.learnt;
        this.#step = saved.step;
        const seconds = spend(costs.restoreSeconds);
        return { kind: 'restored', step: saved.step, lr: facts.lr, seconds };
      }
      case 'discard':
        this.#saved.delete(command.checkpoint);
        return { kind: 'discarded' };
      case 'validate': {
        const averaged = FIRST_LOSS * (1 + this.#learnt) ** -POWER.validation;
        const loss = command.at === undefined ? averaged * (1 + NOISE_SHARE) : averaged;
        return { kind: 'validated', loss, seconds: spend(costs.evaluationSeconds) };
      }
      case 'adopt':
        return { kind: 'adopted', seconds: 0 };
      case 'train': {
        const reply = this.#train(command);
        spend(reply.seconds);
        return reply;
      }
      default:
        return command satisfies never;
    }
  }

  #aimAt({ min, max }: Interval): void {
    const [bottom, top] = [Math.log2(min), Math.log2(max)];
    const middle = Math.max((top + bottom) / 2, top - BEST_BELOW_TOP_OCTAVES);
    // Of factors the script's own, 1, is taken for the best.
    this.#best = this.#options.searchesFactors ? Math.min(top, Math.max(bottom, 0)) : middle;
  }

  #train({ steps, lr, purpose, average }: TrainCommand): TrainedReply {
    const { stepSeconds } = this.#options.costs;
    const isLonger = this.#isInProbe && steps > (this.#firstSteps ?? Infinity);
    const best = this.#best - (isLonger ? LONGER_BELOW_OCTAVES : 0);
    const losses = new Array<number>(steps);
    let last = 0;
    for (let i = 0; i < steps; i++) {
      last = typeof lr === 'number' ? lr : (lr[i] ?? last);
      losses[i] = FIRST_LOSS * (1 + this.#learnt) ** -POWER.training;
      // What is committed learns at any LR: a plan has no divergence and no plateau.
      const distance = purpose === 'commit' ? 0 : (Math.log2(last) - best) / WIDTH_OCTAVES;
      this.#learnt += Math.exp(-distance * distance);
    }
    this.#step += steps;
    const seconds = steps * (stepSeconds + this.#averagingSeconds(average));
    return { kind: 'trained', steps, losses, lr: last, step: this.#step, seconds };
  }

  #averagingSeconds(average: AverageOptions | undefined): number {
    return average === undefined ? 0 : this.#options.costs.averageSeconds / average.every;
  }
}
