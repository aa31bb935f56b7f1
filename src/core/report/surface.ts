/** What a search believes of the LRs between its probes, as a curve. */

import { bandOf } from '../record/forecast-scores.js';
import { believeLoss } from '../search/suggest.js';
import { parabolaOf } from '../strategies/horizon/peak-search/parabola.js';
import type { LossSurface, ProbePoint } from './run-report.js';
import { round } from './thin.js';

const POINTS = 41;

/** How far a parabola is drawn beyond the neighbours that it goes through, as a share of the way to them. */
const OVERHANG_SHARE = 0.25;

/** The parabola that `horizon` takes the vertex of; undefined where there is none. */
export function parabolaSurface(probes: readonly ProbePoint[]): LossSurface | undefined {
  const parabola = parabolaOf(
    probes.map(({ lr, steps, loss }) => ({ lr, steps, loss: loss ?? Number.NaN })),
  );
  if (parabola === undefined) return undefined;
  const { at, loss, slope, curvature, before, after } = parabola;
  const from = -(1 + OVERHANG_SHARE) * before;
  const to = (1 + OVERHANG_SHARE) * after;
  const offsets = Array.from({ length: POINTS }, (_, i) => from + (i / (POINTS - 1)) * (to - from));
  return {
    kind: 'parabola',
    lrs: offsets.map((x) => round(2 ** (at + x))),
    losses: offsets.map((x) => round(loss + slope * x + curvature * x ** 2)),
  };
}

/** The Gaussian process of `paper` over its interval; undefined without probes. */
export function gpSurface(
  probes: readonly ProbePoint[],
  { min, max }: { readonly min: number; readonly max: number },
): LossSurface | undefined {
  const believe = believeLoss(
    { minLr: min, maxLr: max },
    probes.map(({ lr, loss, sd }) => ({ lr, loss: loss ?? Number.NaN, sd })),
  );
  if (believe === undefined || !(min < max)) return undefined;
  const lrs = Array.from({ length: POINTS }, (_, i) => min * (max / min) ** (i / (POINTS - 1)));
  const believed = lrs.map((lr) => believe(lr));
  const bands = believed.map(({ mean, sd }) => bandOf(mean, sd));
  return {
    kind: 'gp',
    lrs: lrs.map(round),
    losses: believed.map(({ mean }) => round(mean)),
    low: bands.map(({ low }) => round(low)),
    high: bands.map(({ high }) => round(high)),
  };
}
