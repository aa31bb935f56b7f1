/** A run's journal folded: who it is, what came of it so far, and what each of its records says, in order. */

import { EMPTY_LEDGER, type Ledger } from '../core/record/ledger.js';
import type { RunStatus } from '../core/record/result.js';
import { ResultBuilder } from '../core/record/result-builder.js';
import type { JournalEntry } from '../journal/format.js';
import { readJournal } from '../journal/read.js';
import { type Invocation, transportFor } from './invocation.js';
import { say } from './output.js';

export interface RunError {
  readonly code: string;
  readonly message: string;
  readonly exitCode: number;
}

export interface LoadedRun {
  readonly run: Extract<JournalEntry, { kind: 'run' }>;
  /** Of the script that has gone on with the run last. */
  readonly invocation: Invocation;
  readonly result: ResultBuilder;
  /** `unfinished` when no end was written, as after a crash. */
  readonly status: RunStatus;
  /** Why it failed, if its end says so. */
  readonly error: RunError | undefined;
  /** Wall time of all processes of the run, as far as their records tell. */
  readonly seconds: number;
  readonly records: number;
  /** Length of all whole records. */
  readonly bytes: number;
}

/**
 * @param onEntry Sees each entry after it was folded, and the ledger then.
 * @throws AutolrsError when the directory holds no readable journal.
 */
export async function loadRun(
  dir: string,
  onEntry: (entry: JournalEntry, ledger: Ledger) => void = () => {},
): Promise<LoadedRun> {
  let run: LoadedRun['run'] | undefined;
  let invocation: Invocation | undefined;
  let started: Invocation | undefined;
  let result: ResultBuilder | undefined;
  let status: RunStatus = 'unfinished';
  let error: RunError | undefined;
  let seconds = 0;
  let at = 0;
  let records = 0;
  let bytes = 0;
  for await (const record of readJournal(dir, { onTorn: warnOfTornLine })) {
    const { entry } = record;
    records++;
    bytes = record.until;
    // Between two processes of a run nothing is done; a clock that was set back does not count.
    const isFirst = entry.kind === 'run' || entry.kind === 'resume';
    if (!isFirst) seconds += Math.max(0, record.at - at) / 1000;
    at = record.at;
    if (isFirst) {
      status = 'unfinished';
      error = undefined;
      started = invocationOf(entry, started);
    }
    // A command counts once its script has shown that the run is its own: one that cannot read its checkpoints is not.
    if (entry.kind === 'run' || isOfTheRun(entry)) invocation = started;
    if (entry.kind === 'run') {
      run = entry;
      result = new ResultBuilder({
        ...entry,
        keepSchedule: entry.options['keepSchedule'] === true,
        dir,
      });
    } else if (entry.kind === 'trainer') result?.begin(entry.facts.step);
    else if (entry.kind === 'end') {
      status = entry.status;
      error = entry.error && { ...entry.error, exitCode: entry.exitCode };
    } else if (entry.kind !== 'resume') {
      result?.add(entry);
    }
    onEntry(entry, result?.ledger ?? EMPTY_LEDGER);
  }
  if (!run || !invocation || !result) throw new Error('a journal without records was read'); // the reader refuses it
  return { run, invocation, result, status, error, seconds, records, bytes };
}

/** What comes after a recovery alone; of an older journal, which tells of none, what a script does then. */
function isOfTheRun({ kind }: JournalEntry): boolean {
  return kind === 'recovered' || kind === 'reply' || kind === 'slice' || kind === 'rolled-back';
}

function invocationOf(
  { command, transport }: Extract<JournalEntry, { kind: 'run' | 'resume' }>,
  before: Invocation | undefined,
): Invocation | undefined {
  if (transport !== undefined) return { command, transport };
  return before && { command, transport: transportFor(command, before) };
}

function warnOfTornLine(): void {
  say('the journal ends in the middle of a line, which was left out');
}
