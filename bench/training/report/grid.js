/** What every method is measured against: the best fixed schedules, known in hindsight only. */

import { median } from './median.js';
import { FIXED, numberOf } from './results.js';

/** Seeds on which the best of a grid run. Until they have, the grid is not finished, and nothing is known. */
const SEEDS = 5;

/**
 * The best of the grid: of the fixed schedules that ran on most seeds, the one with the lowest median loss. Undefined
 * where no grid is finished.
 */
export function bestOfGrid(workload) {
  const best = lowest(finalists(workload));
  return best && { ...best, ...costOf(workload), loss: median(lossesOf(best)) };
}

/**
 * The same where each run may end at an average of its weights instead. One average is chosen for all seeds, by the same
 * validation losses: `settings.power`, or "raw" for the weights themselves. Undefined where no finalist has averages.
 */
export function bestOfAveragedGrid(workload) {
  const candidates = finalists(workload).flatMap((configuration) => {
    const [first, ...others] = configuration.runs.map((run) => Object.keys(run.averages ?? {}));
    const powers = first.filter((power) => others.every((kept) => kept.includes(power)));
    return ['raw', ...powers].map((power) => atAverage(configuration, power));
  });
  if (candidates.every(({ settings }) => settings.power === 'raw')) return undefined;
  const best = lowest(candidates);
  return { ...best, ...costOf(workload), loss: median(lossesOf(best)) };
}

/**
 * The best LR of one schedule. On all seeds run the best of the whole grid, and what is good with averages and may be bad
 * without: a schedule of whose LRs none is among the former is taken at the LR that was best on the seeds of all.
 */
export function bestOfSchedule(configurations) {
  const seeds = (configuration) => configuration.runs.map(({ seed }) => seed);
  const isCommon = (seed) => configurations.every((one) => seeds(one).includes(seed));
  const onCommonSeeds = configurations.map((configuration) => ({
    configuration,
    runs: configuration.runs.filter(({ seed }) => isCommon(seed)),
  }));
  const best = lowest(onCommonSeeds)?.configuration;
  const most = onMostSeeds(configurations);
  return most.includes(best) ? lowest(most) : best;
}

function lowest(configurations) {
  return [...configurations].sort((a, b) => median(lossesOf(a)) - median(lossesOf(b)))[0];
}

function finalists({ configurations }) {
  const fixed = configurations.filter(({ method }) => FIXED.includes(method));
  return onMostSeeds(fixed).filter(({ runs }) => runs.length >= SEEDS);
}

function onMostSeeds(configurations) {
  const seeds = Math.max(...configurations.map(({ runs }) => runs.length));
  return configurations.filter(({ runs }) => runs.length === seeds);
}

function atAverage({ method, settings, runs }, power) {
  return {
    method: 'grid-averaged',
    settings: { ...settings, schedule: method, power },
    runs: power === 'raw' ? runs : runs.map((run) => endAtAverage(run, power)),
  };
}

/** Its curve is that of the weights themselves, and at the end that of the average, which was not validated before. */
function endAtAverage(run, power) {
  const validation = numberOf(run.averages[power].validation);
  const curve = [...run.curve, [run.total, validation]];
  return { ...run, validation, test: run.averages[power].test, curve };
}

function costOf({ configurations }) {
  const runs = configurations
    .filter(({ method }) => FIXED.includes(method))
    .flatMap((configuration) => configuration.runs);
  return { gridRuns: runs.length, gridSteps: runs.reduce((sum, run) => sum + run.total, 0) };
}

function lossesOf({ runs }) {
  return runs.map((run) => run.validation);
}
