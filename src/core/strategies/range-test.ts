/**
 * The LR range test (Smith 2017, arXiv 1506.01186): train with an LR that grows exponentially over many decades, and
 * read off where the loss stops falling. It finds the interval when the user gives none.
 *
 * The top of the interval is at most 1.5 octaves above the LR of the lowest smoothed loss before the *first* clear
 * rise: a later, lower loss at absurd LRs, as Adam with clipping shows, is a trap. The bottom is three decades below,
 * or below a lower top that the user gave, above which no LR is tried.
 */

import { type Conversation, decide, discard } from '../conversation/conversation.js';
import type { Interval } from '../conversation/decision.js';
import { AutolrsError } from '../errors.js';
import { robustNoise } from '../math/noise.js';
import { finiteMean, variance, windowMeans } from '../math/statistics.js';
import type { TunerOptions } from '../options.js';
import type { Limits } from './limits.js';
import { factorInterval } from './lr-interval.js';
import {
  didDiverge,
  restoreCounted,
  type StrategyState,
  saveCounted,
  trainCounted,
} from './state.js';

/** LR at the first step of the ramp. */
const RAMP_FROM_LR = 1e-6;

/** LR at the end of the ramp. */
const RAMP_TO_LR = 100;

/** Octaves from the first LR of the ramp to the last. */
const RAMP_OCTAVES = Math.log2(RAMP_TO_LR / RAMP_FROM_LR);

/** Share of all steps for the ramp of strategy `paper`. */
const RAMP_SHARE = 0.02;

/** Smallest length of the ramp in steps, where the run allows it. */
const RAMP_LEAST_STEPS = 96;

/** Largest length of the ramp in steps. */
const RAMP_MOST_STEPS = 3000;

/** Largest share of all steps for the ramp. */
const RAMP_MOST_SHARE = 1 / 8;

/** Length in steps below which a ramp sees nothing. */
const RAMP_BLIND_BELOW_STEPS = 27;

/** Largest distance in octaves of the interval's top above the LR of the lowest loss. */
const TOP_ABOVE_LOWEST_OCTAVES = 1.5;

/** Decades from the bottom of the interval to its top. */
const INTERVAL_DECADES = 3;

/** Standard errors of the running mean from which on a descent or a rise is clear. */
const CLEAR_ERRORS = 5;

/** Smallest clear descent, as a share of the first loss: noise that repeats itself is no descent. */
const CLEAR_DESCENT_SHARE = 0.02;

/** Share of a clear descent that a clear rise after it gives back. */
const CLEAR_RISE_SHARE = 0.15;

/** Smallest clear rise after a clear descent, in standard errors of the running mean. */
const LEAST_RISE_ERRORS = 2;

/** Smallest clear rise without a descent before it, as a share of the first loss. */
const CLEAR_LONE_RISE_SHARE = 0.1;

/** Share of the ramp, from its first step, whose LRs of 1e-6 to 1e-5 move no model. */
const QUIET_SHARE = 1 / 8;

/** What the ramp shows so far. `lrs` and `losses` are of equal length, in the order trained. */
export interface RampReading {
  /** LR of the lowest smoothed loss; undefined when nothing fell clearly. */
  readonly lowestAt: number | undefined;
  readonly firstLoss: number;
  readonly lowestLoss: number;
  /** LR at which the loss first rose clearly above its lowest. */
  readonly roseAt: number | undefined;
}

/** The interval that the user gave; undefined when a bound of it is open. Of factors there always is one. */
export function givenInterval(options: TunerOptions): Interval | undefined {
  const { minLr, maxLr, keepSchedule, search } = options;
  if (keepSchedule && search === 'inside') return factorInterval(options);
  if (minLr === undefined || maxLr === undefined) return undefined;
  return { min: minLr, max: maxLr, from: 'given' };
}

/** Finds the bounds that the user left open, in at most `steps` search steps; leaves the trainer as it found it. */
export function* findInterval(
  state: StrategyState,
  steps: number,
): Conversation<Interval | undefined> {
  yield* decide({ kind: 'range-test-started', steps });
  yield* saveCounted(state, 'range-test');
  const ramp = yield* trainRamp(state, steps);
  yield* restoreCounted(state, 'range-test');
  yield* discard('range-test');
  if (ramp.dataEnded) return undefined;
  const { interval, why, seen } = readInterval(ramp, steps, state.options);
  state.ramp = seen;
  yield* decide({ kind: 'interval-found', interval, why });
  return interval;
}

/**
 * How long the ramp of strategy `paper` is.
 *
 * @throws AutolrsError `USAGE` when the run is too short for one that sees anything.
 */
export function rampSteps(limits: Limits): number {
  const total = Math.min(limits.total ?? Infinity, 2 * (limits.steps ?? Infinity));
  const wanted = Math.min(
    RAMP_MOST_STEPS,
    Math.max(RAMP_LEAST_STEPS, Math.round(total * RAMP_SHARE)),
  );
  const steps = Math.min(wanted, Math.floor(total * RAMP_MOST_SHARE));
  if (steps < RAMP_BLIND_BELOW_STEPS) {
    throw new AutolrsError(
      'USAGE',
      `a run of ${total} steps, search included, is too short to find an LR interval; give \`minLr\` and \`maxLr\``,
    );
  }
  return steps;
}

interface Ramp {
  readonly lrs: readonly number[];
  readonly losses: readonly number[];
  readonly divergedAt: number | undefined;
  readonly dataEnded: boolean;
}

/** Trains about an octave at a time, so that a loss that rises is noticed before it has cost much. */
function* trainRamp(state: StrategyState, steps: number): Conversation<Ramp> {
  const highest = state.options.maxLr ?? RAMP_TO_LR;
  const all = rampLrs(steps).filter((lr) => lr <= highest);
  const slice = Math.max(2, Math.round(steps / RAMP_OCTAVES));
  const losses: number[] = [];
  let divergedAt: number | undefined;
  while (losses.length < all.length && divergedAt === undefined) {
    const lrs = all.slice(losses.length, losses.length + slice);
    const reply = yield* trainCounted(state, { purpose: 'search', steps: lrs.length, lr: lrs });
    for (const loss of reply.losses) losses.push(loss);
    if (reply.end === 'data') return { lrs: all, losses, divergedAt, dataEnded: true };
    if (didDiverge(reply)) divergedAt = all[Math.max(0, losses.length - 1)];
    else if (readRamp(all, losses, steps).roseAt !== undefined) break;
  }
  return { lrs: all.slice(0, losses.length), losses, divergedAt, dataEnded: false };
}

/**
 * LRs of a geometric ramp. The last rounds to just above its end at most lengths, and who tries none above that has one step
 * fewer. It stays so: what a run does would change.
 */
function rampLrs(steps: number): number[] {
  const growth = Math.log(RAMP_TO_LR / RAMP_FROM_LR) / (steps - 1);
  return Array.from({ length: steps }, (_, i) => RAMP_FROM_LR * Math.exp(growth * i));
}

/**
 * Reads a ramp: smooths by a running mean, takes the noise from successive differences, and stops at the first clear
 * rise. Non-finite losses at the end are left out; the caller knows that it diverged.
 */
export function readRamp(
  lrs: readonly number[],
  losses: readonly number[],
  rampLength: number,
): RampReading {
  const window = Math.max(4, Math.round(rampLength / RAMP_OCTAVES));
  const finite = losses.slice(0, firstNonFinite(losses));
  const levels = windowMeans(finite, window);
  // The first LRs are too low to move the model, so what its level does there is noise.
  const quiet = Math.max(1, Math.floor(rampLength * QUIET_SHARE));
  const error = Math.max(robustNoise(finite, 1) / Math.sqrt(window), sdOf(levels.slice(0, quiet)));
  const firstLoss = finiteMean(finite.slice(0, quiet + window)) ?? Number.NaN;
  const clearDescent = Math.max(CLEAR_ERRORS * error, CLEAR_DESCENT_SHARE * Math.abs(firstLoss));
  const clearRiseAlone = Math.max(
    CLEAR_ERRORS * error,
    CLEAR_LONE_RISE_SHARE * Math.abs(firstLoss),
  );
  let lowestLoss = firstLoss;
  let lowestAt: number | undefined;
  for (const [i, level] of levels.entries()) {
    const descent = firstLoss - lowestLoss;
    const clearRise =
      descent > clearDescent
        ? Math.max(
            LEAST_RISE_ERRORS * error,
            Math.min(CLEAR_ERRORS * error, CLEAR_RISE_SHARE * descent),
          )
        : clearRiseAlone;
    // The running mean lags by half its window; its last LR is where the rise was seen.
    if (level - lowestLoss > clearRise) {
      return { lowestAt, firstLoss, lowestLoss, roseAt: lrs[i + window - 1] };
    }
    if (level < lowestLoss) {
      lowestLoss = level;
      if (firstLoss - level > clearDescent) lowestAt = lrs[i + Math.floor(window / 2)];
    }
  }
  return { lowestAt, firstLoss, lowestLoss, roseAt: undefined };
}

function readInterval(
  ramp: Ramp,
  steps: number,
  options: TunerOptions,
): { interval: Interval; why: string; seen: StrategyState['ramp'] } {
  const reading = readRamp(ramp.lrs, ramp.losses, steps);
  const ceiling = ramp.divergedAt ?? reading.roseAt;
  const found = topOf(reading, ceiling);
  const max = options.maxLr ?? found;
  // A given top may lie decades above what the script bears.
  const min = options.minLr ?? Math.min(max, found) / 10 ** INTERVAL_DECADES;
  if (!(min < max)) {
    throw new AutolrsError(
      'USAGE',
      `\`minLr\` ${min} is not below ${max.toPrecision(3)}, the highest usable LR that the range test found; give a lower \`minLr\` or a \`maxLr\``,
    );
  }
  const seen = { sawDescent: reading.lowestAt !== undefined, ceiling: ceiling ?? Infinity };
  return { interval: { min, max, from: 'range-test' }, why: explain(reading, ramp), seen };
}

function topOf(reading: RampReading, ceiling: number | undefined): number {
  // Nothing fell before the loss blew up: stay two octaves clear of the place where it did.
  if (reading.lowestAt === undefined) return ceiling === undefined ? 1 : ceiling / 4;
  return Math.min(reading.lowestAt * 2 ** TOP_ABOVE_LOWEST_OCTAVES, ceiling ?? Infinity);
}

function explain(reading: RampReading, { divergedAt, lrs }: Ramp): string {
  const { lowestAt, firstLoss, roseAt } = reading;
  const first = Number.isFinite(firstLoss) ? round(firstLoss) : 'the first';
  const fell =
    lowestAt === undefined ? `no loss clearly below ${first}` : `lowest loss at ${round(lowestAt)}`;
  if (divergedAt !== undefined) return `${fell}, diverged at ${round(divergedAt)}`;
  if (roseAt !== undefined) return `${fell}, rose at ${round(roseAt)}`;
  return `${fell}, no rise up to ${round(lrs.at(-1) ?? RAMP_FROM_LR)}`;
}

function round(value: number): string {
  return value !== 0 && Math.abs(value) < 1e-3
    ? value.toExponential(2)
    : String(Number(value.toPrecision(3)));
}

function sdOf(levels: readonly number[]): number {
  const squares = variance(levels);
  return Number.isFinite(squares) ? Math.sqrt(squares) : 0;
}

function firstNonFinite(losses: readonly number[]): number {
  const index = losses.findIndex((loss) => !Number.isFinite(loss));
  return index === -1 ? losses.length : index;
}
