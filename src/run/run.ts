/**
 * The main async loop of a run: drives a strategy against trainer and journal, one turn after the other.
 *
 * Guarantee: when this returns, whatever the reason, the trainer stands on the committed path and that state is on disk.
 * Only a trainer that is gone is left as it is.
 */

import type { Command, Extension, Reply, TrainedReply } from '../core/conversation/command.js';
import type { Answer } from '../core/conversation/conversation.js';
import type { FinishReason } from '../core/conversation/decision.js';
import type { Entry } from '../core/record/entry.js';
import { answersInOrder, type PendingBatch, type ResumePoint } from '../core/record/replay.js';
import { withShortLr, withShortLrs } from '../core/record/split-train.js';
import type { DurableTrainer } from './durable-trainer.js';
import type { JournalPort, Observer } from './ports.js';

export type RunEnd =
  | { readonly kind: 'finished'; readonly reason: FinishReason }
  | { readonly kind: 'interrupted' };

export interface RunPorts {
  readonly trainer: DurableTrainer;
  readonly note: (entry: Entry) => void;
}

/** Records an entry, and shows it to those who watch. */
export function createNote(
  journal: JournalPort,
  observers: readonly Observer[],
): (entry: Entry) => void {
  return (entry) => {
    journal.append(entry, { durable: isBoundary(entry) });
    for (const observer of observers) observer.add(entry);
  };
}

/** Whether a run that goes on has a use for a process before the one that its next command begins. */
export function needsProcess({ pending }: ResumePoint): boolean {
  return pending?.command.kind !== 'begin';
}

/**
 * Runs the strategy from where it stands to its end, or until `signal` aborts: then the step in progress is finished, a
 * probe is rolled back, and the committed steps stay.
 *
 * @param extension What a strategy that comes to its end is given to go on with, once.
 * @throws AutolrsError when the trainer, the wire or the journal fails.
 */
export async function runStrategy(
  resumePoint: ResumePoint,
  { trainer, note }: RunPorts,
  signal: AbortSignal,
  extension?: Extension,
): Promise<RunEnd> {
  const { conversation } = resumePoint;
  let { answer } = resumePoint;
  // A time that is over ends the strategy by an error, and a later end must be told where it asks again.
  let untaken: Reply | undefined;
  let pending: { command: Command; parts: readonly TrainedReply[] } | undefined =
    resumePoint.pending;
  let batch = resumePoint.batch && withAnswers(resumePoint.batch);
  let unused = extension;
  const extend = (): Answer => {
    if (unused === undefined) return undefined;
    const entry = { kind: 'extension', ...unused } as const;
    unused = undefined;
    note(entry);
    return entry;
  };
  if (resumePoint.finished !== undefined) answer = extend();
  // The checkpoint that may belong to this save was not written any more.
  if (answer?.kind === 'saved') await trainer.noteSave();
  while (!signal.aborted) {
    if (batch !== undefined) {
      if (!(await trainer.askTogether(batch.batch, batch.answers))) break;
      answer = answersInOrder(batch);
      batch = undefined;
      continue;
    }
    if (pending === undefined) {
      const turn = conversation.next(answer);
      answer = undefined;
      if (untaken !== undefined) note({ kind: 'reply', reply: untaken });
      untaken = undefined;
      if (turn.done) {
        await trainer.settle();
        return { kind: 'finished', reason: turn.value };
      }
      if (turn.value.kind === 'decision') {
        const { decision } = turn.value;
        note({ kind: 'decision', decision });
        if (decision.kind === 'finished') answer = extend();
        continue;
      }
      if (turn.value.kind === 'probes') {
        batch = { batch: withShortLrs(turn.value.batch), answers: new Map() };
        note({ kind: 'batch', batch: batch.batch });
        continue;
      }
      pending = { command: withShortLr(turn.value.command), parts: [] };
      note({ kind: 'command', command: pending.command });
    }
    const { command, parts } = pending;
    const answered = await trainer.ask(command, parts);
    if (answered === undefined) break;
    if (command.kind === 'clock') untaken = answered.last;
    else note({ kind: 'reply', reply: answered.last });
    answer = answered.whole;
    pending = undefined;
    if (command.kind === 'save') await trainer.noteSave();
  }
  await trainer.settle();
  return { kind: 'interrupted' };
}

function withAnswers({ batch, answers }: PendingBatch) {
  return { batch, answers: new Map(answers) };
}

/**
 * Commits and decisions must survive a power cut; a probe that is lost can be paid for again. So must the name of a file
 * that is about to be: the file itself is synced by its writer, and only this record tells of it.
 */
function isBoundary(entry: Entry): boolean {
  if (entry.kind === 'decision') {
    return entry.decision.kind === 'stage-ended' || entry.decision.kind === 'finished';
  }
  return entry.kind === 'checkpoint' || entry.kind === 'checkpoint-begun';
}
