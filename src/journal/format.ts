/**
 * The journal, version 1: JSON Lines, one record a line, only ever appended.
 *
 * Every record has `seq` (0, 1, 2, …), `at` (milliseconds since 1970), `kind`, what that kind brings, and last `sum`:
 * the CRC-32 in hexadecimal of the line as it would be without `sum`. The kinds, in the order in which they come:
 *
 * - `run`, the first: `journal` (this format's version), `autolrs` (ours), `id`, `strategy`, `seed`, `options`,
 *   `command`, `cwd`, `restarts`, `carrier`, `checkpointSteps`, `scoutDir`, `validationPattern`, `tensorboard`, `until`,
 *   `workers`, `workerPrefix` and `join` if they were given, `inside` if the script has started the tuner, `machine` (which
 *   older journals lack)
 * - `started`: a process of the script was started: `process` (older journals lack it), and `worker` if it is one
 * - `trainer`: it connected: `facts`, `process`
 * - `recovered`: it stands where the run does (older journals lack it)
 * - `command`, `reply`: what was asked and answered, in turns; losses that are not finite are `null`; a `failure` in a
 *   reply is what the script said when it failed at an LR: the reply was made for it (older journals have none)
 * - `slice`: `reply`, an earlier part of the answer to the last command
 * - `decision`: what the strategy made known
 * - `batch`: `batch`, probes that were asked for together: `from`, the checkpoint that each begins from, and `probes`
 * - `probe-reply`: one of them is done, in any order: `index`, `worker` (0 is the main process), `answer`, a list of replies
 * - `worker`: `worker`, `state` (`admitted`, `refused`, `gone`), and `why`
 * - `checkpoint-begun`, `checkpoint`, `checkpoint-damaged`, `checkpoint-removed`: what lies in `checkpoints/`
 * - `rolled-back`: `checkpoint`, when the end came in a probe
 * - `printed`: `losses`, validation losses that the script printed after its last update; of a run that goes by a metric
 *   that the script prints `metric` in their place
 * - `lost`: `steps` and `seconds` of training that left no trace
 * - `extension`: `steps` or `total`, what a finished run was given to go on with
 * - `end`: `status`, `exitCode`, and `error` {code, message} if it failed
 * - `resume`: the run goes on in another process: `autolrs`, `command`, `carrier` and `machine` (which older journals lack),
 *   `inside`
 *
 * More fields and more kinds may come with later versions; a reader ignores what it does not know.
 */

import { crc32 } from 'node:zlib';
import type { ProbeAnswer } from '../core/conversation/batch.js';
import type { Reply, TrainerFacts } from '../core/conversation/command.js';
import type { Entry } from '../core/record/entry.js';
import type { MachineFacts } from '../core/record/machine.js';
import type { RunStatus } from '../core/record/result.js';
import type { ProcessIdentity } from './process-identity.js';
import { isOfItsKind } from './validate-record.js';
import { fromWritten, toWritten } from './written-names.js';

export const JOURNAL_VERSION = 1;
export const JOURNAL_FILE = 'journal.jsonl';

type TransportRecord =
  | { readonly kind: 'stdio' | 'unix' }
  | { readonly kind: 'tcp' | 'tls'; readonly host: string; readonly port: number };

export type JournalEntry =
  | {
      readonly kind: 'run';
      readonly journal: typeof JOURNAL_VERSION;
      readonly autolrs: string;
      readonly id: string;
      readonly strategy: string;
      readonly seed: number;
      readonly options: Readonly<Record<string, unknown>>;
      readonly command: readonly [string, ...string[]];
      /** Where the command is started. */
      readonly cwd: string;
      readonly restarts: number;
      readonly transport: TransportRecord;
      readonly checkpointSteps?: number;
      /** Where a search apart is started, if not there. */
      readonly scoutDir?: string;
      readonly validationPattern?: string;
      /** Processes that probe at once, and what stands before the command of each but the main one. */
      readonly workers?: number;
      readonly workerPrefix?: readonly string[];
      /** Other processes may join. */
      readonly join?: true;
      /** What the event file has, if not the committed path. */
      readonly tensorboard?: 'all' | 'off';
      /** When its time budget is over, in milliseconds since 1970, if that was given. */
      readonly until?: number;
      /** The script has started the tuner: its process is not the tuner's to end. */
      readonly inside?: true;
      readonly machine?: MachineFacts;
    }
  | { readonly kind: 'trainer'; readonly facts: TrainerFacts; readonly process: ProcessIdentity }
  | {
      readonly kind: 'resume';
      readonly autolrs: string;
      readonly command: readonly [string, ...string[]];
      readonly transport?: TransportRecord;
      /** Where a time budget was given another end. */
      readonly until?: number;
      readonly inside?: true;
      readonly machine?: MachineFacts;
    }
  | Entry
  | {
      readonly kind: 'end';
      readonly status: RunStatus;
      readonly exitCode: number;
      readonly error?: { readonly code: string; readonly message: string };
    };

export interface JournalRecord {
  readonly seq: number;
  readonly at: number;
  readonly entry: JournalEntry;
}

/** The record as a line, newline included. */
export function encodeRecord({ seq, at, entry }: JournalRecord): string {
  const text = JSON.stringify({ seq, at, ...toWritten(entry) });
  return `${text.slice(0, -1)},"sum":"${sumOf(text)}"}\n`;
}

/**
 * The record of a line without its newline; undefined when the line is torn or altered, `unknown` when it is whole and
 * no record of this format.
 */
export function decodeRecord(line: string): JournalRecord | 'unknown' | undefined {
  const match = /^(.*),"sum":"([0-9a-f]{8})"\}$/s.exec(line);
  const [, body, sum] = match ?? [];
  if (body === undefined || sumOf(`${body}}`) !== sum) return undefined;
  const value: unknown = JSON.parse(`${body}}`); // the sum vouches for it
  if (typeof value !== 'object' || value === null || !isOfItsKind(value)) return 'unknown';
  const { seq, at, ...entry } = fromWritten(value) as unknown as JournalEntry & JournalRecord;
  if (typeof seq !== 'number' || typeof at !== 'number') return 'unknown';
  return { seq, at, entry: withNonFinite(entry as JournalEntry) };
}

function sumOf(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

/** JSON has no NaN: the losses and metrics of a reply that were written as null are NaN again. */
function withNonFinite(entry: JournalEntry): JournalEntry {
  if (entry.kind === 'printed') {
    const metric = entry.metric && { metric: entry.metric.map(orNan) };
    return { ...entry, losses: entry.losses.map(orNan), ...metric };
  }
  if (entry.kind === 'probe-reply') {
    return { ...entry, answer: entry.answer.map(withNan) as ProbeAnswer };
  }
  if (entry.kind === 'slice') return { ...entry, reply: withNan(entry.reply) };
  return entry.kind === 'reply' ? { ...entry, reply: withNan(entry.reply) } : entry;
}

function withNan<Some extends Reply>(reply: Some): Some {
  if (reply.kind === 'trained') {
    const { losses, printed, printedMetric } = reply;
    return {
      ...reply,
      losses: losses.map(orNan),
      ...(printed && { printed: printed.map(orNan) }),
      ...(printedMetric && { printedMetric: printedMetric.map(orNan) }),
    };
  }
  if (reply.kind === 'validated') {
    const { loss, metrics } = reply;
    const numbers = metrics === undefined ? {} : { metrics: mapValues(metrics, orNan) };
    return { ...reply, loss: orNan(loss), ...numbers };
  }
  return reply;
}

function mapValues(
  record: Readonly<Record<string, number>>,
  change: (value: number) => number,
): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

function orNan(value: number | null): number {
  return value ?? Number.NaN;
}
