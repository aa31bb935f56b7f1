/** The store as the report needs it: for each workload its configurations, each with its runs. */

import { readFileSync } from 'node:fs';

/** The fixed schedules. Their best LR is known in hindsight only. */
export const FIXED = ['constant', 'step', 'cosine', 'linear', 'one-cycle', 'wsd'];

/**
 * Reads the store and the workloads' descriptions. A workload has `configurations`: a method, its settings and its
 * runs. Of two lines for one run the later counts; lines of another version of a workload do not count at all.
 */
export function readResults(storePath, workloadsPath) {
  const runs = new Map();
  for (const text of readFileSync(storePath, 'utf8').split('\n').filter(Boolean)) {
    const line = JSON.parse(text);
    const { workload, version, method, settings, seed } = line;
    runs.set(JSON.stringify([workload, version, method, settings, seed]), line);
  }
  return JSON.parse(readFileSync(workloadsPath, 'utf8')).map((workload) => ({
    ...workload,
    configurations: group(
      [...runs.values()].filter(
        (run) => run.workload === workload.name && run.version === workload.version,
      ),
    ),
  }));
}

function group(runs) {
  const groups = new Map();
  for (const run of runs) {
    const key = JSON.stringify([run.method, run.settings]);
    const { method, settings } = run;
    if (!groups.has(key)) groups.set(key, { method, settings, runs: [] });
    groups.get(key).runs.push({ ...run, validation: numberOf(run.validation) });
  }
  return [...groups.values()];
}

/** A run that diverged, or a curve where it did, is worse than any other. */
export function numberOf(loss) {
  return loss ?? Number.POSITIVE_INFINITY;
}
