/** A run's entries as scalars over committed steps, for trackers: few enough for any length of run. */

import type { Command, Reply, TrainedReply } from '../conversation/command.js';
import type { Entry } from './entry.js';
import type { Ledger } from './ledger.js';

export type ScalarPoint =
  | {
      readonly kind: 'committed';
      readonly step: number;
      readonly values: Readonly<Record<string, number>>;
    }
  /** What is beyond this committed step was taken back. */
  | { readonly kind: 'taken-back'; readonly step: number }
  | {
      readonly kind: 'trial';
      /** Which one, from 0. */
      readonly trial: number;
      readonly lr: number | undefined;
      readonly step: number;
      readonly values: Readonly<Record<string, number>>;
    };

/** Points of a curve, about: what a tracker keeps of it at the most. */
const MOST_POINTS = 10_000;

/** Longest name of a metric. */
const LONGEST_NAME = 100;

/** Losses since the last point, and where they are. */
interface Pending {
  count: number;
  sum: number;
}

export class ScalarPoints {
  #asked: Command | undefined;
  /** Steps of the last command that are answered already. */
  #answered = 0;
  #stride = 1;
  #label = 'learning_rate';
  #committed = 0;
  #pending: Pending = { count: 0, sum: 0 };
  #trial: { readonly index: number; readonly lr: number | undefined; steps: number } | undefined;
  #trials = 0;

  readonly #metric: string | undefined;

  /**
   * @param isFactor Whether LRs are factors on the script's own as the run begins.
   * @param metric Name of the metric that the run goes by, if it does.
   */
  constructor(isFactor: boolean, metric?: string) {
    this.#metric = metric;
    if (isFactor) this.#label = 'factor';
  }

  /** @param ledger The run's, with this entry folded in. */
  add(entry: Entry, { committed }: Ledger): readonly ScalarPoint[] {
    if (entry.kind === 'command') {
      this.#asked = entry.command;
      this.#answered = 0;
    } else if (entry.kind === 'decision') this.#decide(entry);
    else if (entry.kind === 'printed') {
      return this.#printed(committed, entry.losses, entry.metric);
    } else if (entry.kind === 'reply' || entry.kind === 'slice') {
      return this.#hear(entry.reply, committed);
    }
    return [];
  }

  #decide({ decision }: Extract<Entry, { kind: 'decision' }>): void {
    if (decision.kind === 'budget') {
      const { steps = 0, total = 0 } = decision;
      this.#stride = Math.max(1, Math.ceil(Math.max(steps, total) / MOST_POINTS));
    } else if (decision.kind === 'factor-found') this.#label = 'factor';
    else if (decision.kind === 'probe-started') this.#begin(decision.lr);
    else if (decision.kind === 'probe-ended') this.#trial = undefined;
  }

  #begin(lr: number | undefined): void {
    this.#trial = { index: this.#trials++, lr, steps: 0 };
  }

  #hear(reply: Reply, committed: number): readonly ScalarPoint[] {
    const asked = this.#asked;
    if (reply.kind === 'restored' || reply.kind === 'begun') return this.#goBack(committed);
    if (reply.kind === 'trained' && asked?.kind === 'train') {
      const lrs = typeof asked.lr === 'number' ? asked.lr : asked.lr.slice(this.#answered);
      this.#answered += reply.steps;
      if (asked.purpose === 'search') return this.#search(reply, lrs, committed);
      return this.#commit(reply, lrs, committed);
    }
    if (reply.kind === 'validated' && asked?.kind === 'validate' && asked.purpose === 'commit') {
      return evaluation(committed, reply.loss, reply.metrics);
    }
    return [];
  }

  #commit(
    { losses, printed, printedMetric }: TrainedReply,
    lrs: number | readonly number[],
    committed: number,
  ): readonly ScalarPoint[] {
    this.#trial = undefined;
    const from = committed - losses.length;
    this.#committed = committed;
    const points = losses.flatMap((loss, i): readonly ScalarPoint[] => {
      const step = from + i + 1;
      if (Number.isFinite(loss)) {
        this.#pending.count++;
        this.#pending.sum += loss;
      }
      if (step % this.#stride !== 0) return [];
      const { count, sum } = this.#pending;
      this.#pending = { count: 0, sum: 0 };
      const lr = typeof lrs === 'number' ? lrs : (lrs[i] ?? Number.NaN);
      const values = { 'train/loss': count > 0 ? sum / count : Number.NaN, [this.#label]: lr };
      return [{ kind: 'committed', step, values }];
    });
    return [...points, ...this.#printed(committed, printed, printedMetric)];
  }

  /** What the script printed of its validation: its loss, or the metric that the run goes by. */
  #printed(
    step: number,
    losses: readonly number[] = [],
    values: readonly number[] = [],
  ): readonly ScalarPoint[] {
    const value = values.at(-1);
    if (this.#metric === undefined || value === undefined) return evaluation(step, losses.at(-1));
    return [{ kind: 'committed', step, values: { [nameOf(this.#metric)]: value } }];
  }

  #search(
    { losses }: TrainedReply,
    lrs: number | readonly number[],
    committed: number,
  ): readonly ScalarPoint[] {
    if (this.#trial === undefined) this.#begin(undefined);
    const trial = this.#trial;
    if (trial === undefined) return [];
    return losses.map((loss, i) => {
      const step = committed + ++trial.steps;
      const lr = typeof lrs === 'number' ? lrs : (lrs[i] ?? Number.NaN);
      const values = { 'train/loss': loss, [this.#label]: lr };
      return { kind: 'trial', trial: trial.index, lr: trial.lr, step, values };
    });
  }

  #goBack(committed: number): readonly ScalarPoint[] {
    this.#trial = undefined;
    this.#pending = { count: 0, sum: 0 };
    if (committed >= this.#committed) return [];
    this.#committed = committed;
    return [{ kind: 'taken-back', step: committed }];
  }
}

function nameOf(metric: string): string {
  return `validation/${metric.slice(0, LONGEST_NAME)}`;
}

function evaluation(
  step: number,
  loss: number | undefined,
  metrics: Readonly<Record<string, number>> = {},
): readonly ScalarPoint[] {
  if (loss === undefined) return [];
  const named = Object.entries(metrics).map(([name, value]) => [nameOf(name), value] as const);
  const values = { ...Object.fromEntries(named), 'validation/loss': loss };
  return [{ kind: 'committed', step, values }];
}
