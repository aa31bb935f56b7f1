/**
 * The result of a run: an account of what was spent and reached, folded from the run's entries in their order.
 *
 * The run folds entries as they happen and `show` folds them from the journal, so both say the same.
 */

import type { Command, Purpose, Reply, TrainedReply } from './command.js';
import type { Decision, FinishReason, ProbeOutcome } from './decision.js';
import type { Interval } from './interval.js';
import { addSteps, EMPTY_LEDGER, type Ledger, rollBackTo, totalSteps } from './ledger.js';
import { LossLevel } from './loss-level.js';
import { cutSchedule, extendSchedule, type Schedule } from './schedule.js';

/** One thing that happened between tuner and trainer. */
export type Entry =
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'decision'; readonly decision: Decision };

/** How a run ended; `unfinished` is what a journal without an end says. */
export type RunStatus =
  | 'finished'
  | 'target-reached'
  | 'ended-early'
  | 'diverged'
  | 'interrupted'
  | 'failed'
  | 'unfinished';

export interface ProbeResult {
  readonly lr: number;
  readonly steps: number;
  /** Null when the probe diverged. */
  readonly forecast: number | null;
  readonly sd: number | null;
  readonly outcome: ProbeOutcome['kind'];
}

export interface StageResult {
  readonly index: number;
  /** Committed steps before the stage. */
  readonly from: number;
  /** Committed steps of the stage. */
  readonly steps: number;
  /** Null until the search has decided. */
  readonly lr: number | null;
  readonly forecast: number | null;
  /** The loss that the forecast spoke of, as it came. */
  readonly reached: number | null;
  /** Validation loss at the stage's end, if the trainer can say it. */
  readonly validation?: number;
  readonly probes: readonly ProbeResult[];
}

export interface RunResult {
  readonly run: { readonly id: string; readonly dir: string };
  readonly status: RunStatus;
  readonly strategy: string;
  readonly seed: number;
  readonly steps: { readonly committed: number; readonly search: number; readonly total: number };
  /** `search` and `committed` are the trainer's work; `total` is the run's wall time. */
  readonly seconds: { readonly search: number; readonly committed: number; readonly total: number };
  /** Levels of the committed training loss (means of 20 losses), and the last validation loss. */
  readonly loss: {
    readonly first: number | null;
    readonly last: number | null;
    readonly best: number | null;
    readonly validation?: number;
  };
  readonly interval: { readonly min: number; readonly max: number; readonly from: string } | null;
  readonly stages: readonly StageResult[];
  readonly schedule: Schedule;
}

export interface RunFacts {
  readonly id: string;
  readonly dir: string;
  readonly strategy: string;
  readonly seed: number;
}

/** What of the committed path a restore may have to bring back. */
interface CommittedPath {
  readonly ledger: Ledger;
  readonly seconds: number;
  readonly level: LossLevel;
  readonly validation: number | undefined;
}

/** Folds entries into a result. Keeps no losses, so its memory grows with stages and probes alone. */
export class ResultBuilder {
  readonly #facts: RunFacts;
  #asked: Command | undefined;
  #startStep: number | undefined;
  #path: CommittedPath = {
    ledger: EMPTY_LEDGER,
    seconds: 0,
    level: LossLevel.empty(),
    validation: undefined,
  };
  readonly #saved = new Map<string, CommittedPath>();
  #searchSeconds = 0;
  #interval: Interval | undefined;
  #schedule: Schedule = [];
  readonly #stages: Mutable<StageResult & { probes: ProbeResult[] }>[] = [];
  #reason: FinishReason | undefined;

  constructor(facts: RunFacts) {
    this.#facts = facts;
  }

  get ledger(): Ledger {
    return this.#path.ledger;
  }

  /** Why the strategy says it ended; undefined while it has not. */
  get finishReason(): FinishReason | undefined {
    return this.#reason;
  }

  /** The trainer's own step count when the run began, from its handshake. */
  begin(startStep: number): void {
    this.#startStep ??= startStep;
  }

  add(entry: Entry): void {
    switch (entry.kind) {
      case 'command':
        this.#asked = entry.command;
        return;
      case 'reply':
        this.#addReply(entry.reply);
        return;
      case 'decision':
        this.#addDecision(entry.decision);
        return;
      default:
        entry satisfies never;
    }
  }

  /** The result so far. `seconds` is the run's wall time. */
  build(status: RunStatus, seconds: number): RunResult {
    const { ledger, level, validation } = this.#path;
    const interval = this.#interval;
    return {
      run: { id: this.#facts.id, dir: this.#facts.dir },
      status,
      strategy: this.#facts.strategy,
      seed: this.#facts.seed,
      steps: { committed: ledger.committed, search: ledger.search, total: totalSteps(ledger) },
      seconds: { search: this.#searchSeconds, committed: this.#path.seconds, total: seconds },
      loss: {
        first: level.first ?? null,
        last: level.last ?? null,
        best: level.best ?? null,
        ...(validation !== undefined && { validation }),
      },
      interval: interval ? { min: interval.min, max: interval.max, from: interval.from } : null,
      stages: this.#stages.map((stage) => ({ ...stage, probes: [...stage.probes] })),
      schedule: this.#schedule,
    };
  }

  #addReply(reply: Reply): void {
    const asked = this.#asked;
    switch (reply.kind) {
      case 'saved':
        if (asked?.kind === 'save') this.#saved.set(asked.checkpoint, this.#path);
        this.#searchSeconds += reply.seconds;
        return;
      case 'restored':
        if (asked?.kind === 'restore') this.#restore(asked.checkpoint, reply.step);
        this.#searchSeconds += reply.seconds;
        return;
      case 'discarded':
        if (asked?.kind === 'discard') this.#saved.delete(asked.checkpoint);
        return;
      case 'trained':
        if (asked?.kind === 'train') this.#train(asked.purpose, asked.lr, reply);
        return;
      case 'validated':
        if (asked?.kind === 'validate') this.#validate(asked.purpose, reply.loss, reply.seconds);
        return;
      default:
        reply satisfies never;
    }
  }

  #train(purpose: Purpose, lr: number | readonly number[], reply: TrainedReply): void {
    const { ledger, seconds, level, validation } = this.#path;
    const next = addSteps(ledger, purpose, reply.steps);
    if (purpose === 'search') {
      this.#searchSeconds += reply.seconds;
      this.#path = { ...this.#path, ledger: next };
      return;
    }
    this.#schedule = extendSchedule(this.#schedule, ledger.committed, reply.steps, lr);
    this.#path = {
      ledger: next,
      seconds: seconds + reply.seconds,
      level: level.after(reply.losses),
      validation,
    };
    const stage = this.#stages.at(-1);
    if (stage) stage.steps = next.committed - stage.from;
  }

  #validate(purpose: Purpose, loss: number, seconds: number): void {
    if (purpose === 'search') {
      this.#searchSeconds += seconds;
      return;
    }
    this.#path = { ...this.#path, seconds: this.#path.seconds + seconds, validation: loss };
  }

  /** Goes back to a checkpoint: what was committed beyond it becomes search, in steps and in seconds. */
  #restore(checkpoint: string, step: number): void {
    const { ledger, seconds } = this.#path;
    const committed = step - (this.#startStep ?? 0);
    const saved = this.#saved.get(checkpoint);
    if (saved === undefined || committed >= ledger.committed) return;
    this.#searchSeconds += seconds - saved.seconds;
    this.#path = { ...saved, ledger: rollBackTo(ledger, committed) };
    this.#schedule = cutSchedule(this.#schedule, committed);
    const stage = this.#stages.at(-1);
    if (stage) stage.steps = Math.max(0, committed - stage.from);
  }

  #addDecision(decision: Decision): void {
    const stage = this.#stages.at(-1);
    switch (decision.kind) {
      case 'interval-found':
        this.#interval = decision.interval;
        return;
      case 'stage-started':
        this.#interval ??= decision.interval;
        this.#stages.push({
          index: decision.stage,
          from: decision.fromStep,
          steps: 0,
          lr: null,
          forecast: null,
          reached: null,
          probes: [],
        });
        return;
      case 'probe-ended': {
        const { lr, steps, outcome } = decision;
        const isForecast = outcome.kind === 'forecast';
        stage?.probes.push({
          lr,
          steps,
          forecast: isForecast ? outcome.loss : null,
          sd: isForecast ? outcome.sd : null,
          outcome: outcome.kind,
        });
        return;
      }
      case 'commit-started':
        if (stage) Object.assign(stage, { lr: decision.lr, forecast: decision.forecast });
        return;
      case 'stage-ended': {
        const { reached, validation } = decision;
        if (stage)
          Object.assign(stage, { reached, ...(validation !== undefined && { validation }) });
        return;
      }
      case 'finished':
        this.#reason = decision.reason;
        return;
      default:
        return;
    }
  }
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The status that a strategy's own end means. */
export function statusOf(reason: FinishReason): RunStatus {
  const statuses = {
    budget: 'finished',
    target: 'target-reached',
    data: 'ended-early',
    diverged: 'diverged',
  } as const satisfies Record<FinishReason, RunStatus>;
  return statuses[reason];
}
