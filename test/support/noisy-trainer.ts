/**
 * A trainer in memory with noise and progress that are known: the loss falls as a power of the cumulative LR, and at the weights
 * it is higher by a share that grows with the LR. An average of the weights has none of that share, and lags behind.
 */

import type {
  AverageOptions,
  Command,
  Reply,
  TrainedReply,
  TrainerFacts,
} from '../../src/core/conversation/command.js';

export interface NoisyOptions {
  /** Progress: share of the loss that an e-fold of cumulative LR takes away. */
  readonly progress: number;
  /** Noise at an LR of 1, as a share of the loss. */
  readonly noiseAt1: number;
  /** A committed step at an LR above it is not finite. */
  readonly divergesAbove?: number;
  /** The step from which on the loss of the weights, and less so of an average, rises again: they learn by heart. */
  readonly learnsByHeartFrom?: number;
  /** Factor on the noise from an LR on. */
  readonly noisierAbove?: { readonly lr: number; readonly factor: number };
}

interface Model {
  readonly step: number;
  readonly cumulativeLr: number;
  readonly lr: number;
  /** Updates since the averages began, what they began at, and the cumulative LR that each stands at, by power. */
  readonly updates: number;
  readonly since: number | undefined;
  readonly averages: ReadonlyMap<number, number>;
}

const NO_AVERAGES = { updates: 0, since: undefined, averages: new Map() } as const;

const BEGINNING: Model = { step: 0, cumulativeLr: 1, lr: 0, ...NO_AVERAGES };

export class NoisyTrainer {
  readonly facts: TrainerFacts;
  readonly commands: Command[] = [];
  model = BEGINNING;
  readonly #options: NoisyOptions;
  readonly #saved = new Map<string, Model>();

  constructor(options: NoisyOptions) {
    this.#options = options;
    this.facts = {
      name: 'noisy',
      step: 0,
      lr: 0.01,
      groups: [1],
      world: 1,
      can: { validate: true, disk: false, rewind: true, cancel: true, average: true },
      holds: ['model'],
    };
  }

  answer(command: Command): Reply {
    this.commands.push(command);
    const { step } = this.model;
    switch (command.kind) {
      case 'save':
        this.#saved.set(command.checkpoint, this.model);
        return { kind: 'saved', step, seconds: 0 };
      case 'restore': {
        const saved = this.#saved.get(command.checkpoint);
        if (saved === undefined) throw new Error(`nothing is saved as ${command.checkpoint}`);
        this.model = saved;
        return { kind: 'restored', step: saved.step, lr: 0.01, seconds: 0 };
      }
      case 'discard':
        this.#saved.delete(command.checkpoint);
        return { kind: 'discarded' };
      case 'clock':
        return { kind: 'timed', secondsLeft: 0 };
      case 'begin':
        this.model = BEGINNING;
        this.#saved.clear();
        return { kind: 'begun', step: 0 };
      case 'validate':
        return { kind: 'validated', loss: this.#lossAt(command.at), seconds: 0 };
      case 'adopt': {
        const cumulativeLr = this.#averageOf(command.at);
        this.model = { ...this.model, cumulativeLr, lr: 0, ...NO_AVERAGES };
        return { kind: 'adopted', seconds: 0 };
      }
      case 'train':
        return this.#train(command);
      default:
        return command satisfies never;
    }
  }

  #averageOf(power: number): number {
    const average = this.model.averages.get(power);
    if (average === undefined) throw new Error(`there is no average of power ${power}`);
    return average;
  }

  #lossAt(power: number | undefined): number {
    const { progress, noiseAt1, noisierAbove, learnsByHeartFrom = Infinity } = this.#options;
    const { step, lr, cumulativeLr } = this.model;
    const late = 1 + Math.max(0, step - learnsByHeartFrom) / 1000;
    if (power !== undefined) return late * this.#averageOf(power) ** -progress;
    const factor = noisierAbove !== undefined && lr > noisierAbove.lr ? noisierAbove.factor : 1;
    return late * cumulativeLr ** -progress * (1 + factor * noiseAt1 * lr);
  }

  #step(lr: number, average: AverageOptions | undefined): void {
    const { step, cumulativeLr, updates, averages } = this.model;
    const { powers = [], every = 1 } = average ?? {};
    const after = cumulativeLr + lr;
    const samples = Math.ceil(updates / every);
    const next = powers.map((power) => {
      const before = averages.get(power) ?? after;
      const share = updates % every === 0 ? (power + 1) / (samples + power + 1) : 0;
      return [power, before + share * (after - before)] as const;
    });
    this.model = {
      ...this.model,
      step: step + 1,
      cumulativeLr: after,
      lr,
      updates: updates + 1,
      averages: new Map(next),
    };
  }

  #train({ steps, lr, purpose, average }: Extract<Command, { kind: 'train' }>): TrainedReply {
    const { divergesAbove = Infinity } = this.#options;
    const losses: number[] = [];
    if (average?.since !== this.model.since) {
      this.model = { ...this.model, ...NO_AVERAGES, since: average?.since };
    }
    let now = 0;
    for (let i = 0; i < steps; i++) {
      now = typeof lr === 'number' ? lr : (lr[i] ?? 0);
      const blowsUp = purpose === 'commit' && now > divergesAbove;
      losses.push(blowsUp ? Number.NaN : this.#lossAt(undefined));
      this.#step(now, average);
      if (blowsUp) break;
    }
    const end = losses.length < steps || Number.isNaN(losses.at(-1)) ? 'diverged' : undefined;
    const { step } = this.model;
    const done = { steps: losses.length, losses, lr: now, step, seconds: 0.001 };
    return { kind: 'trained', ...done, ...(end && { end }) };
  }
}
