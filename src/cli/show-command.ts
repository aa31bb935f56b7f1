/** `autolrs show DIR`: what a run's journal says, as a table for people or a document for programs. */

import { resolve } from 'node:path';
import { ResultBuilder, type RunResult, type RunStatus } from '../core/tuner/result.js';
import { summarize } from '../display/summary.js';
import { readJournal } from '../journal/read.js';

/** @throws AutolrsError when the directory holds no readable journal. */
export async function showCommand(dir: string, json: boolean): Promise<number> {
  const result = await readResult(resolve(dir));
  const text = json ? JSON.stringify(result) : summarize(result).join('\n');
  process.stdout.write(`${text}\n`);
  return 0;
}

async function readResult(dir: string): Promise<RunResult> {
  let builder = new ResultBuilder({ id: '', dir, strategy: '', seed: 0 });
  let status: RunStatus = 'unfinished';
  let startedAt: number | undefined;
  let endedAt = 0;
  for await (const { at, entry } of readJournal(dir, { onTorn: warnOfTornLine })) {
    startedAt ??= at;
    endedAt = at;
    if (entry.kind === 'run') builder = new ResultBuilder({ ...entry, dir });
    else if (entry.kind === 'trainer') builder.begin(entry.facts.step);
    else if (entry.kind === 'end') status = entry.status;
    else builder.add(entry);
  }
  return builder.build(status, (endedAt - (startedAt ?? endedAt)) / 1000);
}

function warnOfTornLine(): void {
  process.stderr.write('autolrs: the journal ends in the middle of a line, which was left out\n');
}
