/** What a run left in its directory. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** `essence` is what must be the same however often a run was disturbed. */
export function readRun(dir: string) {
  const records = readFileSync(join(dir, 'journal.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const result = JSON.parse(readFileSync(join(dir, 'result.json'), 'utf8'));
  const { lost: _, ...steps } = result.steps;
  const last = records.filter((record) => record.kind === 'checkpoint').at(-1).checkpoint;
  return { records, result, essence: { steps, schedule: result.schedule, state: last.sha256 } };
}

/** What must not depend on who has probed. */
export function essenceOf({
  records,
  result,
}: Pick<ReturnType<typeof readRun>, 'records' | 'result'>) {
  const { committed, search, total } = result.steps;
  const decisions = records.flatMap(({ decision }) => decision ?? []);
  return { decisions, schedule: result.schedule, committed, search, total, loss: result.loss };
}
