/**
 * A schedule as knots: between two of them the LR is linear in the step. Steps are whole, so a jump is two knots one step
 * apart, and every schedule has such a form.
 */

import type { Schedule } from '../record/committed-schedule.js';

/** Columns of equal length, both at least 1 long; steps ascend. */
export interface Knots {
  readonly steps: readonly number[];
  readonly lrs: readonly number[];
}

/** What is the same LR to every framework: half of the digits that a double has. */
export const EXACT = 1e-9;

/**
 * The fewest knots found by going as far as a line will reach. Each LR is met within `share` of itself, or of the highest
 * where `ofHighest`.
 *
 * @param steps Committed steps of the run, at least 1.
 */
export function toKnots(
  schedule: Schedule,
  steps: number,
  { share = EXACT, ofHighest = false } = {},
): Knots {
  const corners = cornersOf(schedule, steps);
  const highest = corners.reduce((most, { lr }) => Math.max(most, Math.abs(lr)), 0);
  const slack = (lr: number) => share * (ofHighest ? highest : Math.abs(lr));
  const kept = [0];
  for (let from = 0; from < corners.length - 1; ) {
    from = furthest(corners, from, slack);
    kept.push(from);
  }
  const knots = kept.map((i) => corners[i] ?? { step: 0, lr: 0 });
  return { steps: knots.map(({ step }) => step), lrs: knots.map(({ lr }) => lr) };
}

/** The LR at a step; before the first knot and after the last one it is theirs. */
export function lrAtKnots({ steps, lrs }: Knots, step: number): number {
  const next = steps.findIndex((one) => one > step);
  if (next === 0) return lrs[0] ?? 0;
  if (next === -1) return lrs.at(-1) ?? 0;
  const [from, to] = [steps[next - 1] ?? 0, steps[next] ?? 1];
  const [low, high] = [lrs[next - 1] ?? 0, lrs[next] ?? 0];
  return low + ((high - low) * (step - from)) / (to - from);
}

/** Where the LR changes, the last step before it and the first one after it; and the two ends. */
function cornersOf(schedule: Schedule, steps: number): Schedule {
  const corners: { step: number; lr: number }[] = [];
  const add = (step: number, lr: number) => {
    if (corners.at(-1)?.step !== step) corners.push({ step, lr });
  };
  schedule.forEach(({ step, lr }, i) => {
    const before = schedule[i - 1];
    if (before !== undefined) add(step - 1, before.lr);
    add(step, lr);
  });
  const last = schedule.at(-1);
  if (last !== undefined) add(steps - 1, last.lr);
  return corners;
}

/** The last corner that a line from `from` reaches with all between them within their slack. */
function furthest(corners: Schedule, from: number, slack: (lr: number) => number): number {
  const start = corners[from];
  let reached = from + 1;
  let [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = from + 1; i < corners.length && start !== undefined; i++) {
    const corner = corners[i];
    if (corner === undefined || low > high) break;
    const steps = corner.step - start.step;
    const slope = (corner.lr - start.lr) / steps;
    if (slope >= low && slope <= high) reached = i;
    const room = slack(corner.lr) / steps;
    low = Math.max(low, slope - room);
    high = Math.min(high, slope + room);
  }
  return reached;
}
