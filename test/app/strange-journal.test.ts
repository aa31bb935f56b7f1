/** Journals whose records have sums that fit and values that no tuner writes: another program's, or a later version's. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRun } from '../../src/app/load-run.js';
import { StrategyRebuilder } from '../../src/app/rebuild-strategy.js';
import { AutolrsError } from '../../src/core/errors.js';
import { summarize } from '../../src/display/run/summary.js';
import { encodeRecord, type JournalRecord } from '../../src/journal/format.js';
import { ROOT, runCli, temporaryDirectory } from '../support/cli.js';

type Json = { [name: string]: unknown };

const FROZEN: readonly Json[] = readFileSync(join(ROOT, 'test', 'journals', 'v1.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

const STRANGE = [null, 'strange', {}];

/** Every way to put one strange value into a record. */
function* strange(value: unknown): Generator<unknown> {
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)
    .filter((name) => name !== 'seq' && name !== 'sum')
    .slice(0, 8)) {
    const inside = (value as Json)[key];
    const put = (other: unknown) =>
      Array.isArray(value)
        ? value.map((item, i) => (String(i) === key ? other : item))
        : { ...value, [key]: other };
    for (const other of STRANGE) yield put(other);
    for (const other of strange(inside)) yield put(other);
  }
}

/** The first record of each kind: of commands, replies and decisions, of each of their kinds. */
function kinds(): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  FROZEN.forEach((record, i) => {
    const inner = (record[String(record['kind'])] as Json | undefined)?.['kind'];
    const name = `${record['kind']} ${inner ?? ''}`;
    if (!found.has(name)) found.set(name, i);
  });
  return found;
}

function encode(record: Json): string {
  const { seq, at, sum: _, ...entry } = record;
  return encodeRecord({ seq, at, entry } as unknown as JournalRecord);
}

function write(dir: string, records: readonly Json[]): void {
  writeFileSync(join(dir, 'journal.jsonl'), records.map(encode).join(''));
}

/** What `show` and `resume` do with a journal. */
async function read(dir: string): Promise<void> {
  const past = new StrategyRebuilder();
  const { result, status, seconds } = await loadRun(dir, (entry) => past.add(entry));
  summarize(result.build(status, seconds));
}

describe('a journal with a strange value', () => {
  it('is read, or refused in one sentence', async () => {
    const dir = temporaryDirectory();
    for (const [name, place] of kinds()) {
      const record = FROZEN[place] ?? {};
      for (const other of strange(record)) {
        write(dir, [...FROZEN.slice(0, place), other as Json]);
        const error = await read(dir).catch((thrown: unknown) => thrown);
        if (error === undefined) continue;
        expect(error, `${name}: ${JSON.stringify(other)}`).toBeInstanceOf(AutolrsError);
        expect((error as AutolrsError).message).not.toContain('\n');
      }
    }
  });

  it('is shown, or ends with exit code 5', async () => {
    const dir = temporaryDirectory();
    const [run] = FROZEN;
    const end = { ...FROZEN.at(-1), seq: 1 };
    for (const records of [
      [run, { ...end, status: 'paused' }],
      [run, { seq: 1, at: 1, kind: 'trainer' }],
      [run, { seq: 1, at: 1, kind: 'reply', reply: null }],
      [run, { seq: 1, at: 1, kind: 'decision', decision: { kind: 'probe-ended', outcome: null } }],
      [run, { seq: 1, at: 1, kind: 'decision', decision: { kind: 'end-forecast', low: 'x' } }],
    ]) {
      write(dir, records as Json[]);
      const { code, stderr } = await runCli(['show', dir]);
      expect([code, stderr]).toEqual([5, expect.stringMatching(/^autolrs: .* is whole and not/)]);
    }
  });

  it('whose answer is to something else does not fit the strategy', async () => {
    const dir = temporaryDirectory();
    const place = FROZEN.findIndex(
      ({ reply }) => (reply as Json | undefined)?.['kind'] === 'saved',
    );
    const answer = FROZEN[place];
    const other = { kind: 'discarded' };
    write(dir, [...FROZEN.slice(0, place), { ...answer, reply: other }]);
    await expect(read(dir)).rejects.toMatchObject({
      code: 'JOURNAL_MISMATCH',
      message: expect.stringContaining('"discarded" where the strategy has "saved"'),
    });
  });

  it('has nothing in it that a terminal would obey', async () => {
    const dir = temporaryDirectory();
    const evil = '\u001b]52;c;aGVsbG8=\u0007';
    write(dir, [{ ...FROZEN[0], id: evil }]);
    mkdirSync(join(dir, 'not'), { recursive: true });
    writeFileSync(join(dir, 'lock'), JSON.stringify({ host: evil, pid: 1, claim: 'x' }));
    for (const args of [
      ['show', dir],
      ['resume', dir],
      ['show', join(dir, 'not', evil)],
    ]) {
      const { stdout, stderr } = await runCli(args);
      expect(stdout + stderr).not.toContain('\u001b');
      expect(stdout + stderr).toContain('\\u001b');
    }
  });
});
