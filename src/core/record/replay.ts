/**
 * A run's entries played into a fresh strategy, one by one, until the strategy stands where the run stopped. What the
 * strategy asks is compared with what it asked then: the same seed and the same replies give the same commands.
 */

import type { ProbeAnswer, ProbeBatch } from '../conversation/batch.js';
import {
  ANSWER_KINDS,
  type Command,
  type Reply,
  type TrainedReply,
} from '../conversation/command.js';
import type { Answer, Conversation, Turn } from '../conversation/conversation.js';
import type { FinishReason } from '../conversation/decision.js';
import { AutolrsError } from '../errors.js';
import type { SearchMode } from '../options.js';
import { InOrder } from './batches/in-order.js';
import type { Entry, ProbeReplyEntry } from './entry.js';
import { Lineage } from './lineage.js';
import { joinParts, partOf, withShortLr, withShortLrs } from './split-train.js';

/** Where a run stands: what the strategy waits for, and what the trainer's state is. */
export interface ResumePoint {
  readonly conversation: Conversation<FinishReason>;
  /** The command that has no answer yet, with the parts of an answer that there are. */
  readonly pending:
    | { readonly command: Command; readonly parts: readonly TrainedReply[] }
    | undefined;
  /** The batch that is not whole, with the answers that there are, by index. */
  readonly batch: PendingBatch | undefined;
  /** What the strategy is to be handed next, if no command is pending. */
  readonly answer: Answer;
  readonly lineage: Lineage;
  /** Files of checkpoints that were begun and are neither whole nor removed. */
  readonly unfinishedFiles: readonly string[];
  /** How many files of checkpoints were ever begun. */
  readonly nextFileNumber: number;
  /** Whether the script has answered a validation. */
  readonly hasValidated: boolean;
  /** Has seen all entries, for those who are told of what follows. */
  readonly order: InOrder;
  /** Which sitting of the run it begins, as far as the clock's answers tell: 0 where there is none yet. */
  readonly sitting: number;
  /** Why the strategy came to its end, as long as it is not extended. */
  readonly finished: FinishReason | undefined;
}

export interface PendingBatch {
  readonly batch: ProbeBatch;
  readonly answers: ReadonlyMap<number, ProbeAnswer>;
}

export class Replay {
  readonly #conversation: Conversation<FinishReason>;
  readonly #lineage: Lineage;
  readonly #order = new InOrder();
  readonly #unfinishedFiles = new Set<string>();
  #pending: { readonly command: Command; readonly parts: TrainedReply[] } | undefined;
  #batch: { readonly batch: ProbeBatch; readonly answers: Map<number, ProbeAnswer> } | undefined;
  #answer: Answer;
  #nextFileNumber = 0;
  #hasValidated = false;
  #sitting = 0;
  #finished: FinishReason | undefined;
  /** How many entries were added, for the sentence about one that does not fit. */
  #count = 0;

  /** @param startStep The trainer's own step count when the run began. */
  constructor(conversation: Conversation<FinishReason>, startStep: number, search: SearchMode) {
    this.#conversation = conversation;
    this.#lineage = new Lineage(startStep, search);
  }

  get resumePoint(): ResumePoint {
    return {
      conversation: this.#conversation,
      pending: this.#pending,
      batch: this.#batch,
      answer: this.#answer,
      lineage: this.#lineage,
      unfinishedFiles: [...this.#unfinishedFiles],
      nextFileNumber: this.#nextFileNumber,
      hasValidated: this.#hasValidated,
      order: this.#order,
      sitting: this.#sitting,
      finished: this.#finished,
    };
  }

  /** @throws AutolrsError `JOURNAL_MISMATCH` when the strategy would have done otherwise. */
  add(entry: Entry): void {
    this.#count++;
    this.#order.add(entry);
    switch (entry.kind) {
      case 'decision':
        this.#expect('decision', kindOf(entry.decision), this.#turn());
        if (entry.decision.kind === 'finished') this.#finished = entry.decision.reason;
        return;
      case 'command':
        // An older journal lists the one LR of all steps for each.
        this.#expect('command', withShortLr(entry.command), this.#turn());
        this.#pending = { command: entry.command, parts: [] };
        return;
      case 'slice': {
        const { command, parts } = this.#asked();
        this.#mustAnswer(command, entry.reply);
        this.#follow(command, entry.reply, parts);
        parts.push(entry.reply);
        return;
      }
      case 'reply': {
        const { command, parts } = this.#asked();
        this.#mustAnswer(command, entry.reply);
        this.#follow(command, entry.reply, parts);
        this.#hasValidated ||= entry.reply.kind === 'validated';
        if (entry.reply.kind === 'timed') this.#sitting = (entry.reply.sitting ?? 0) + 1;
        this.#answer =
          entry.reply.kind === 'trained' ? joinParts([...parts, entry.reply]) : entry.reply;
        this.#pending = undefined;
        return;
      }
      case 'batch':
        this.#expect('probes', withShortLrs(entry.batch), this.#turn());
        this.#batch = { batch: entry.batch, answers: new Map() };
        return;
      case 'probe-reply':
        this.#addProbe(entry);
        return;
      case 'extension':
        this.#answer = entry;
        this.#finished = undefined;
        return;
      case 'checkpoint-begun':
        this.#unfinishedFiles.add(entry.file);
        this.#nextFileNumber++;
        return;
      case 'checkpoint':
        this.#unfinishedFiles.delete(entry.checkpoint.file);
        this.#lineage.keep(entry.checkpoint);
        return;
      case 'checkpoint-damaged':
        this.#lineage.dropCheckpoint(entry.file);
        return;
      case 'checkpoint-removed':
        this.#unfinishedFiles.delete(entry.file);
        this.#lineage.forget(entry.file);
        return;
      case 'printed':
      case 'rolled-back':
      case 'started':
      case 'recovered':
      case 'lost':
      case 'worker':
        return;
      default:
        entry satisfies never;
    }
  }

  #turn(): IteratorResult<Turn, FinishReason> {
    if (this.#pending ?? this.#batch) throw this.#mismatch('another turn', 'an answer');
    const turn = this.#conversation.next(this.#answer);
    this.#answer = undefined;
    return turn;
  }

  #addProbe({ index, worker, answer }: ProbeReplyEntry): void {
    const task = this.#batch?.batch.probes[index];
    if (this.#batch === undefined || task === undefined) {
      throw this.#mismatch('the answer to a probe', 'no such probe');
    }
    const { batch, answers } = this.#batch;
    if (worker === 0) this.#lineage.followProbe(batch.from, task, answer);
    this.#hasValidated ||= answer.some(({ kind }) => kind === 'validated');
    answers.set(index, answer);
    if (answers.size < batch.probes.length) return;
    this.#answer = answersInOrder({ batch, answers });
    this.#batch = undefined;
  }

  #asked(): { readonly command: Command; readonly parts: TrainedReply[] } {
    if (this.#pending === undefined) throw this.#mismatch('an answer', 'a command');
    return this.#pending;
  }

  #mustAnswer({ kind }: Command, reply: Reply): void {
    const expected = ANSWER_KINDS[kind];
    if (reply.kind !== expected) throw this.#mismatch(textOf(reply.kind), textOf(expected));
  }

  #follow(command: Command, reply: Reply, parts: readonly TrainedReply[]): void {
    const done = parts.reduce((sum, part) => sum + part.steps, 0);
    const part = command.kind === 'train' ? partOf(command, done, command.steps) : command;
    this.#lineage.follow(part, reply);
  }

  #expect(kind: Turn['kind'], recorded: unknown, turn: IteratorResult<Turn, FinishReason>): void {
    if (turn.done) throw this.#mismatch(textOf(recorded), 'the end');
    const { value } = turn;
    const now = askedIn(value);
    // JSON writes numbers so that they come back bit for bit; what differs here, differs.
    if (value.kind !== kind || textOf(now) !== textOf(recorded)) {
      throw this.#mismatch(textOf(recorded), textOf(now));
    }
  }

  #mismatch(recorded: string, now: string): AutolrsError {
    return new AutolrsError(
      'JOURNAL_MISMATCH',
      `the journal does not fit this autolrs: at its entry ${this.#count} it has ${shorten(recorded)} where the strategy has ${shorten(now)}; resume with the version that began the run`,
    );
  }
}

/** The answers of a batch that is whole, as its strategy takes them: by index, whatever the order in which they came. */
export function answersInOrder({ batch, answers }: PendingBatch): Answer {
  const inOrder = batch.probes.map((_, index) => answers.get(index));
  if (!inOrder.every((answer) => answer !== undefined)) throw new Error('a batch is not whole');
  return { kind: 'probes', answers: inOrder };
}

function askedIn(turn: Turn): unknown {
  if (turn.kind === 'command') return withShortLr(turn.command);
  return turn.kind === 'probes' ? withShortLrs(turn.batch) : turn.decision.kind;
}

/** JSON with sorted keys. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return `"${value}"`;
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function shorten(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`;
}

/** An older journal calls the budget of a run that was extended by another name. */
function kindOf({ kind }: { readonly kind: string }): string {
  return kind === 'extension' ? 'budget' : kind;
}
