/** A range test as its entries tell it: the ramp, the probes, and what is suggested. */

import type { Decision, Interval } from '../conversation/decision.js';
import type { Entry } from '../record/entry.js';

export interface RangeReport {
  /** What it may cost; undefined before it was planned. */
  readonly plan: Extract<Decision, { kind: 'range-planned' }> | undefined;
  /** Undefined before it was found; with why, where a ramp found it. */
  readonly interval: (Interval & { readonly why?: string }) | undefined;
  /** LR and training loss of each step of the ramp, in order; a loss is NaN where it was not finite. */
  readonly ramp: { readonly lrs: readonly number[]; readonly losses: readonly number[] };
  /** In the order in which they were trained; a loss is NaN where it diverged. */
  readonly probes: readonly RangeProbe[];
  /** Undefined where the test found nothing. */
  readonly suggestion: Extract<Decision, { kind: 'range-found' }> | undefined;
}

export interface RangeProbe {
  readonly lr: number;
  readonly steps: number;
  readonly loss: number;
}

/** Takes the entries of a range test in their order. */
export class RangeReportBuilder {
  readonly #lrs: number[] = [];
  readonly #losses: number[] = [];
  readonly #probes: RangeProbe[] = [];
  #isRamp = false;
  #plan: RangeReport['plan'];
  #asked: readonly number[] = [];
  #interval: RangeReport['interval'];
  #suggestion: RangeReport['suggestion'];

  get report(): RangeReport {
    return {
      plan: this.#plan,
      interval: this.#interval,
      ramp: { lrs: [...this.#lrs], losses: [...this.#losses] },
      probes: [...this.#probes],
      suggestion: this.#suggestion,
    };
  }

  add(entry: Entry): void {
    if (entry.kind === 'decision') this.#decide(entry.decision);
    else if (this.#isRamp) this.#follow(entry);
  }

  #follow(entry: Entry): void {
    if (entry.kind === 'command' && entry.command.kind === 'train') {
      const { lr, steps } = entry.command;
      this.#asked = typeof lr === 'number' ? Array.from({ length: steps }, () => lr) : lr;
    } else if (entry.kind === 'reply' && entry.reply.kind === 'trained') {
      const { losses } = entry.reply;
      this.#losses.push(...losses);
      this.#lrs.push(...this.#asked.slice(0, losses.length));
    }
  }

  #decide(decision: Decision): void {
    if (decision.kind === 'range-planned') this.#plan = decision;
    else if (decision.kind === 'range-test-started') this.#isRamp = true;
    else if (decision.kind === 'interval-found') {
      this.#isRamp = false;
      this.#interval = { ...decision.interval, why: decision.why };
    } else if (decision.kind === 'stage-started') this.#interval ??= decision.interval;
    else if (decision.kind === 'probe-ended') {
      const { lr, steps, outcome } = decision;
      const loss = outcome.kind === 'forecast' ? outcome.loss : Number.NaN;
      this.#probes.push({ lr, steps, loss });
    } else if (decision.kind === 'range-found') this.#suggestion = decision;
  }
}
