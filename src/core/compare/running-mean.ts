/** The running mean of a loss curve over the committed steps just done: single batches are too noisy to compare. */

import type { CurvePoint, RunCurve } from './curve.js';

/**
 * At each point the mean of the losses of the last `window` committed steps, as soon as so many are done; of a shorter
 * curve one point with the mean of all. Losses that are not finite are left out; NaN where no other is in the window.
 *
 * Sums are only ever added to: one huge loss, subtracted again, would leave nothing of its neighbours.
 */
export function runningMean(curve: RunCurve, window: number): RunCurve {
  const means: CurvePoint[] = [];
  const first = curve[0]?.committed ?? 0;
  let from = 0;
  // The window is the points before `middle`, whose sums up to there are known, and those from it on, which grow.
  let middle = 0;
  let head: readonly Sum[] = [];
  let tail = EMPTY;
  curve.forEach((point, i) => {
    tail = plus(tail, point.loss);
    while ((curve[from]?.committed ?? 0) <= point.committed - window) {
      if (from === middle) {
        head = sumsToTheEnd(curve.slice(from, i + 1));
        middle = i + 1;
        tail = EMPTY;
      }
      from++;
    }
    const isFull = point.committed - first + 1 >= window;
    if (!isFull && i < curve.length - 1) return;
    const before = head[head.length - (middle - from)] ?? EMPTY;
    const count = before.count + tail.count;
    means.push({ ...point, loss: (before.sum + tail.sum) / count }); // 0 / 0 is NaN, as it should be
  });
  return means;
}

interface Sum {
  readonly sum: number;
  readonly count: number;
}

const EMPTY: Sum = { sum: 0, count: 0 };

function plus({ sum, count }: Sum, loss: number): Sum {
  return Number.isFinite(loss) ? { sum: sum + loss, count: count + 1 } : { sum, count };
}

/** Of every point on, the sum up to the last. */
function sumsToTheEnd(curve: RunCurve): readonly Sum[] {
  const sums: Sum[] = [];
  let sum = EMPTY;
  for (const point of curve.toReversed()) {
    sum = plus(sum, point.loss);
    sums.push(sum);
  }
  return sums.reverse();
}
