/**
 * A trainer in memory whose best LR is known: the excess loss shrinks a little at every step, most at `bestLr`, and
 * grows above `divergesAbove`. Its noise depends on the step alone, so a restored model meets the same batches again.
 */

import type {
  AverageOptions,
  CheckpointCommand,
  Command,
  Reply,
  TrainedReply,
  TrainerCommand,
  TrainerFacts,
  TrainerReply,
} from '../conversation/command.js';
import { AutolrsError } from '../errors.js';
import { createRandom } from '../math/random.js';
import { exceedsSmoothed } from '../math/smoothed-loss.js';

export interface SimulationOptions {
  readonly bestLr?: number;
  readonly divergesAbove?: number;
  /** The step from which on it does. */
  readonly divergesFrom?: number;
  /** Sd of a single loss. */
  readonly noise?: number;
  /** Share of the excess that one step at the best LR removes. */
  readonly rate?: number;
  readonly seed?: number;
  readonly canValidate?: boolean;
  readonly canAverage?: boolean;
  readonly total?: number;
  readonly uncounted?: string;
  /** The script's own LR at a step; what is asked is a factor on it then. */
  readonly ownLr?: (step: number) => number;
  /** Checkpoints on disk, by path: what outlives a trainer. Absent: it cannot save to disk. */
  readonly disk?: Map<string, SimulatedModel>;
  /** The data ends after this many optimizer updates, counted over everything that was trained. */
  readonly dataEndsAfter?: number;
  /** The script's own LR, in effect when the tuner comes. */
  readonly lr?: number;
  /** What it says that a step takes. */
  readonly stepSeconds?: number | ((updates: number) => number);
  /** What it says that a validation takes, after so many others. */
  readonly validateSeconds?: number | ((validations: number) => number);
  /** What it takes to start the script. */
  readonly startSeconds?: number;
  /** What its clock counts down from. */
  readonly budgetSeconds?: number;
  /** What the script does when its loss blows up, at too high an LR. */
  readonly guard?: 'raises' | 'exits' | 'is killed' | 'leaves' | 'raises in validation';
  /** A step at which it does so at any LR. */
  readonly guardAt?: number;
  /** Its committed run cannot be rolled back, nor saved: to ask for it is an error. */
  readonly onlyGoesForward?: boolean;
  /** It writes no files, and can be rolled back. */
  readonly hasNoDisk?: boolean;
  /** Its data go on whatever is restored: the noise of a step is that of the process's next batch. */
  readonly batchesGoOn?: boolean;
  /** One batch whose loss is this high, whatever the model: the one after so many updates. */
  readonly spike?: { readonly step: number; readonly loss: number };
  /** What the script takes for its loss at a step, from that of the model. */
  readonly lossOf?: (loss: number, step: number) => number;
}

type OptionalOption =
  | 'total'
  | 'batchesGoOn'
  | 'hasNoDisk'
  | 'onlyGoesForward'
  | 'uncounted'
  | 'disk'
  | 'spike'
  | 'lossOf'
  | 'ownLr'
  | 'guard'
  | 'guardAt';

export interface SimulatedModel {
  readonly step: number;
  readonly excess: number;
  /** Averages of the excess, by power, and the samples in them. */
  readonly averages?: { readonly samples: number; readonly of: Readonly<Record<number, number>> };
}

const FLOOR_LOSS = 0.2;
/** A guard strikes above it: a run begins at 2. */
const GUARDED_EXCESS = 2.5;
const WIDTH_IN_LOG_LR = 1.5;

export class SimulatedTrainer {
  readonly facts: TrainerFacts;
  /** LR of every optimizer update, in the order in which they were done, with the step each started from. */
  readonly updates: { readonly step: number; readonly lr: number }[] = [];
  readonly commands: Command[] = [];
  model: SimulatedModel = { step: 0, excess: 2 };
  /** By its clock. */
  elapsed: number;
  /** Losses of the training in flight: those that a script that fails has told. */
  told: readonly number[] = [];
  readonly #options: Required<Omit<SimulationOptions, OptionalOption>>;
  readonly #spike: SimulationOptions['spike'];
  readonly #lossOf: SimulationOptions['lossOf'];
  readonly #ownLr: SimulationOptions['ownLr'];
  readonly #disk: Map<string, SimulatedModel> | undefined;
  readonly #saved = new Map<string, SimulatedModel>();
  readonly #guard: SimulationOptions['guard'];
  readonly #guardAt: number;
  readonly #onlyGoesForward: boolean;
  readonly #batchesGoOn: boolean;
  #hasLeft = false;
  #validations = 0;
  #hasCommitted = false;

  constructor(options: SimulationOptions = {}) {
    this.#options = {
      bestLr: 0.03,
      divergesAbove: Number.POSITIVE_INFINITY,
      divergesFrom: 0,
      noise: 0.01,
      rate: 0.01,
      seed: 1,
      canValidate: true,
      canAverage: false,
      dataEndsAfter: Number.POSITIVE_INFINITY,
      stepSeconds: 0.001,
      validateSeconds: 0.001,
      startSeconds: 0,
      budgetSeconds: 0,
      lr: 0.01,
      ...options,
    };
    this.elapsed = this.#options.startSeconds;
    this.#disk = options.disk;
    this.#guard = options.guard;
    this.#onlyGoesForward = options.onlyGoesForward ?? false;
    this.#batchesGoOn = options.batchesGoOn ?? false;
    this.#guardAt = options.guardAt ?? Infinity;
    this.#spike = options.spike;
    this.#lossOf = options.lossOf;
    this.#ownLr = options.ownLr;
    this.facts = {
      name: 'simulation',
      step: 0,
      ...(options.total !== undefined && { total: options.total }),
      ...(options.uncounted !== undefined && { uncounted: options.uncounted }),
      lr: options.ownLr === undefined ? this.#options.lr : 1,
      groups: [1],
      world: 1,
      can: {
        validate: this.#options.canValidate,
        disk: options.disk !== undefined && !options.onlyGoesForward && !options.hasNoDisk,
        ...(options.onlyGoesForward && { rollback: false }),
        rewind: !options.batchesGoOn,
        ...(options.canAverage && { average: true }),
        cancel: false,
        ...(options.ownLr !== undefined && { base: true }),
      },
      holds: ['model'],
    };
  }

  get checkpoints(): readonly string[] {
    return [...this.#saved.keys()];
  }

  answer(command: TrainerCommand): TrainerReply;
  answer(command: Command): Reply;
  answer(command: Command): Reply {
    this.commands.push(command);
    if ('checkpoint' in command && this.#onlyGoesForward && this.#hasCommitted) {
      throw new Error(`asked to ${command.kind} where it only goes forward`);
    }
    if (command.kind === 'train') this.#hasCommitted ||= command.purpose === 'commit';
    switch (command.kind) {
      case 'save':
        this.#placeOf(command).set(command.path ?? command.checkpoint, this.model);
        return { kind: 'saved', step: this.model.step, seconds: 0 };
      case 'restore': {
        const saved = this.#placeOf(command).get(command.path ?? command.checkpoint);
        if (saved === undefined) throw new Error(`nothing is saved as ${command.checkpoint}`);
        this.model = saved;
        return { kind: 'restored', step: saved.step, lr: this.facts.lr, seconds: 0 };
      }
      case 'discard':
        this.#placeOf(command).delete(command.path ?? command.checkpoint);
        return { kind: 'discarded' };
      case 'validate':
        if (this.#guard === 'raises in validation') this.#failIfBlownUp();
        return this.#validate(command.at);
      case 'adopt':
        this.model = { step: this.model.step, excess: this.#excessAt(command.at) };
        return { kind: 'adopted', seconds: 0 };
      case 'train':
        return this.#train(command);
      case 'clock':
        return { kind: 'timed', secondsLeft: this.#options.budgetSeconds - this.elapsed };
      case 'begin':
        this.elapsed += this.#options.startSeconds;
        this.model = { step: 0, excess: 2 };
        this.#saved.clear();
        this.#hasCommitted = false;
        return { kind: 'begun', step: 0 };
      default:
        return command satisfies never;
    }
  }

  #validate(at: number | undefined): TrainerReply {
    const { validateSeconds } = this.#options;
    const seconds =
      typeof validateSeconds === 'number' ? validateSeconds : validateSeconds(this.#validations++);
    this.elapsed += seconds;
    return { kind: 'validated', loss: FLOOR_LOSS + this.#excessAt(at), seconds };
  }

  #excessAt(power: number | undefined): number {
    if (power === undefined) return this.model.excess;
    const average = this.model.averages?.of[power];
    if (average === undefined) throw new Error(`there is no average of power ${power}`);
    return average;
  }

  #placeOf({ path }: CheckpointCommand): Map<string, SimulatedModel> {
    return (path === undefined ? undefined : this.#disk) ?? this.#saved;
  }

  #train(command: Extract<Command, { kind: 'train' }>): TrainedReply {
    const { averages, ...bare } = this.model;
    if (command.average === undefined) this.model = bare;
    const losses: number[] = [];
    this.told = losses;
    let lr = 0;
    let end: TrainedReply['end'];
    while (losses.length < command.steps && end === undefined) {
      if (this.#guard !== 'raises in validation') this.#failIfBlownUp();
      if (this.#hasLeft || this.updates.length >= this.#options.dataEndsAfter) {
        end = 'data';
        break;
      }
      lr = typeof command.lr === 'number' ? command.lr : (command.lr[losses.length] ?? Number.NaN);
      const loss = this.#step(lr);
      losses.push(loss);
      this.#sample(command.average);
      if (!Number.isFinite(loss)) end = 'diverged';
      else if (exceedsSmoothed(losses.slice(0, -1), [loss], command.haltAbove ?? Infinity)) {
        end = 'halt';
      }
    }
    const done = losses.length;
    const { stepSeconds } = this.#options;
    const seconds =
      typeof stepSeconds === 'number'
        ? done * stepSeconds
        : losses.reduce((sum, _, i) => sum + stepSeconds(this.updates.length - done + i), 0);
    this.elapsed += seconds;
    const { step } = this.model;
    return {
      kind: 'trained',
      steps: done,
      losses,
      lr,
      step,
      seconds,
      ...(end !== undefined && { end }),
    };
  }

  #sample(average: AverageOptions | undefined): void {
    if (average === undefined) return;
    const { excess, averages = { samples: 0, of: {} } } = this.model;
    const { samples } = averages;
    const of = average.powers.map((power) => {
      const before = averages.of[power] ?? excess;
      return [power, before + ((power + 1) / (samples + power + 1)) * (excess - before)] as const;
    });
    this.model = {
      ...this.model,
      averages: { samples: samples + 1, of: Object.fromEntries(of) },
    };
  }

  /** What a script does that looks at its own loss. */
  #failIfBlownUp(): void {
    const isHit = this.model.excess > GUARDED_EXCESS || this.model.step === this.#guardAt;
    if (this.#guard === undefined || !isHit) return;
    const loss = FLOOR_LOSS + this.model.excess;
    if (this.#guard === 'leaves') this.#hasLeft = true;
    else if (this.#guard === 'exits') {
      throw new AutolrsError('TRAINER_EXITED', 'the script ended with exit code 1', {
        exitCode: 1,
      });
    } else if (this.#guard === 'is killed') {
      throw new AutolrsError('TRAINER_EXITED', 'the script was killed', { signal: 'SIGKILL' });
    } else {
      throw new AutolrsError('TRAINER_FAILED', `ValueError: the loss is ${loss}`, {
        hasRaised: true,
      });
    }
  }

  #step(asked: number): number {
    const { bestLr, divergesAbove, divergesFrom, noise, rate, seed } = this.#options;
    const { step, excess } = this.model;
    const lr = asked * (this.#ownLr?.(step) ?? 1);
    this.updates.push({ step, lr });
    const distance = Math.log(lr / bestLr) / WIDTH_IN_LOG_LR;
    const blowsUp = lr > divergesAbove && step >= divergesFrom;
    const factor = blowsUp ? 1.5 : 1 - rate * Math.exp(-distance * distance);
    this.model = { ...this.model, step: step + 1, excess: excess * factor };
    if (step === this.#spike?.step) return this.#spike.loss;
    const batch = this.#batchesGoOn ? this.updates.length : step;
    const loss = FLOOR_LOSS + excess + noise * createRandom(seed * 1e6 + batch).normal();
    const told = this.#lossOf?.(loss, step) ?? loss;
    return told > 1e6 ? Number.NaN : told;
  }
}
