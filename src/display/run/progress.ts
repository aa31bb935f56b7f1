/** Where a run stands, folded from its entries and from the trainer's progress notifications. */

import type { Command, Reply, TrainedReply } from '../../core/conversation/command.js';
import type { Decision } from '../../core/conversation/decision.js';
import type { Entry } from '../../core/record/entry.js';
import {
  addSteps,
  EMPTY_LEDGER,
  type Ledger,
  rollBackTo,
  totalSteps,
} from '../../core/record/ledger.js';

export interface ProgressSnapshot {
  /** What is being done now: `probe 3 of 10`, `commit`, `range test`; empty before the first. */
  readonly activity: string;
  readonly stage: number | undefined;
  readonly lr: number | undefined;
  /** Mean of the losses that came last. */
  readonly loss: number | undefined;
  /** The latest forecast of this stage. */
  readonly forecast: number | undefined;
  readonly ledger: Ledger;
  /** The fraction of the run that is done, in [0, 1]; undefined while it is not known. */
  readonly share: number | undefined;
  readonly stepsPerSecond: number | undefined;
  readonly secondsLeft: number | undefined;
}

const STARTING = 'starting the script';

export class Progress {
  #activity = '';
  /** Whether a process of the script was started, and nothing has come of it yet. */
  #isStarting = false;
  #stage: number | undefined;
  #candidates = 0;
  #lr: number | undefined;
  #loss: number | undefined;
  #forecast: number | undefined;
  #ledger: Ledger = EMPTY_LEDGER;
  /** Committed steps at each checkpoint: what was committed beyond one is search once it is gone back to. */
  readonly #saved = new Map<string, number>();
  #asked: Command | undefined;
  /** Steps of the command in flight, and those that progress notifications have told of. */
  #inFlight: { readonly command: Command; told: number } | undefined;
  #limits: { readonly steps?: number; readonly total?: number } = {};
  #searchShare: number | undefined;
  #trainedSteps = 0;
  #trainedSeconds = 0;

  add(entry: Entry): void {
    this.#isStarting = entry.kind === 'started' && entry.worker === undefined;
    if (entry.kind === 'decision') this.#decide(entry.decision);
    else if (entry.kind === 'batch') this.#activity = `${entry.batch.probes.length} probes`;
    else if (entry.kind === 'command') this.#ask(entry.command);
    else if (entry.kind === 'slice') this.#answer(entry.reply);
    else if (entry.kind === 'reply') this.#hear(entry.reply);
  }

  /** Losses that the trainer told of before it answers. */
  tell(losses: readonly number[]): void {
    if (this.#inFlight === undefined) return;
    this.#inFlight.told += losses.length;
    this.#count(losses, losses.length);
  }

  snapshot(): ProgressSnapshot {
    const done = totalSteps(this.#ledger);
    const expected = this.#expectedTotal();
    const speed = this.#trainedSeconds > 0 ? this.#trainedSteps / this.#trainedSeconds : undefined;
    const isKnown = expected !== undefined && speed !== undefined && speed > 0;
    return {
      // Before anything was done there is nothing to go on with.
      activity: this.#isStarting && this.#activity !== '' ? STARTING : this.#activity,
      stage: this.#stage,
      lr: this.#lr,
      loss: this.#loss,
      forecast: this.#forecast,
      ledger: this.#ledger,
      share: expected === undefined ? undefined : Math.min(1, done / expected),
      stepsPerSecond: speed,
      secondsLeft: isKnown ? Math.max(0, expected - done) / speed : undefined,
    };
  }

  /** All steps, search included; a run that counts committed steps will search on at the share seen so far. */
  #expectedTotal(): number | undefined {
    const { steps, total } = this.#limits;
    if (total !== undefined) return total;
    if (steps === undefined || this.#searchShare === undefined) return undefined;
    const committedLeft = Math.max(0, steps - this.#ledger.committed);
    const searched = this.#ledger.search;
    return Math.max(
      searched + steps,
      this.#ledger.committed + searched + committedLeft * (1 + this.#searchShare),
    );
  }

  #hear(reply: Reply): void {
    const asked = this.#asked;
    if (reply.kind === 'begun') {
      this.#ledger = rollBackTo(this.#ledger, 0);
      this.#saved.clear();
    } else if (reply.kind === 'trained') {
      this.#answer(reply);
      this.#inFlight = undefined;
    } else if (asked?.kind === 'save') this.#saved.set(asked.checkpoint, this.#ledger.committed);
    else if (asked?.kind === 'restore') {
      // One of an earlier process of the run is not known here, and neither are the steps before it.
      const committed = this.#saved.get(asked.checkpoint) ?? this.#ledger.committed;
      this.#ledger = rollBackTo(this.#ledger, committed);
    } else if (asked?.kind === 'discard') this.#saved.delete(asked.checkpoint);
  }

  #ask(command: Command): void {
    this.#asked = command;
    if (command.kind !== 'train') return;
    this.#inFlight = { command, told: 0 };
    this.#lr = typeof command.lr === 'number' ? command.lr : command.lr.at(-1);
  }

  #answer({ losses, steps, seconds }: TrainedReply): void {
    const told = this.#inFlight?.told ?? 0;
    this.#count(losses.slice(told), steps - told);
    if (this.#inFlight) this.#inFlight.told = 0;
    this.#trainedSteps += steps;
    this.#trainedSeconds += seconds;
  }

  #count(losses: readonly number[], steps: number): void {
    const command = this.#inFlight?.command;
    if (command?.kind !== 'train') return;
    this.#ledger = addSteps(this.#ledger, command.purpose, steps);
    const recent = losses.slice(-20).filter((loss) => Number.isFinite(loss));
    if (recent.length > 0) this.#loss = recent.reduce((sum, loss) => sum + loss, 0) / recent.length;
  }

  #decide(decision: Decision): void {
    switch (decision.kind) {
      case 'budget':
        this.#limits = decision;
        return;
      case 'end-aimed':
        this.#limits = { total: totalSteps(this.#ledger) + decision.untilStep - decision.step };
        return;
      case 'range-planned':
        this.#limits = { total: decision.mostSteps };
        return;
      case 'warmup-started':
        this.#activity = 'warm-up';
        return;
      case 'range-test-started':
        this.#activity = 'range test';
        return;
      case 'stage-started':
        this.#stage = decision.stage;
        this.#candidates = decision.candidates;
        this.#searchShare = (decision.candidates * decision.probeSteps) / decision.stageSteps;
        this.#forecast = undefined;
        return;
      case 'probe-started': {
        const of = this.#candidates > 0 ? ` of ${this.#candidates}` : '';
        this.#activity = `probe ${decision.probe + 1}${of}`;
        return;
      }
      case 'probe-ended':
        if (decision.outcome.kind === 'forecast') this.#forecast = decision.outcome.loss;
        return;
      case 'script-begins':
        this.#activity = STARTING;
        return;
      case 'commit-started':
        this.#activity = 'commit';
        this.#forecast = decision.forecast;
        return;
      default:
        return;
    }
  }
}
