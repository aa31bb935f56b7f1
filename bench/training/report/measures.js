/** What is computed from the runs of a workload. Losses are final validation losses, in the mean over examples. */

import { intervalOf, resampleRatios } from './bootstrap.js';
import { bestOfAveragedGrid, bestOfGrid, bestOfSchedule } from './grid.js';
import { median } from './median.js';
import { FIXED, numberOf } from './results.js';

/** How far above the best of the grid a loss may be to count as reached. */
export const TARGETS = [0, 0.01, 0.05];

/**
 * A row for each method: a fixed schedule at its best LR, any other at each of its settings. The best of the grid has one
 * of its own ("grid"), and so it has with averages ("grid-averaged").
 */
export function rowsOf(workload) {
  const best = bestOfGrid(workload);
  if (best === undefined) return [];
  const averaged = bestOfAveragedGrid(workload);
  const fixed = FIXED.map((method) =>
    bestOfSchedule(
      workload.configurations.filter((configuration) => configuration.method === method),
    ),
  );
  const others = workload.configurations.filter(({ method }) => !FIXED.includes(method));
  return [...others, { ...best, method: 'grid' }, averaged, ...fixed]
    .filter((configuration) => configuration !== undefined)
    .map((configuration) => measure(configuration, best, averaged, workload));
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

/** A method's rows over workloads: the median and the worst of their median ratios, and what goes with them. */
export function summarize(rows) {
  const ratios = rows.map((row) => row.ratio);
  const compared = rows.filter((row) => row.averagedRatio !== undefined);
  return {
    workloads: ratios.length,
    median: median(ratios),
    interval: intervalOf(overWorkloads(rows.map((row) => row.resampled))),
    worst: Math.max(...ratios),
    averagedWorkloads: compared.length,
    averagedMedian: median(compared.map((row) => row.averagedRatio)),
    averagedInterval: intervalOf(overWorkloads(compared.map((row) => row.averagedResampled))),
    testMedian: median(rows.map((row) => row.testRatio)),
    testInterval: intervalOf(overWorkloads(rows.map((row) => row.testResampled))),
    steps: median(rows.map((row) => row.reached[0])),
    reaching: rows.filter((row) => Number.isFinite(row.reached[0])).length,
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

function measure({ method, settings, runs, gridSteps }, best, averaged, { name, total }) {
  const ratios = runs.map((run) => run.validation / best.loss);
  const resampled = resampleRatios(runs, best.runs, validationOf, name);
  const averagedResampled = averaged && resampleRatios(runs, averaged.runs, validationOf, name);
  const testResampled = resampleRatios(runs, best.runs, testOf, name);
  const loss = median(runs.map(validationOf));
  const test = median(runs.map(testOf));
  return {
    method,
    settings,
    seeds: runs.length,
    loss,
    test,
    ratios,
    ratio: median(ratios),
    resampled,
    interval: intervalOf(resampled),
    worst: Math.max(...ratios),
    /** The same against the best of the grid with averages, where there is such. */
    averagedRatio: averaged && loss / averaged.loss,
    averagedResampled,
    averagedInterval: averaged && intervalOf(averagedResampled),
    testRatio: test / median(best.runs.map(testOf)),
    testResampled,
    /** Steps until the loss is first within each of `TARGETS`, as a fraction of the total; Infinity if never. */
    reached: TARGETS.map((above) =>
      median(runs.map((run) => stepsTo(best.loss * (1 + above), run.curve) / total)),
    ),
    // All runs of a grid but the one that remains are search.
    searchShare:
      gridSteps === undefined
        ? median(runs.map((run) => run.search / run.total))
        : 1 - total / gridSteps,
    outsideSeconds: median(runs.map((run) => run.outside_seconds ?? NaN)),
  };
}

/** The median over workloads in each resample; none where a workload has too few seeds. */
function overWorkloads(resampled) {
  const size = resampled.length === 0 ? 0 : Math.min(...resampled.map(({ length }) => length));
  return Array.from({ length: size }, (_, index) => median(resampled.map((one) => one[index])));
}

function validationOf({ validation }) {
  return validation;
}

function testOf({ test }) {
  return numberOf(test);
}

function stepsTo(loss, curve) {
  return curve.find(([, reached]) => numberOf(reached) <= loss)?.[0] ?? Number.POSITIVE_INFINITY;
}
