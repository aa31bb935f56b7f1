/** One `train` request while it runs: which LR comes next, the losses so far, and why it ends. */

import type { Averaging } from './averages.js';
import { readTrain, type TrainPlan } from './messages.js';
import type { Request } from './wire.js';

export type TrainEnd = 'data' | 'halt' | 'diverged' | 'cancel';

/** Weight of the past in the smoothed loss: about the last ten steps count. */
const DECAY = 0.9;

export class Training {
  readonly request: Request;
  readonly losses: number[] = [];
  /** Its steps are a trial's, and will be rolled back. */
  readonly isSearch: boolean;
  /** Why it stops; undefined while it runs, and if all its steps were done. */
  end: TrainEnd | undefined;
  readonly #plan: TrainPlan;
  readonly #startedAt = performance.now();
  #average = 0;
  /** What the average would be if every loss were 1; dividing by it takes the start at 0 out. */
  #weight = 0;

  /** @throws WireError naming the parameter that is wrong. */
  constructor(request: Request) {
    this.request = request;
    this.#plan = readTrain(request.params);
    // A tuner of old does not say.
    this.isSearch = request.params['purpose'] === 'search';
  }

  get averaging(): Averaging | undefined {
    return this.#plan.average;
  }

  get isDone(): boolean {
    return this.end !== undefined || this.losses.length >= this.#plan.steps;
  }

  /** The LR to set before the next step, or undefined if the one in effect stays. */
  get lrToSet(): number | undefined {
    const { lr } = this.#plan;
    if (typeof lr !== 'number') return lr[this.losses.length];
    return this.losses.length === 0 ? lr : undefined;
  }

  add(loss: number): void {
    this.losses.push(loss);
    this.#average = DECAY * this.#average + (1 - DECAY) * loss;
    this.#weight = DECAY * this.#weight + (1 - DECAY);
    if (!Number.isFinite(loss)) this.end ??= 'diverged';
    else if (this.#average / this.#weight > (this.#plan.halt ?? Infinity)) this.end ??= 'halt';
  }

  /** The answer, with the state's step count and the LR in effect. */
  result(step: number, lr: number): object {
    const { losses, end } = this;
    return {
      steps: losses.length,
      losses,
      lr,
      step,
      seconds: (performance.now() - this.#startedAt) / 1000,
      ...(end !== undefined && { end }),
    };
  }
}
