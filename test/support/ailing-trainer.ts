/**
 * A trainer in memory that has all that training can have (momentum, dropout, shuffled data, running statistics), and
 * the ailments of choice. Two weights follow noisy gradients towards the mean of their batches.
 */

import type {
  CheckpointCommand,
  Command,
  Reply,
  TrainedReply,
  TrainerFacts,
} from '../../src/core/conversation/command.js';
import { createRandom } from '../../src/core/math/random.js';

export type Ailment =
  | 'forgets weights'
  | 'forgets buffers'
  | 'forgets momentum'
  | 'forgets data'
  | 'forgets random numbers'
  | 'does not name its random numbers'
  | 'trains what it saved'
  | 'writes less than it keeps'
  | 'adds in another order each time'
  | 'ignores the LR'
  | 'never updates'
  | 'has no running statistics'
  | 'sets the LR late'
  | 'has another scheduler'
  | 'draws in validation'
  | 'validates on other examples each time'
  | 'validates by a score'
  | 'has new batches each time'
  | 'loses the ratios'
  | 'does not tell its ratios'
  | 'has no validation'
  | 'has no disk'
  | 'has no memory'
  | 'has no total'
  | 'ends its loop'
  | 'ends its loop later'
  | 'ends its loop at its total'
  | 'has epochs as long as a trial'
  | 'diverges'
  | 'has no finite loss'
  | 'begins its data anew in a new process'
  | 'rounds its momentum in a new process'
  | 'has other buffers in a new process'
  | 'adds in another order in a new process'
  | 'resets momentum'
  | 'counts a step before its update'
  | 'updates before its loss'
  | 'augments with the numbers of dropout'
  | `evaluates every ${number} updates`
  | 'weighs its loss by its own count'
  | 'carries a hidden state'
  | 'trains a second model'
  | 'has a second optimizer';

interface State {
  step: number;
  weights: number[];
  momentum: number[];
  /** A running mean that validation alone uses. */
  mean: number;
  position: number;
  draws: number;
}

const RATIOS = [1, 0.1];

export class AilingTrainer {
  readonly facts: TrainerFacts;
  readonly #ailments: ReadonlySet<Ailment>;
  #state: State = { step: 0, weights: [1, -1], momentum: [0, 0], mean: 0, position: 0, draws: 0 };
  #lr = 0.05;
  readonly #evaluatesEvery: number;
  /** Batches that have been loaded: those before come again from memory. */
  #loaded = 0;
  #updates = 0;
  #validations = 0;
  /** What the loop keeps of the step before. */
  #hidden = 0;
  /** A weight of a model that was not handed over, and what an optimizer that was not handed over has gathered. */
  #second = 2;
  #gathered = 0;
  /** An update whose gradient is there, and that is still to come. */
  #pending: (lr: number) => void = () => undefined;
  readonly #saved = new Map<string, State>();
  #files = new Map<string, State>();
  #isAnew = false;

  constructor(...ailments: readonly Ailment[]) {
    this.#ailments = new Set(ailments);
    const every = ailments.map((name) => /^evaluates every (\d+) updates$/.exec(name)?.[1]);
    this.#evaluatesEvery = Number(every.find(Boolean) ?? Number.POSITIVE_INFINITY);
    const rewinds = !this.#has('has new batches each time');
    this.facts = {
      name: 'ailing',
      step: 0,
      ...(!this.#has('has no total') && {
        total: this.#has('ends its loop at its total') ? 200 : 1000,
      }),
      lr: 0.05,
      groups: RATIOS,
      world: 1,
      can: {
        validate: !this.#has('has no validation'),
        disk: !this.#has('has no disk'),
        rewind: rewinds,
        cancel: false,
        ...(this.#has('has no memory') && { memory: false }),
      },
      holds: [
        'model',
        'optimizer',
        ...(this.#has('does not name its random numbers') ? [] : ['rng']),
        ...(rewinds ? ['data'] : []),
      ],
    };
  }

  #has(ailment: Ailment): boolean {
    return this.#ailments.has(ailment);
  }

  answer(command: Command): Reply {
    const { step } = this.#state;
    switch (command.kind) {
      case 'save':
        this.#placeOf(command).set(command.path ?? command.checkpoint, this.#copy(this.#state));
        return { kind: 'saved', step, seconds: 0.001 };
      case 'restore':
        this.#restore(command);
        return { kind: 'restored', step: this.#state.step, lr: this.#lr, seconds: 0.002 };
      case 'discard':
        return { kind: 'discarded' };
      case 'validate':
        return { kind: 'validated', loss: this.#validate(), seconds: 0.003 };
      case 'train':
        return this.#train(command);
      case 'adopt':
      case 'begin':
      case 'clock':
        throw new Error('an examination has one process');
      default:
        return command satisfies never;
    }
  }

  /** Another process of the same script. */
  startedAnew(): AilingTrainer {
    const other = new AilingTrainer(...this.#ailments);
    other.#files = this.#files;
    other.#isAnew = true;
    return other;
  }

  #placeOf({ path }: CheckpointCommand): Map<string, State> {
    return path === undefined ? this.#saved : this.#files;
  }

  #copy(state: State): State {
    return { ...state, weights: [...state.weights], momentum: [...state.momentum] };
  }

  #restore(command: CheckpointCommand): void {
    const key = command.path ?? command.checkpoint;
    const saved = this.#placeOf(command).get(key);
    if (saved === undefined) throw new Error(`nothing is saved as ${key}`);
    const isFile = command.path !== undefined;
    const { weights, momentum, mean, position, draws } = this.#state;
    // Written to in place by the steps that follow, as tensors are.
    const next = this.#has('trains what it saved') ? saved : this.#copy(saved);
    const isShort = isFile && this.#has('writes less than it keeps');
    const kept: Partial<State> = {
      ...(this.#has('forgets weights') && { weights }),
      ...(this.#has('forgets buffers') && { mean }),
      ...((this.#has('forgets momentum') || isShort) && { momentum }),
      ...((this.#has('forgets data') || !this.facts.can.rewind) && { position }),
      ...(this.#has('forgets random numbers') && { draws }),
      ...(this.#isAnew && this.#anew(saved)),
    };
    this.#state = { ...next, ...kept };
    if (this.#has('resets momentum')) this.#state.momentum = [0, 0];
  }

  /** What comes out of a file otherwise in a process that has not written it. */
  #anew({ momentum, mean }: State): Partial<State> {
    return {
      ...(this.#has('begins its data anew in a new process') && { position: 5 }),
      ...(this.#has('rounds its momentum in a new process') && {
        momentum: momentum.map((value) => Number(value.toPrecision(2))),
      }),
      ...(this.#has('has other buffers in a new process') && { mean: mean + 1 }),
      ...(this.#has('adds in another order in a new process') && {
        momentum: momentum.map((value) => value * (1 + 1e-13)),
      }),
    };
  }

  #validate(): number {
    this.#validations++;
    if (this.#has('draws in validation')) this.#draw();
    const { weights, mean } = this.#state;
    const [a = 0, b = 0] = weights;
    const noise = this.#has('validates on other examples each time') ? 0.01 * this.#validations : 0;
    const loss = (a - 0.5) ** 2 + (b - 0.5) ** 2 + 0.1 * Math.abs(mean - 0.5) + noise;
    return this.#has('validates by a score') ? Math.exp(-3 * loss) : loss;
  }

  #train({ steps, lr }: Extract<Command, { kind: 'train' }>): TrainedReply {
    const losses: number[] = [];
    const isShort = this.#has('ends its loop');
    const lastUpdate = isShort ? 20 : this.#has('ends its loop later') ? 120 : Infinity;
    let end: TrainedReply['end'];
    for (let i = 0; i < steps && end === undefined; i++) {
      const isAtTotal = this.#has('ends its loop at its total') && this.#state.step >= 200;
      if (this.#updates >= lastUpdate || isAtTotal) {
        end = 'data';
        break;
      }
      const asked = typeof lr === 'number' ? lr : (lr[i] ?? Number.NaN);
      const loss = this.#step(this.#lrOf(asked, i));
      losses.push(loss);
      if (!Number.isFinite(loss)) end = 'diverged';
      this.#lr = asked;
    }
    const groups = this.#has('loses the ratios') ? [1, 1] : RATIOS;
    return {
      kind: 'trained',
      steps: losses.length,
      losses,
      lr: this.#lr,
      step: this.#state.step,
      seconds: 0.001 * losses.length,
      ...(!this.#has('does not tell its ratios') && { groups }),
      ...(end !== undefined && { end }),
    };
  }

  /** The LR that step `i` of a training is really done at. */
  #lrOf(asked: number, i: number): number {
    if (this.#has('ignores the LR')) return 0.05;
    if (this.#has('sets the LR late') && i === 0) return this.#lr;
    if (this.#has('has another scheduler') && i > 0) return 0.05 * 0.9 ** i;
    return asked;
  }

  #step(lr: number): number {
    const state = this.#state;
    this.#pending(lr);
    // The script's own doing between two updates, after a restore in between.
    if (this.#updates > 0 && this.#updates % this.#evaluatesEvery === 0) this.#draw();
    this.#updates++;
    if (state.position >= this.#loaded) {
      this.#loaded = state.position + 1;
      if (this.#has('augments with the numbers of dropout')) this.#draw();
    }
    const batch = createRandom(this.#batchOf(state.position)).normal();
    state.position++;
    // Every other step: the first of a trial, which begins at step 5, draws nothing that shows.
    const draw = this.#draw();
    const mask = state.step % 2 === 1 ? 1 : 0.6 + 0.8 * draw;
    const noise = this.#has('adds in another order each time') ? 1e-12 * this.#updates : 0;
    const weight = this.#has('weighs its loss by its own count') ? 1 + 0.001 * this.#updates : 1;
    const hidden = this.#has('carries a hidden state') ? 0.1 * this.#hidden : 0;
    this.#hidden = state.weights.reduce((sum, w) => sum + w, batch);
    let loss =
      weight * state.weights.reduce((sum, w) => sum + (w * mask - 0.5 - 0.1 * batch) ** 2, 0) +
      hidden +
      (this.#has('trains a second model') ? this.#second ** 2 : 0);
    const gradients = state.weights.map((w) => 2 * mask * (w * mask - 0.5 - 0.1 * batch) + noise);
    const update = (at: number) => this.#update(at, gradients);
    if (this.#has('counts a step before its update')) this.#pending = update;
    else if (!this.#has('never updates')) update(lr);
    // As a GAN does, whose generator is judged by a discriminator that has just been updated.
    if (this.#has('updates before its loss')) loss += 0.1 * (state.weights[0] ?? 0);
    if (this.#has('trains a second model')) this.#second *= 1.001;
    if (this.#has('has a second optimizer')) {
      this.#gathered = 0.9 * this.#gathered + (gradients[0] ?? 0);
      state.weights[0] = (state.weights[0] ?? 0) - 0.01 * Math.sign(this.#gathered);
    }
    if (!this.#has('has no running statistics')) state.mean = 0.9 * state.mean + 0.1 * batch;
    state.step++;
    const hasDiverged = this.#has('diverges') && state.step > 8 && lr > 0;
    return hasDiverged || this.#has('has no finite loss') ? Number.NaN : loss;
  }

  /** Epochs of 31 steps, all in the order of the second, because its random numbers come back. */
  #batchOf(position: number): number {
    if (!this.#has('has epochs as long as a trial') || position < 36) return position;
    return 1000 + (position % 31);
  }

  #update(lr: number, gradients: readonly number[]): void {
    const state = this.#state;
    gradients.forEach((gradient, k) => {
      state.momentum[k] = 0.9 * (state.momentum[k] ?? 0) + gradient;
      state.weights[k] = (state.weights[k] ?? 0) - lr * (RATIOS[k] ?? 0) * (state.momentum[k] ?? 0);
    });
  }

  #draw(): number {
    return createRandom(1e6 + this.#state.draws++).uniform();
  }
}
