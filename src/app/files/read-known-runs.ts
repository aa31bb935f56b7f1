/** `--like`: what earlier runs found, from their journals. */

import { AutolrsError } from '../../core/errors.js';
import { type KnownRun, type KnownSearch, knownSearchOf } from '../../core/known-search.js';
import { loadRun } from '../load-run.js';

/** @throws AutolrsError as the journal's reader does, and `USAGE` for a run of which nothing can be taken. */
export async function readKnownRuns(dirs: readonly string[]): Promise<KnownSearch> {
  const runs: KnownRun[] = [];
  for (const dir of dirs) runs.push(await readKnownRun(dir));
  return knownSearchOf(runs);
}

async function readKnownRun(dir: string): Promise<KnownRun> {
  const { run, result, status, seconds } = await loadRun(dir);
  const { stages, interval, loss, keepSchedule, strategy } = result.build(status, seconds);
  const [first] = stages;
  if (strategy !== 'horizon' || keepSchedule) {
    const what = keepSchedule ? 'a factor on its script’s own schedule' : `by strategy ${strategy}`;
    throw usage(dir, `is ${what}; give runs of strategy horizon that set the LR`);
  }
  if (run.options['like'] !== undefined && first?.probes.length === 0) {
    throw usage(dir, 'took its peak from others; give those that it names in its journal');
  }
  if (first?.lr === null || first === undefined || interval === null || loss.first === null) {
    throw usage(dir, 'has not trained yet at a peak that it found; wait for it, or leave it out');
  }
  return {
    id: run.id,
    dir,
    peak: first.lr,
    interval: { min: interval.min, max: interval.max },
    probes: first.probes.map(({ lr, steps, forecast }) => ({ lr, steps, loss: forecast })),
    firstLoss: loss.first,
  };
}

function usage(dir: string, what: string): AutolrsError {
  return new AutolrsError('USAGE', `--like ${dir}: the run ${what}`);
}
