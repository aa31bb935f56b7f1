/** A run's metric along its committed path: the last value and the best. Values that are not finite do not count. */

import { isBetter, type Metric, type MetricPoint, metricValue, orient } from './metric.js';

export interface MetricResult extends Metric {
  /** Of the model that the run has; null before it was measured. */
  readonly value: number | null;
  /** The committed step at which that was measured. */
  readonly step?: number;
  /** Of all evaluations on the committed path; null before the first. */
  readonly best: number | null;
  readonly bestStep?: number;
}

export class MetricRecord {
  readonly #metric: Metric | undefined;
  readonly #last: MetricPoint | undefined;
  readonly #best: MetricPoint | undefined;

  private constructor(
    metric: Metric | undefined,
    last: MetricPoint | undefined,
    best: MetricPoint | undefined,
  ) {
    this.#metric = metric;
    this.#last = last;
    this.#best = best;
  }

  static of(metric: Metric | undefined): MetricRecord {
    return new MetricRecord(metric, undefined, undefined);
  }

  /** Undefined where the run goes by the loss. */
  get result(): MetricResult | undefined {
    if (this.#metric === undefined) return undefined;
    const [last, best] = [this.#last, this.#best];
    return {
      ...this.#metric,
      value: last?.value ?? null,
      ...(last && { step: last.step }),
      best: best?.value ?? null,
      ...(best && { bestStep: best.step }),
    };
  }

  /** The value among those of an evaluation, if it is there and finite. */
  pointOf(
    metrics: Readonly<Record<string, number>> | undefined,
    step: number,
  ): MetricPoint | undefined {
    const value = this.#metric && metricValue(this.#metric, metrics);
    return value === undefined ? undefined : { value, step };
  }

  /** The model came to that. */
  with(point: MetricPoint | undefined): MetricRecord {
    return point === undefined ? this : new MetricRecord(this.#metric, point, this.#better(point));
  }

  /** An average of the weights came to that; the model is still what it was. */
  withAverage(point: MetricPoint | undefined): MetricRecord {
    if (point === undefined) return this;
    return new MetricRecord(this.#metric, this.#last, this.#better(point));
  }

  #better(point: MetricPoint): MetricPoint {
    const scoreOf = ({ value }: MetricPoint) => orient(value, this.#metric);
    const best = this.#best;
    return best === undefined || isBetter(scoreOf(point), scoreOf(best)) ? point : best;
  }
}
