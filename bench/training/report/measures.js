/** What is computed from the runs of a workload. Losses are final validation losses, in the mean over examples. */

import { FIXED, numberOf } from './results.js';

/** How far above the best of the grid a loss may be to count as reached. */
export const TARGETS = [0, 0.01, 0.05];

/** The middle of the values, or the mean of the two middle ones; infinite values are in order. NaN if there is none. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b || 0);
  const middle = sorted.length / 2;
  if (Number.isInteger(middle)) return ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
  return sorted[Math.floor(middle)];
}

/** Seeds on which the best of a grid run. Until they have, the grid is not finished, and nothing is known. */
const SEEDS = 5;

/**
 * The best of the grid: of the fixed schedules that ran on most seeds, the one with the lowest median loss. Undefined
 * where no grid is finished.
 */
export function bestOfGrid(workload) {
  const fixed = workload.configurations.filter(({ method }) => FIXED.includes(method));
  const best = lowest(fixed);
  if (best === undefined || best.runs.length < SEEDS) return undefined;
  const runs = fixed.flatMap((configuration) => configuration.runs);
  return {
    ...best,
    loss: median(lossesOf(best)),
    gridRuns: runs.length,
    gridSteps: runs.reduce((sum, run) => sum + run.total, 0),
  };
}

/** A row for each method: a fixed schedule at its best LR, any other at each of its settings. */
export function rowsOf(workload) {
  const best = bestOfGrid(workload);
  if (best === undefined) return [];
  const fixed = FIXED.map((method) =>
    lowest(workload.configurations.filter((configuration) => configuration.method === method)),
  ).filter((configuration) => configuration !== undefined);
  const others = workload.configurations.filter(({ method }) => !FIXED.includes(method));
  return [...others, ...fixed].map((configuration) => measure(configuration, best, workload.total));
}

/** Rows of what is no fixed schedule, without anything to compare with. */
export function plainRowsOf(workload) {
  return workload.configurations
    .filter(({ method }) => !FIXED.includes(method))
    .map(({ method, settings, runs }) => ({
      method,
      settings,
      seeds: runs.length,
      loss: median(runs.map((run) => run.validation)),
      worst: Math.max(...runs.map((run) => run.validation)),
      searchShare: median(runs.map((run) => run.search / run.total)),
    }));
}

/** Median and worst of a method's rows over workloads, by their median ratios. */
export function summarize(rows) {
  const ratios = rows.map((row) => row.ratio);
  return {
    workloads: ratios.length,
    median: median(ratios),
    worst: Math.max(...ratios),
    searchShare: median(rows.map((row) => row.searchShare)),
  };
}

/**
 * The forecasts of all these runs, those from the search and those that were made on the way: how many, how many had what
 * came in their band, and the median of forecast over what came.
 */
export function scoreForecasts(runs) {
  const forecasts = runs.flatMap((run) => run.forecasts ?? []);
  return [true, false]
    .map((isFromSearch) => {
      const made = forecasts.filter(([share]) => (share === 0) === isFromSearch);
      return {
        isFromSearch,
        made: made.length,
        held: made.filter(([, , isInBand]) => isInBand).length,
        ratio: median(made.map(([, ratio]) => ratio)),
      };
    })
    .filter(({ made }) => made > 0);
}

function measure({ method, settings, runs }, best, total) {
  const ratios = runs.map((run) => run.validation / best.loss);
  return {
    method,
    settings,
    seeds: runs.length,
    loss: median(runs.map((run) => run.validation)),
    test: median(runs.map((run) => numberOf(run.test))),
    ratios,
    ratio: median(ratios),
    worst: Math.max(...ratios),
    /** Steps until the loss is first within each of `TARGETS`, as a fraction of the total; Infinity if never. */
    reached: TARGETS.map((above) =>
      median(runs.map((run) => stepsTo(best.loss * (1 + above), run.curve) / total)),
    ),
    searchShare: median(runs.map((run) => run.search / run.total)),
    outsideSeconds: median(runs.map((run) => run.outside_seconds ?? NaN)),
  };
}

function stepsTo(loss, curve) {
  return curve.find(([, reached]) => numberOf(reached) <= loss)?.[0] ?? Number.POSITIVE_INFINITY;
}

function lowest(configurations) {
  const seeds = Math.max(...configurations.map(({ runs }) => runs.length));
  return configurations
    .filter(({ runs }) => runs.length === seeds)
    .sort((a, b) => median(lossesOf(a)) - median(lossesOf(b)))[0];
}

function lossesOf({ runs }) {
  return runs.map((run) => run.validation);
}
