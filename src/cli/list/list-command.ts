/** `autolrs list [DIR…]`: the runs below some folders, as a table for people or a document for programs. */

import { relative, resolve } from 'node:path';
import { findRunDirectories } from '../../app/list/find-run-directories.js';
import { overviewOf, type RunOverview } from '../../app/list/overview.js';
import { say, stdout } from '../../app/output.js';
import { layOutRuns, type RunRow } from '../../display/run/run-table.js';

/** Of the document's shape. */
const LIST_VERSION = 1;

/** @throws AutolrsError `USAGE` for a folder that is not there. A run that cannot be read is a row that says so. */
export async function listCommand(given: readonly string[], json: boolean): Promise<number> {
  const dirs = (given.length === 0 ? ['.'] : given).map((dir) => resolve(dir));
  const found = [...new Set(dirs.flatMap(findRunDirectories))];
  const runs: RunOverview[] = [];
  for (const dir of found) runs.push(await overviewOf(dir)); // one journal at a time is in memory
  const sorted = runs.toSorted((a, b) => b.changedAt - a.changedAt);
  if (json) {
    stdout.write(`${JSON.stringify({ version: LIST_VERSION, runs: sorted.map(toDocument) })}\n`);
    return 0;
  }
  if (sorted.length === 0) {
    say(`no run below ${dirs.map((dir) => `"${dir}"`).join(', ')}`);
    return 0;
  }
  const now = Date.now();
  stdout.write(`${layOutRuns(sorted.map((run) => toRow(run, now))).join('\n')}\n`);
  for (const { dir, run } of sorted) {
    if (run.kind === 'unreadable') say(`"${nameOf(dir)}": ${run.error.message}`);
  }
  return 0;
}

function toRow({ dir, changedAt, run }: RunOverview, now: number): RunRow {
  const name = nameOf(dir);
  const ageSeconds = (now - changedAt) / 1000;
  if (run.kind === 'unreadable') {
    const nothing = { steps: undefined, loss: undefined, lr: undefined, isFactor: false };
    return { name, ageSeconds, status: run.kind, ...nothing };
  }
  const { status, steps, loss, metric, schedule, keepSchedule } = run.result;
  return {
    name,
    ageSeconds,
    status: run.process === undefined ? status : 'running',
    steps: steps.committed,
    loss: loss.validation ?? loss.last,
    ...(metric && { metric }),
    lr: schedule.at(-1)?.lr,
    isFactor: keepSchedule,
  };
}

/** From here, where it is below. */
function nameOf(dir: string): string {
  const name = relative('', dir);
  return name.startsWith('..') ? dir : name || '.';
}

function toDocument({ dir, changedAt, run }: RunOverview) {
  const changed = new Date(changedAt).toISOString();
  if (run.kind === 'unreadable') {
    const { code, message } = run.error;
    return { dir, changed, status: run.kind, error: { code, message } };
  }
  const { process, result } = run;
  const { status, strategy, keepSchedule, steps, loss, metric, schedule } = result;
  return {
    dir,
    changed,
    id: result.run.id,
    status,
    ...(process && { process }),
    strategy,
    keepSchedule,
    steps: { committed: steps.committed, search: steps.search, total: steps.total },
    loss: {
      last: loss.last,
      best: loss.best,
      ...(loss.validation !== undefined && { validation: loss.validation }),
    },
    ...(metric && { metric }),
    lr: schedule.at(-1)?.lr ?? null,
  };
}
