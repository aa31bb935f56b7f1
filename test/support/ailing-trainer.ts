/**
 * A trainer in memory that has all that training can have (momentum, dropout, shuffled data, running statistics), and one
 * ailment of choice. Two weights follow noisy gradients towards the mean of their batches.
 */

import { createRandom } from '../../src/core/math/random.js';
import type { Command, Reply, TrainedReply, TrainerFacts } from '../../src/core/tuner/command.js';

export type Ailment =
  | 'forgets weights'
  | 'forgets buffers'
  | 'forgets momentum'
  | 'forgets data'
  | 'forgets random numbers'
  | 'forgets random numbers and says so'
  | 'trains what it saved'
  | 'writes less than it keeps'
  | 'adds in another order each time'
  | 'ignores the LR'
  | 'sets the LR late'
  | 'has another scheduler'
  | 'draws in validation'
  | 'validates on other examples each time'
  | 'has new batches each time'
  | 'has new batches each time and ignores the LR'
  | 'loses the ratios'
  | 'does not tell its ratios'
  | 'has no validation'
  | 'has no disk'
  | 'has no memory'
  | 'has no total'
  | 'ends its loop'
  | 'diverges';

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
  readonly #ailment: Ailment | undefined;
  #state: State = { step: 0, weights: [1, -1], momentum: [0, 0], mean: 0, position: 0, draws: 0 };
  #lr = 0.05;
  #updates = 0;
  #validations = 0;
  readonly #saved = new Map<string, State>();

  constructor(ailment?: Ailment) {
    this.#ailment = ailment;
    const rewinds = !ailment?.startsWith('has new batches');
    this.facts = {
      name: 'ailing',
      step: 0,
      ...(ailment !== 'has no total' && { total: 1000 }),
      lr: 0.05,
      groups: RATIOS,
      world: 1,
      can: {
        validate: ailment !== 'has no validation',
        disk: ailment !== 'has no disk',
        rewind: rewinds,
        cancel: false,
        ...(ailment === 'has no memory' && { memory: false }),
      },
      holds: [
        'model',
        'optimizer',
        ...(ailment === 'forgets random numbers and says so' ? [] : ['rng']),
        ...(rewinds ? ['data'] : []),
      ],
    };
  }

  answer(command: Command): Reply {
    const { step } = this.#state;
    switch (command.kind) {
      case 'save':
        this.#saved.set(command.path ?? command.checkpoint, structuredClone(this.#state));
        return { kind: 'saved', step, seconds: 0.001 };
      case 'restore':
        this.#restore(command.path ?? command.checkpoint, command.path !== undefined);
        return { kind: 'restored', step: this.#state.step, lr: this.#lr, seconds: 0.002 };
      case 'discard':
        return { kind: 'discarded' };
      case 'validate':
        return { kind: 'validated', loss: this.#validate(), seconds: 0.003 };
      case 'train':
        return this.#train(command);
      default:
        return command satisfies never;
    }
  }

  #restore(key: string, isFile: boolean): void {
    const saved = this.#saved.get(key);
    if (saved === undefined) throw new Error(`nothing is saved as ${key}`);
    const { weights, momentum, mean, position, draws } = this.#state;
    // Written to in place by the steps that follow, as tensors are.
    const next = this.#ailment === 'trains what it saved' ? saved : structuredClone(saved);
    const isShort = isFile && this.#ailment === 'writes less than it keeps';
    const kept: Partial<State> = {
      ...(this.#ailment === 'forgets weights' && { weights }),
      ...(this.#ailment === 'forgets buffers' && { mean }),
      ...((this.#ailment === 'forgets momentum' || isShort) && { momentum }),
      ...((this.#ailment === 'forgets data' || !this.facts.can.rewind) && { position }),
      ...(this.#ailment?.startsWith('forgets random numbers') && { draws }),
    };
    this.#state = { ...next, ...kept };
  }

  #validate(): number {
    this.#validations++;
    if (this.#ailment === 'draws in validation') this.#draw();
    const { weights, mean } = this.#state;
    const [a = 0, b = 0] = weights;
    const noise =
      this.#ailment === 'validates on other examples each time' ? 0.01 * this.#validations : 0;
    return (a - 0.5) ** 2 + (b - 0.5) ** 2 + 0.1 * Math.abs(mean - 0.5) + noise;
  }

  #train({ steps, lr }: Extract<Command, { kind: 'train' }>): TrainedReply {
    const losses: number[] = [];
    let end: TrainedReply['end'];
    for (let i = 0; i < steps && end === undefined; i++) {
      if (this.#ailment === 'ends its loop' && this.#updates >= 20) {
        end = 'data';
        break;
      }
      const asked = typeof lr === 'number' ? lr : (lr[i] ?? Number.NaN);
      const loss = this.#step(this.#lrOf(asked, i));
      losses.push(loss);
      if (!Number.isFinite(loss)) end = 'diverged';
      this.#lr = asked;
    }
    const groups = this.#ailment === 'loses the ratios' ? [1, 1] : RATIOS;
    return {
      kind: 'trained',
      steps: losses.length,
      losses,
      lr: this.#lr,
      step: this.#state.step,
      seconds: 0.001 * losses.length,
      ...(this.#ailment !== 'does not tell its ratios' && { groups }),
      ...(end !== undefined && { end }),
    };
  }

  /** The LR that step `i` of a training is really done at. */
  #lrOf(asked: number, i: number): number {
    if (this.#ailment?.endsWith('ignores the LR')) return 0.05;
    if (this.#ailment === 'sets the LR late' && i === 0) return this.#lr;
    if (this.#ailment === 'has another scheduler' && i > 0) return 0.05 * 0.9 ** i;
    return asked;
  }

  #step(lr: number): number {
    const state = this.#state;
    this.#updates++;
    const batch = createRandom(state.position).normal();
    state.position++;
    const mask = this.#draw() < 0.8 ? 1.1 : 0.6;
    const noise = this.#ailment === 'adds in another order each time' ? 1e-12 * this.#updates : 0;
    const loss = state.weights.reduce((sum, w) => sum + (w * mask - 0.5 - 0.1 * batch) ** 2, 0);
    state.weights.forEach((w, k) => {
      const gradient = 2 * mask * (w * mask - 0.5 - 0.1 * batch) + noise;
      state.momentum[k] = 0.9 * (state.momentum[k] ?? 0) + gradient;
      state.weights[k] = w - lr * (RATIOS[k] ?? 0) * (state.momentum[k] ?? 0);
    });
    state.mean = 0.9 * state.mean + 0.1 * batch;
    state.step++;
    return this.#ailment === 'diverges' && state.step > 8 && lr > 0 ? Number.NaN : loss;
  }

  #draw(): number {
    return createRandom(1e6 + this.#state.draws++).uniform();
  }
}
