/** Plays bytes to the splitter, session and translation that production uses, and watches what comes out of them. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TrainerCommand } from '../../src/core/conversation/command.js';
import { AutolrsError } from '../../src/core/errors.js';
import { badMessage } from '../../src/protocol/errors.js';
import { LineSplitter } from '../../src/protocol/line-splitter.js';
import type { Request } from '../../src/protocol/messages.js';
import { parseResult } from '../../src/protocol/parse.js';
import { toFacts, toReply, toRequest } from '../../src/protocol/translate.js';
import { checkVersion } from '../../src/trainer/handshake.js';
import { Session } from '../../src/trainer/rpc/session.js';

export type Question =
  | TrainerCommand
  | { readonly kind: 'initialize' }
  | { readonly kind: 'shutdown' };

/** What the tuner asks, and every chunk that comes from the trainer before it asks again. */
export interface Exchange {
  readonly question: Question;
  readonly chunks: readonly Uint8Array[];
}

export interface Played {
  /** A reply, or the error, for each question that was asked. */
  readonly outcomes: readonly unknown[];
  readonly progress: readonly unknown[];
  readonly logs: readonly string[];
}

/** The stand-in for a trainer that leaves without an answer. */
const GONE = new AutolrsError('TRAINER_EXITED', 'the script ended');

const HANDSHAKE: Request = {
  method: 'initialize',
  params: {
    protocol: 1,
    tuner: { name: 'autolrs', version: '0.1.0' },
    run: { id: 'r1', dir: 'runs/r1', seed: 7 },
  },
};

/** Never rejects with an `AutolrsError`: that is an outcome. What else is thrown is a bug. */
export async function playWire(exchanges: readonly Exchange[]): Promise<Played> {
  const progress: unknown[] = [];
  const logs: string[] = [];
  const outcomes: Promise<unknown>[] = [];
  const session = new Session({
    send: () => {},
    onProgress: (each) => progress.push(each),
    onLog: (level, message) => logs.push(level, message),
  });
  const splitter = new LineSplitter({
    onLine: (line) => void session.receive(line),
    onOutput: () => {},
    onTooLong: (start) => session.fail(badMessage('a line', 'it is longer than 64 MiB', start)),
  });
  for (const { question, chunks } of exchanges) {
    if (session.pendingMethod === undefined) outcomes.push(outcomeOf(session, question));
    for (const chunk of chunks) splitter.push(chunk);
    await nextTurn();
  }
  splitter.end();
  session.fail(GONE);
  return { outcomes: await Promise.all(outcomes), progress, logs };
}

async function outcomeOf(session: Session, question: Question): Promise<unknown> {
  const timeouts = { timeoutMs: () => 600_000, onTimeout: () => GONE };
  try {
    return accept(question, await session.request(requestFor(question), timeouts));
  } catch (error) {
    if (error instanceof AutolrsError) return error;
    throw error;
  }
}

function requestFor(question: Question): Request {
  if (question.kind === 'initialize') return HANDSHAKE;
  return question.kind === 'shutdown' ? { method: 'shutdown', params: {} } : toRequest(question);
}

/** As `startTrainer` does. */
function accept(question: Question, result: unknown): unknown {
  if (question.kind === 'shutdown') return parseResult('shutdown', result);
  if (question.kind !== 'initialize') return toReply(question, result);
  checkVersion(result);
  return toFacts(parseResult('initialize', result));
}
