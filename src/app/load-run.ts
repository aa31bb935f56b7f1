/** A run's journal folded: who it is, what came of it so far, and what each of its records says, in order. */

import type { Extension, TrainerFacts } from '../core/conversation/command.js';
import { recordedMetric } from '../core/metric.js';
import { EMPTY_LEDGER, type Ledger } from '../core/record/ledger.js';
import type { MachineFacts } from '../core/record/machine.js';
import type { RunStatus } from '../core/record/result.js';
import { ResultBuilder } from '../core/record/result-builder.js';
import type { JournalEntry } from '../journal/format.js';
import { type PlacedRecord, readJournal } from '../journal/read.js';
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
  /** Whether it was the script that has started the tuner last. */
  readonly isInside: boolean;
  /** The moment at which its time budget ends, as it was given last; undefined where none was. */
  readonly until: number | undefined;
  /** What a finished run was given last to go on with. */
  readonly extension: Extension | undefined;
  /** `unfinished` when no end was written, as after a crash. */
  readonly status: RunStatus;
  /** Why it failed, if its end says so. */
  readonly error: RunError | undefined;
  /** Wall time of all processes of the run, as far as their records tell. */
  readonly seconds: number;
  /** When it began, in milliseconds since 1970, and where, if its journal tells. */
  readonly startedAt: number;
  readonly machine: MachineFacts | undefined;
  /** What the script said of itself first; undefined before it connected. */
  readonly facts: TrainerFacts | undefined;
  readonly records: number;
  /** Length of all whole records. */
  readonly bytes: number;
}

/**
 * @param onEntry Sees each entry after it was folded, the ledger then, and when it was written.
 * @throws AutolrsError when the directory holds no readable journal.
 */
export async function loadRun(
  dir: string,
  onEntry: (entry: JournalEntry, ledger: Ledger, at: number) => void = () => {},
): Promise<LoadedRun> {
  const fold = new RunFold(dir);
  for await (const record of readJournal(dir, { onTorn: warnOfTornLine })) {
    fold.add(record);
    onEntry(record.entry, fold.ledger, record.at);
  }
  return fold.loaded;
}

/** Folds the records of a journal, one by one, into what is known of its run. */
export class RunFold {
  readonly #dir: string;
  #run: LoadedRun['run'] | undefined;
  #result: ResultBuilder | undefined;
  #invocation: Invocation | undefined;
  /** Of the process that was started last, whether or not it has shown that the run is its own. */
  #started: Invocation | undefined;
  #at = 0;
  #known: Omit<LoadedRun, 'run' | 'result' | 'invocation'> = {
    isInside: false,
    until: undefined,
    extension: undefined,
    status: 'unfinished',
    error: undefined,
    seconds: 0,
    startedAt: 0,
    machine: undefined,
    facts: undefined,
    records: 0,
    bytes: 0,
  };

  constructor(dir: string) {
    this.#dir = dir;
  }

  get ledger(): Ledger {
    return this.#result?.ledger ?? EMPTY_LEDGER;
  }

  /** After the first record. */
  get loaded(): LoadedRun {
    const [run, result, invocation] = [this.#run, this.#result, this.#invocation];
    if (!run || !invocation || !result) throw new Error('a journal without records was read'); // the reader refuses it
    return { run, result, invocation, ...this.#known };
  }

  add({ entry, at, until }: PlacedRecord): void {
    const isFirst = entry.kind === 'run' || entry.kind === 'resume';
    const { records, seconds, startedAt } = this.#known;
    // Between two processes of a run nothing is done; a clock that was set back does not count.
    const worked = isFirst ? 0 : Math.max(0, at - this.#at) / 1000;
    this.#at = at;
    this.#note({
      records: records + 1,
      bytes: until,
      seconds: seconds + worked,
      startedAt: records === 0 ? at : startedAt,
    });
    if (isFirst) this.#begin(entry);
    // A command counts once its script has shown that the run is its own: one that cannot read its checkpoints is not.
    if (entry.kind === 'run' || isOfTheRun(entry)) this.#invocation = this.#started;
    if (entry.kind === 'run' || entry.kind === 'resume') return;
    if (entry.kind === 'extension') {
      this.#note({ extension: { ...this.#known.extension, ...entry } });
    }
    if (entry.kind === 'trainer') {
      this.#note({ facts: this.#known.facts ?? entry.facts });
      this.#result?.begin(entry.facts.step);
    } else if (entry.kind === 'end') {
      const { status, error, exitCode } = entry;
      this.#note({ status, error: error && { ...error, exitCode } });
    } else this.#result?.add(entry);
  }

  #begin(entry: Extract<JournalEntry, { kind: 'run' | 'resume' }>): void {
    this.#started = invocationOf(entry, this.#started);
    this.#note({
      status: 'unfinished',
      error: undefined,
      until: entry.until ?? this.#known.until,
      isInside: entry.inside === true,
      machine: entry.machine ?? this.#known.machine,
    });
    if (entry.kind === 'resume') return;
    const keepSchedule = entry.options['keepSchedule'] === true;
    this.#run = entry;
    this.#result = new ResultBuilder({
      ...entry,
      keepSchedule,
      dir: this.#dir,
      metric: recordedMetric(entry.options),
    });
  }

  #note(known: Partial<Omit<LoadedRun, 'run' | 'result' | 'invocation'>>): void {
    this.#known = { ...this.#known, ...known };
  }
}

/** What comes after a recovery alone; of an older journal, which tells of none, what a script does then. */
function isOfTheRun({ kind }: JournalEntry): boolean {
  return ['recovered', 'reply', 'slice', 'probe-reply', 'rolled-back'].includes(kind);
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
