/** The published outlier filter, and the quadratic that it and the published smoothing are made of. */

import { mean } from '../math/statistics.js';

/** What the paper's spline of degree 2 amounts to on every series looked at: one quadratic over the whole series. */
export type Curve = (step: number) => number;

/** The share of the remaining points that a round marks. */
const markedShare = 0.03;

/**
 * The positions of the losses that the published filter keeps, ascending.
 *
 * Each round fits one quadratic to what is left, marks the ceil(3 %) largest absolute residuals (of equal ones the later),
 * and drops those among them that lie in the first half of the series: position < (n − 1) / 2, counted before the first
 * round. The second half is what a forecast leans on, and is never thinned.
 *
 * Expects finite steps and losses. With fewer than four points everything is kept.
 */
export function keepInliers(
  steps: readonly number[],
  losses: readonly number[],
  rounds: number,
): readonly number[] {
  const middle = (losses.length - 1) / 2;
  let kept: readonly number[] = losses.map((_, position) => position);
  for (let round = 0; round < rounds && kept.length > 3; round++) {
    const curve = fitQuadratic(pick(steps, kept), pick(losses, kept));
    const byResidual = kept
      .map((position) => ({ position, residual: residualAt(curve, steps, losses, position) }))
      .sort((a, b) => a.residual - b.residual || a.position - b.position);
    const marked = byResidual.slice(-Math.ceil(kept.length * markedShare));
    const dropped = new Set(marked.map(({ position }) => position).filter((p) => p < middle));
    if (dropped.size === 0) break;
    kept = kept.filter((position) => !dropped.has(position));
  }
  return kept;
}

export function pick(values: readonly number[], positions: readonly number[]): readonly number[] {
  return positions.map((position) => values[position] ?? 0);
}

function residualAt(
  curve: Curve,
  steps: readonly number[],
  losses: readonly number[],
  position: number,
): number {
  return Math.abs((losses[position] ?? 0) - curve(steps[position] ?? 0));
}

/**
 * The quadratic of least squares through the losses.
 *
 * Built from polynomials orthogonal over the points themselves, which stays exact where the normal equations of 1, t, t²
 * lose their digits. With too few different steps for a degree that degree is left out: two points yield a line, one
 * point or none a constant (0 for none).
 */
export function fitQuadratic(steps: readonly number[], losses: readonly number[]): Curve {
  const [first = 0] = steps;
  const low = steps.reduce((a, b) => Math.min(a, b), first);
  const high = steps.reduce((a, b) => Math.max(a, b), first);
  const middle = low / 2 + high / 2;
  const halfWidth = high / 2 - low / 2 || 1;
  const times = steps.map((step) => (step - middle) / halfWidth);

  const level = mean(losses);
  const centre = mean(times);
  const linear = (time: number) => time - centre;
  const linearSquared = mean(times.map((t) => linear(t) ** 2));
  if (!(linearSquared > 1e-24)) return () => level;
  const skew = mean(times.map((t) => linear(t) ** 3)) / linearSquared;
  const square = (time: number) => linear(time) ** 2 - skew * linear(time) - linearSquared;
  const squareSquared = mean(times.map((t) => square(t) ** 2));

  const slope = mean(times.map((t, i) => linear(t) * ((losses[i] ?? 0) - level))) / linearSquared;
  const rest = (time: number, i: number) => (losses[i] ?? 0) - level - slope * linear(time);
  const bend =
    squareSquared > 1e-24 ? mean(times.map((t, i) => square(t) * rest(t, i))) / squareSquared : 0;
  return (step) => {
    const time = (step - middle) / halfWidth;
    return level + slope * linear(time) + bend * square(time);
  };
}
