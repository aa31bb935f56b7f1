/** What a run does, counted by phase while its strategy goes through them. */

import type { ProbeAnswer } from '../conversation/batch.js';
import type { Command, Reply, TrainCommand, TrainedReply } from '../conversation/command.js';
import type { Decision } from '../conversation/decision.js';

/**
 * `timing`: steps that are measured for a time budget; `probes`: those of strategy `paper`, and of factors; `search`: what else
 * is rolled back; `training`: all that is committed, where the strategy has no warm-up and no decay.
 */
export const PLANNED_PHASES = [
  'timing',
  'ramp',
  'coarse-probes',
  'trunk',
  'fine-probes',
  'probes',
  'search',
  'warm-up',
  'hold',
  'decay',
  'training',
] as const;
export type PlannedPhaseName = (typeof PLANNED_PHASES)[number];

export interface PlannedPhase {
  readonly phase: PlannedPhaseName;
  readonly isSearch: boolean;
  readonly steps: number;
  /** Probes of it, and the fewest and the most steps that one has. Absent: it has none. */
  readonly probes?: { readonly count: number; readonly least: number; readonly most: number };
  readonly evaluations: number;
  /** Training, evaluations, and checkpoints in memory. */
  readonly seconds: number;
}

interface Tally {
  steps: number;
  readonly probes: number[];
  evaluations: number;
  seconds: number;
}

const COMMITTED: ReadonlySet<PlannedPhaseName> = new Set(['warm-up', 'hold', 'decay', 'training']);

export class PlanBuilder {
  /** In the order in which the run has them first. */
  readonly #tallies = new Map<PlannedPhaseName, Tally>();
  /** What is done before the first step of a process is that step's phase's. */
  #ahead = emptyTally();
  #current: PlannedPhaseName | undefined;
  /** What search is, outside of probes. */
  #search: PlannedPhaseName = 'search';
  /** Of `horizon`: probes of the coarse rung. */
  #coarseProbes: number | undefined;
  #probes = 0;
  #isInProbe = false;
  /** The LR that the committed steps rise to and fall from. */
  #peak = Infinity;
  #hasPeaked = false;

  /** @param isTimed Whether steps are measured before all else. */
  constructor(isTimed: boolean) {
    if (isTimed) this.#search = 'timing';
  }

  hear(decision: Decision): void {
    switch (decision.kind) {
      case 'search-planned':
        this.#coarseProbes = decision.coarse.steps > 0 ? decision.coarse.probes : undefined;
        this.#search = this.#coarseProbes === undefined ? 'search' : 'trunk';
        return;
      case 'range-test-started':
        this.#search = 'ramp';
        return;
      case 'interval-found':
        this.#search = this.#coarseProbes === undefined ? 'search' : 'trunk';
        return;
      case 'probe-started':
        this.#isInProbe = true;
        return;
      case 'probe-ended':
        this.#tallyOf(this.#rungOf(this.#probes++)).probes.push(decision.steps);
        this.#isInProbe = false;
        return;
      case 'script-begins':
        this.#current = undefined;
        this.#hasPeaked = false;
        return;
      case 'commit-started':
        this.#peak = decision.lr;
        return;
    }
  }

  /** Adds what was asked, and what came of it. */
  add(command: Command, reply: Reply): void {
    if (command.kind === 'train') {
      if (reply.kind === 'trained') this.#addTraining(command, reply);
      return;
    }
    // What the script takes to begin is no phase's.
    if (reply.kind === 'begun' || !('seconds' in reply)) return;
    const tally = this.#current === undefined ? this.#ahead : this.#tallyOf(this.#current);
    tally.seconds += reply.seconds;
    if (reply.kind === 'validated') tally.evaluations++;
  }

  /**
   * Adds probes that are done together; their decisions follow.
   *
   * @param seconds What all of them take.
   */
  addBatch(answers: readonly ProbeAnswer[], seconds: number): void {
    for (const [i, answer] of answers.entries()) {
      const tally = this.#begin(this.#rungOf(this.#probes + i));
      tally.seconds += seconds / answers.length;
      for (const reply of answer) {
        if (reply.kind === 'trained') tally.steps += reply.steps;
        if (reply.kind === 'validated') tally.evaluations++;
      }
    }
  }

  build(): readonly PlannedPhase[] {
    const isShaped = this.#tallies.has('decay');
    return [...this.#tallies].map(([name, { steps, probes, evaluations, seconds }]) => ({
      phase: name === 'hold' && !isShaped ? 'training' : name,
      isSearch: !COMMITTED.has(name),
      steps,
      ...(probes.length > 0 && {
        probes: { count: probes.length, least: Math.min(...probes), most: Math.max(...probes) },
      }),
      evaluations,
      seconds,
    }));
  }

  #addTraining({ purpose, lr }: TrainCommand, { steps, seconds }: TrainedReply): void {
    if (purpose === 'search') {
      const tally = this.#begin(this.#isInProbe ? this.#rungOf(this.#probes) : this.#search);
      tally.steps += steps;
      tally.seconds += seconds;
      return;
    }
    for (let from = 0; from < steps; ) {
      const name = this.#committedAt(lrAt(lr, from));
      let to = from + 1;
      while (to < steps && this.#committedAt(lrAt(lr, to)) === name) to++;
      const tally = this.#begin(name);
      tally.steps += to - from;
      tally.seconds += (seconds * (to - from)) / steps;
      from = to;
    }
  }

  #committedAt(lr: number): PlannedPhaseName {
    const isAtPeak = lr >= this.#peak * (1 - 1e-9); // beyond rounding
    this.#hasPeaked ||= isAtPeak;
    if (isAtPeak) return 'hold';
    return this.#hasPeaked ? 'decay' : 'warm-up';
  }

  #rungOf(probe: number): PlannedPhaseName {
    if (this.#coarseProbes === undefined) return 'probes';
    return probe < this.#coarseProbes ? 'coarse-probes' : 'fine-probes';
  }

  #begin(name: PlannedPhaseName): Tally {
    const tally = this.#tallyOf(name);
    this.#current = name;
    tally.seconds += this.#ahead.seconds;
    tally.evaluations += this.#ahead.evaluations;
    this.#ahead = emptyTally();
    return tally;
  }

  #tallyOf(name: PlannedPhaseName): Tally {
    const known = this.#tallies.get(name);
    if (known !== undefined) return known;
    const tally = emptyTally();
    this.#tallies.set(name, tally);
    return tally;
  }
}

function lrAt(lr: TrainCommand['lr'], step: number): number {
  return typeof lr === 'number' ? lr : (lr[step] ?? Number.NaN);
}

function emptyTally(): Tally {
  return { steps: 0, probes: [], evaluations: 0, seconds: 0 };
}
