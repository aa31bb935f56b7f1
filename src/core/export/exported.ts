/** A schedule in the form in which it is written for others. */

import type { Schedule } from '../record/committed-schedule.js';
import {
  type CosineShape,
  type FitDeviation,
  fitShape,
  measureDeviation,
  type WsdShape,
} from './fit.js';
import { type Knots, lrAtKnots, toKnots } from './knots.js';

export const FITS = ['cosine', 'wsd', 'piecewise'] as const;
export type FitName = (typeof FITS)[number];

export interface ExportedSchedule {
  /** Of the run. */
  readonly run: string;
  /** Committed steps. */
  readonly steps: number;
  readonly form: { readonly kind: 'knots'; readonly knots: Knots } | CosineShape;
  /** Absent: it is the very schedule. */
  readonly fit?: { readonly name: FitName; readonly deviation: FitDeviation };
}

/** How far a piecewise fit may be from the schedule, as a share of the highest LR. */
const PIECEWISE_SHARE = 0.01;

/** @param steps Committed steps, at least 1. */
export function exportSchedule(
  run: string,
  schedule: Schedule,
  steps: number,
  fit?: FitName,
): ExportedSchedule {
  switch (fit) {
    case undefined:
      return { run, steps, form: { kind: 'knots', knots: toKnots(schedule, steps) } };
    case 'piecewise': {
      const knots = toKnots(schedule, steps, { share: PIECEWISE_SHARE, ofHighest: true });
      const deviation = measureDeviation(schedule, steps, (step) => lrAtKnots(knots, step));
      return { run, steps, form: { kind: 'knots', knots }, fit: { name: fit, deviation } };
    }
    case 'cosine':
    case 'wsd': {
      const { shape, deviation } = fitShape(schedule, steps, fit);
      const form =
        shape.kind === 'cosine' ? shape : ({ kind: 'knots', knots: wsdKnots(shape) } as const);
      return { run, steps, form, fit: { name: fit, deviation } };
    }
    default:
      return fit satisfies never;
  }
}

function wsdKnots({ warmUpSteps, decayFrom, peak, end, steps }: WsdShape): Knots {
  const corners = new Map([[0, warmUpSteps > 1 ? peak / warmUpSteps : peak]]);
  if (warmUpSteps > 1) corners.set(warmUpSteps - 1, peak);
  corners.set(Math.min(decayFrom, steps - 1), peak);
  corners.set(steps - 1, decayFrom >= steps - 1 ? peak : end);
  const sorted = [...corners].sort(([a], [b]) => a - b);
  return { steps: sorted.map(([step]) => step), lrs: sorted.map(([, lr]) => lr) };
}
