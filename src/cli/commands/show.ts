/** `autolrs show DIR`: what a run's journal says, as a table for people or a document for programs. */

import { resolve } from 'node:path';
import { loadRun } from '../../app/load-run.js';
import { stdout } from '../../app/output.js';
import { runningProcess } from '../../app/report/running-process.js';
import { summarize } from '../../display/run/summary.js';

/** @throws AutolrsError when the directory holds no readable journal. */
export async function showCommand(dir: string, json: boolean): Promise<number> {
  const path = resolve(dir);
  const running = runningProcess(path); // before its journal is read, or a run that ends meanwhile would seem cut off
  const { result, status, error, seconds } = await loadRun(path);
  const runResult = result.build(status, seconds);
  const holder = status === 'unfinished' ? running : undefined;
  const text = json
    ? JSON.stringify({ ...runResult, error, process: holder }) // without those that there are not
    : summarize(runResult, { process: holder, failure: error?.message }).join('\n');
  stdout.write(`${text}\n`);
  return 0;
}
