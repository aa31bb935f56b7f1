/** A schedule as one of the shapes that people know: what is closest to it by least squares. */

import { lrAt, type Schedule } from '../record/committed-schedule.js';

/** Warm-up to the peak, then half a cosine down to `end`. */
export interface CosineShape {
  readonly kind: 'cosine';
  readonly warmUpSteps: number;
  readonly peak: number;
  /** LR at the last step. */
  readonly end: number;
  readonly steps: number;
}

/** Warm-up to the peak, hold, and linear decay to `end`. */
export interface WsdShape {
  readonly kind: 'wsd';
  readonly warmUpSteps: number;
  /** The first step of the decay. */
  readonly decayFrom: number;
  readonly peak: number;
  readonly end: number;
  readonly steps: number;
}

export type FittedShape = CosineShape | WsdShape;

/** How far a fit is from what it was fitted to, as shares of the highest LR. */
export interface FitDeviation {
  readonly largest: number;
  /** Root of the mean square. */
  readonly typical: number;
}

/** Steps at which a fit is judged. */
const MOST_SAMPLES = 1000;

/** Places of a corner that are tried, then again around the best one, so many times. */
const PLACES = 24;
const ROUNDS = 4;

/** @param steps Committed steps of the run, at least 1. */
export function fitShape(
  schedule: Schedule,
  steps: number,
  kind: FittedShape['kind'],
): { readonly shape: FittedShape; readonly deviation: FitDeviation } {
  const samples = samplesOf(schedule, steps);
  let [low, high] = [
    { warmUp: 0, decay: 0 },
    { warmUp: 0.5, decay: 1 },
  ];
  let best: Candidate | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const warmUps = spread(low.warmUp, high.warmUp);
    const decays = kind === 'wsd' ? spread(low.decay, high.decay) : [0];
    for (const warmUp of warmUps) {
      for (const decay of decays.filter((at) => kind === 'cosine' || at >= warmUp)) {
        const candidate = solve(samples, steps, { kind, warmUp, decay });
        if (best === undefined || candidate.error < best.error) best = candidate;
      }
    }
    const { warmUp = 0, decay = 0 } = best ?? {};
    const reach = (side: number) => side / (PLACES - 1);
    const [near, far] = [reach(high.warmUp - low.warmUp), reach(high.decay - low.decay)];
    low = { warmUp: Math.max(0, warmUp - near), decay: Math.max(0, decay - far) };
    high = { warmUp: Math.min(0.5, warmUp + near), decay: Math.min(1, decay + far) };
  }
  if (best === undefined) throw new Error('no shape was tried');
  return {
    shape: best.shape,
    deviation: deviationOf(samples, (step) => lrOfShape(best.shape, step)),
  };
}

/** How far a function of the step is from a schedule. */
export function measureDeviation(
  schedule: Schedule,
  steps: number,
  lrOf: (step: number) => number,
): FitDeviation {
  return deviationOf(samplesOf(schedule, steps), lrOf);
}

/** The LR at step `step`, counted from 0; after the last one it is that of the last. */
export function lrOfShape(shape: FittedShape, step: number): number {
  const { peak, end } = shape;
  const { rise, fall } = partsAt(shape, step);
  return rise * (end + (peak - end) * fall);
}

interface Sample {
  readonly step: number;
  readonly lr: number;
}

interface Candidate {
  readonly shape: FittedShape;
  readonly warmUp: number;
  readonly decay: number;
  readonly error: number;
}

function samplesOf(schedule: Schedule, steps: number): readonly Sample[] {
  const count = Math.min(steps, MOST_SAMPLES);
  return Array.from({ length: count }, (_, i) => {
    const step = count === 1 ? 0 : Math.round((i * (steps - 1)) / (count - 1));
    return { step, lr: lrAt(schedule, step) ?? 0 };
  });
}

function spread(low: number, high: number): readonly number[] {
  return Array.from({ length: PLACES }, (_, i) => low + (i / (PLACES - 1)) * (high - low));
}

/** Peak and end by least squares, both at least 0, where the corners are given as shares of the run. */
function solve(
  samples: readonly Sample[],
  steps: number,
  { kind, warmUp, decay }: { kind: FittedShape['kind']; warmUp: number; decay: number },
): Candidate {
  const outline = {
    kind,
    warmUpSteps: Math.round(warmUp * steps),
    ...(kind === 'wsd' && { decayFrom: Math.round(decay * steps) }),
    peak: 1,
    end: 0,
    steps,
  } as FittedShape;
  let [aa, ab, bb, ay, by] = [0, 0, 0, 0, 0];
  for (const { step, lr } of samples) {
    const { rise, fall } = partsAt(outline, step);
    const [a, b] = [rise * fall, rise * (1 - fall)];
    aa += a * a;
    ab += a * b;
    bb += b * b;
    ay += a * lr;
    by += b * lr;
  }
  const determinant = aa * bb - ab * ab;
  let [peak, end] =
    determinant > 1e-12 * aa * bb
      ? [(ay * bb - by * ab) / determinant, (by * aa - ay * ab) / determinant]
      : [aa > 0 ? ay / aa : 0, 0];
  if (end < 0) [peak, end] = [aa > 0 ? ay / aa : 0, 0];
  if (peak < 0) [peak, end] = [0, bb > 0 ? by / bb : 0];
  const shape = { ...outline, peak, end };
  const error = samples.reduce((sum, { step, lr }) => sum + (lrOfShape(shape, step) - lr) ** 2, 0);
  return { shape, warmUp, decay, error };
}

/** The first step at the peak. */
export function peakStepOf({ warmUpSteps }: FittedShape): number {
  return Math.max(0, warmUpSteps - 1);
}

/** The share of the warm-up that is done, and that of the way from the end up to the peak; both in [0, 1]. */
function partsAt(shape: FittedShape, at: number): { rise: number; fall: number } {
  const { warmUpSteps, steps } = shape;
  const step = Math.min(at, steps - 1);
  const rise = step < warmUpSteps ? (step + 1) / warmUpSteps : 1;
  const from = shape.kind === 'wsd' ? shape.decayFrom : peakStepOf(shape);
  const passed = (step - from) / Math.max(1, steps - 1 - from);
  if (step <= from) return { rise, fall: 1 };
  return { rise, fall: shape.kind === 'wsd' ? 1 - passed : (1 + Math.cos(Math.PI * passed)) / 2 };
}

function deviationOf(samples: readonly Sample[], lrOf: (step: number) => number): FitDeviation {
  const highest = samples.reduce((most, { lr }) => Math.max(most, lr), 0) || 1;
  let [largest, squares] = [0, 0];
  for (const { step, lr } of samples) {
    const off = Math.abs(lrOf(step) - lr) / highest;
    largest = Math.max(largest, off);
    squares += off ** 2 / samples.length;
  }
  return { largest, typical: Math.sqrt(squares) };
}
