/** `autolrs show DIR`: what a run's journal says, as a table for people or a document for programs. */

import { resolve } from 'node:path';
import { summarize } from '../display/summary.js';
import { foldJournal } from './fold-journal.js';

/** @throws AutolrsError when the directory holds no readable journal. */
export async function showCommand(dir: string, json: boolean): Promise<number> {
  const { result, status, seconds } = await foldJournal(resolve(dir));
  const account = result.build(status, seconds);
  const text = json ? JSON.stringify(account) : summarize(account).join('\n');
  process.stdout.write(`${text}\n`);
  return 0;
}
