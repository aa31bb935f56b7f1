/**
 * Ask and tell: a strategy for a training loop of one's own, without a process, a wire or a journal.
 *
 *     const tuner = createTuner({ budget: 2000 });
 *     for (let command = tuner.ask(); command; command = tuner.ask()) tuner.tell(carryOut(command));
 */

import {
  ANSWER_KINDS,
  type Command,
  type EarlyEnd,
  type Reply,
  type TrainCommand,
  type TrainerFacts,
} from './conversation/command.js';
import type { Conversation } from './conversation/conversation.js';
import type { Decision, FinishReason } from './conversation/decision.js';
import { AutolrsError } from './errors.js';
import { metricOf } from './metric.js';
import { resolveOptions, type STRATEGIES, type TunerOptions } from './options.js';
import { type RunResult, statusOf } from './record/result.js';
import { ResultBuilder } from './record/result-builder.js';
import { measured } from './strategies/own/measured.js';
import { beginStrategy, type Strategy } from './strategies/registry.js';
import { type StrategyTools, TOOLS } from './strategies/tools.js';

/** As `--strategy ./mine.js` takes it. */
export type AskedStrategy = (
  ...args: [...Parameters<Strategy>, StrategyTools]
) => Conversation<FinishReason>;

/** Options of a run, without those that need a script; a strategy may be one of yours. */
export interface AskedOptions
  extends Partial<Omit<TunerOptions, 'strategy' | 'keepSchedule' | 'recorded'>> {
  /** `paper`, `horizon` (the default), or a generator that yields turns. */
  readonly strategy?: (typeof STRATEGIES)[number] | AskedStrategy;
  /** What the loop is and can. */
  readonly trainer?: AskedTrainer;
}

export interface AskedTrainer {
  readonly name?: string;
  /** LR to begin with, where a range test begins as well. Default 0.001. */
  readonly lr?: number;
  /** Steps that the loop means to do, for options without `steps` and `budget`. */
  readonly total?: number;
  /** Whether it answers `validate`. Default false: the training losses are judged. */
  readonly canValidate?: boolean;
  /** Whether it keeps the averages that a `train` asks for, and adopts them. Default false. */
  readonly canAverage?: boolean;
}

/**
 * An answer. What a tuner can count by itself may be left out; a loss that is not finite is `NaN` or an infinity. Seconds are
 * those that the work took.
 */
export type ToldReply =
  | { readonly kind: 'saved' | 'restored' | 'begun' | 'adopted'; readonly seconds?: number }
  | { readonly kind: 'discarded' }
  | {
      readonly kind: 'trained';
      /** One for each step that was done. */
      readonly losses: readonly number[];
      readonly seconds?: number;
      /** Why there are fewer than were asked for. */
      readonly end?: EarlyEnd;
    }
  | {
      readonly kind: 'validated';
      readonly loss: number;
      /** By their names; with `metric` that one at least. */
      readonly metrics?: Readonly<Record<string, number>>;
      readonly seconds?: number;
    }
  /** With `budgetSeconds`: how many are left. */
  | { readonly kind: 'timed'; readonly secondsLeft: number };

export interface AskedTuner {
  /**
   * What to do next: `save`, `restore` or `discard` a checkpoint in memory, `train` so many steps at an LR, `validate`, or,
   * with `search: 'apart'`, `begin` from the start; with `budgetSeconds` also tell the `clock`. The same command again until it is answered; undefined at the end.
   */
  ask(): Command | undefined;
  /** @throws AutolrsError `PROTOCOL_BAD_MESSAGE` for a reply that does not answer what was asked. */
  tell(reply: ToldReply): void;
  /** What the strategy has made known so far, in order. */
  readonly decisions: readonly Decision[];
  /** Why it came to its end; undefined before that. */
  readonly finished: FinishReason | undefined;
  /** As `result.json` has it; its `seconds` are those that were told. */
  readonly result: RunResult;
}

/** @throws AutolrsError `USAGE` for options that are wrong. */
export function createTuner(asked: AskedOptions = {}): AskedTuner {
  const { strategy = 'horizon', trainer = {}, ...given } = asked;
  const own = typeof strategy === 'function' ? strategy : undefined;
  const name = typeof strategy === 'function' ? 'own' : strategy;
  const options = resolveOptions({
    // A loop can be rolled back, or it could not be searched at all.
    search: 'inside',
    ...given,
    ...(typeof strategy !== 'function' && { strategy }),
  });
  const facts = factsOf(trainer);
  const conversation =
    own === undefined ? beginStrategy(options, facts) : own(options, facts, TOOLS);
  // Its author may write JavaScript.
  if (typeof conversation?.next !== 'function') {
    throw new AutolrsError(
      'USAGE',
      '`strategy` is no generator; write: function* (options, facts, tools) { … }',
    );
  }
  const played = own === undefined ? conversation : measured(conversation, options, facts);
  return new Tuner(played, facts, {
    id: 'asked',
    dir: '',
    strategy: name,
    seed: options.seed,
    metric: metricOf(options),
  });
}

function factsOf({
  name = 'a loop',
  lr = 0.001,
  total,
  canValidate = false,
  canAverage = false,
}: AskedTrainer): TrainerFacts {
  return {
    name,
    step: 0,
    ...(total !== undefined && { total }),
    lr,
    groups: [1],
    world: 1,
    can: {
      validate: canValidate,
      disk: false,
      rewind: true,
      cancel: false,
      ...(canAverage && { average: true }),
    },
    holds: [],
  };
}

class Tuner implements AskedTuner {
  readonly #conversation: Conversation<FinishReason>;
  readonly #builder: ResultBuilder;
  readonly #decisions: Decision[] = [];
  readonly #saved = new Map<string, number>();
  #pending: Command | undefined;
  #answer: Reply | undefined;
  #finished: FinishReason | undefined;
  #step = 0;
  #lr: number;
  #seconds = 0;

  constructor(
    conversation: Conversation<FinishReason>,
    facts: TrainerFacts,
    run: ConstructorParameters<typeof ResultBuilder>[0],
  ) {
    this.#conversation = conversation;
    this.#lr = facts.lr;
    this.#builder = new ResultBuilder(run);
    this.#builder.begin(facts.step);
  }

  get decisions(): readonly Decision[] {
    return this.#decisions;
  }

  get finished(): FinishReason | undefined {
    return this.#finished;
  }

  get result(): RunResult {
    const status = this.#finished === undefined ? 'unfinished' : statusOf(this.#finished);
    return this.#builder.build(status, this.#seconds);
  }

  ask(): Command | undefined {
    while (this.#pending === undefined && this.#finished === undefined) {
      const turn = this.#conversation.next(this.#answer);
      this.#answer = undefined;
      if (turn.done) this.#finished = turn.value;
      else if (turn.value.kind === 'command') this.#pending = turn.value.command;
      else if (turn.value.kind === 'probes') {
        throw bad(
          'a loop of your own does one probe after the other; leave out `batch` and `wholeRungs`',
        );
      } else {
        this.#decisions.push(turn.value.decision);
        this.#builder.add(turn.value);
      }
    }
    return this.#pending;
  }

  tell(told: ToldReply): void {
    const command = this.#pending;
    if (command === undefined) throw bad(`a "${told.kind}" was told, and nothing was asked`);
    const expected = ANSWER_KINDS[command.kind];
    if (told.kind !== expected) {
      throw bad(`a "${command.kind}" was answered by "${told.kind}"; tell "${expected}"`);
    }
    const reply = this.#complete(command, told);
    this.#builder.add({ kind: 'command', command });
    this.#builder.add({ kind: 'reply', reply });
    this.#pending = undefined;
    this.#seconds += secondsOf(told);
    this.#answer = reply;
  }

  /** The counts that a loop need not keep. */
  #complete(command: Command, told: ToldReply): Reply {
    const seconds = secondsOf(told);
    if ('checkpoint' in command) {
      if (command.kind === 'save') this.#saved.set(command.checkpoint, this.#step);
      if (command.kind === 'restore') this.#step = this.#saved.get(command.checkpoint) ?? 0;
    }
    switch (told.kind) {
      case 'trained':
        return this.#completeTraining(command as TrainCommand, told, seconds); // it answers one
      case 'validated':
        return {
          kind: 'validated',
          loss: finiteOrNaN(told.loss),
          ...(told.metrics && { metrics: told.metrics }),
          seconds,
        };
      case 'restored':
        return { kind: 'restored', step: this.#step, lr: this.#lr, seconds };
      case 'saved':
        return { kind: 'saved', step: this.#step, seconds };
      case 'begun':
        this.#step = 0;
        return { kind: 'begun', step: 0 };
      case 'adopted':
        return { kind: 'adopted', seconds };
      case 'discarded':
        return { kind: 'discarded' };
      case 'timed':
        return { kind: 'timed', secondsLeft: told.secondsLeft };
      default:
        return told satisfies never;
    }
  }

  #completeTraining(
    command: TrainCommand,
    { losses, end }: Extract<ToldReply, { kind: 'trained' }>,
    seconds: number,
  ): Reply {
    if (!Array.isArray(losses)) {
      throw bad('a "train" was answered without `losses`; tell an array with one for each step');
    }
    const done = losses.length;
    const finite = losses.map(finiteOrNaN);
    const isDiverged = Number.isNaN(finite.at(-1) ?? 0);
    const why = end ?? (isDiverged ? 'diverged' : undefined);
    if (done > command.steps || (done < command.steps && why === undefined)) {
      throw bad(
        `a "train" of ${command.steps} steps was answered by ${done} losses; tell one for each step, or with \`end\` why there are fewer`,
      );
    }
    this.#step += done;
    const { lr } = command;
    if (done > 0) this.#lr = typeof lr === 'number' ? lr : (lr[done - 1] ?? this.#lr);
    return {
      kind: 'trained',
      steps: done,
      losses: finite,
      lr: this.#lr,
      step: this.#step,
      seconds,
      ...(why !== undefined && { end: why }),
    };
  }
}

function secondsOf(told: ToldReply): number {
  return ('seconds' in told ? told.seconds : undefined) ?? 0;
}

function finiteOrNaN(loss: number): number {
  return Number.isFinite(loss) ? loss : Number.NaN;
}

function bad(message: string): AutolrsError {
  return new AutolrsError('PROTOCOL_BAD_MESSAGE', message);
}
