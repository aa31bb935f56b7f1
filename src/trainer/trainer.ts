/** A trainer as a process: start it, shake hands, talk, shut it down. */

import type { TrainerCommand, TrainerFacts, TrainerReply } from '../core/conversation/command.js';
import { badMessage } from '../protocol/errors.js';
import { LineSplitter } from '../protocol/line-splitter.js';
import { toReply, toRequest } from '../protocol/translate.js';
import { exited, hasClosed, timedOut } from './failures.js';
import { handshake } from './handshake.js';
import type { TrainerOptions } from './options.js';
import type { ChildEnd } from './process/child.js';
import { waitForOwnSignal } from './process/shared-signal.js';
import { TailLines } from './process/tail-lines.js';
import { ResponseTimeouts } from './rpc/response-timeouts.js';
import { Session } from './rpc/session.js';
import { StepCheck } from './rpc/step-check.js';
import { type ShutdownOptions, shutDownGracefully, terminateTrainer } from './shutdown.js';
import { openConnection } from './transport/open.js';

export interface Trainer {
  readonly facts: TrainerFacts;
  readonly pid: number;
  /** Losses of the `train` in flight that the trainer has told of; none once it is answered. */
  readonly reportedLosses: readonly number[];
  /** Optimizer updates that it has done, as its answers say. */
  readonly updates: number;
  /** One command at a time. When `signal` aborts, a `train` is cancelled and resolves with what was done. */
  ask(command: TrainerCommand, signal?: AbortSignal): Promise<TrainerReply>;
  /** The orderly end: asks for it, closes the input, waits. The script does what it does after training. */
  shutdown(options?: ShutdownOptions): Promise<ChildEnd>;
  /** The end after a failure: the script is not told that training is done, so that it saves nothing of it. */
  terminate(): Promise<ChildEnd>;
  kill(): void;
}

/** A process closes all it has open a moment before its end is known; one that runs on can answer no more. */
const CLOSED_MS = 5_000;

/**
 * @throws AutolrsError when the command does not start, ends or stays silent before the handshake, or gets it wrong.
 */
export async function startTrainer(options: TrainerOptions): Promise<Trainer> {
  const tail = new TailLines();
  const timeouts = new ResponseTimeouts(options.minTimeoutMs);
  let steps: StepCheck | undefined;
  let reportedLosses: number[] = [];
  let mostLosses = 0;
  let updates = 0;
  let outputs: Promise<void>[] = [];
  let waiting = 0;
  const passOn = async (chunk: Uint8Array, from: 'stdout' | 'stderr') => {
    const passed = options.onOutput(chunk, from);
    if (passed === undefined) return;
    waiting++;
    await passed.finally(() => waiting--);
  };
  const pass = (chunk: Uint8Array) => outputs.push(passOn(chunk, 'stdout'));
  const session = new Session({
    isHeld: () =>
      waiting > 0 || (session.isHandshake !== undefined && options.isPreparing?.() === true),
    send: (line) => connection.write(line),
    onProgress(progress) {
      timeouts.noteProgress();
      // No more than were asked for, whatever a trainer tells.
      for (const loss of progress.losses.slice(0, mostLosses - reportedLosses.length)) {
        reportedLosses.push(loss);
      }
      options.onProgress?.(progress);
    },
    onLog: (level, message) => options.onLog?.(level, message),
  });
  const splitter = new LineSplitter({
    onLine(line, raw) {
      if (!session.receive(line)) pass(raw);
    },
    onOutput: pass,
    isFirst: () => session.isHandshake,
    onTooLong: (start) => session.fail(badMessage('a line', 'it is longer than 64 MiB', start)),
  });
  const connection = await openConnection(options.transport ?? { kind: 'stdio' }, {
    command: options.command,
    env: options.env,
    cwd: options.cwd,
    endsWithUs: options.endsWithUs,
    dir: options.socketDir ?? options.run.dir,
    parent: options.parent,
    async onBytes(chunk) {
      outputs = [];
      splitter.push(chunk);
      await Promise.all(outputs);
    },
    async onStdout(chunk) {
      await passOn(chunk, 'stdout');
    },
    async onStderr(chunk) {
      tail.push(chunk);
      await passOn(chunk, 'stderr');
    },
    onClosed(what) {
      // A process that has ended keeps its exit as the cause, and this need not be waited for.
      setTimeout(() => session.fail(hasClosed(what, options.command)), CLOSED_MS).unref();
    },
    onRefused: (why) => options.onLog?.('warn', `a connection was turned away: ${why}`),
  });
  void connection.ended.then(async (end) => {
    splitter.end();
    await waitForOwnSignal(end, options.signal);
    const isUnreached = options.hasPythonStarted?.() === false;
    session.fail(exited(end, session.pendingMethod, steps?.step, { tail, isUnreached }));
  });
  try {
    options.onStarted?.(connection.pid);
  } catch (error) {
    await terminateTrainer(connection);
    throw error;
  }
  const facts = await handshake(options, connection, session);
  const stepCheck = new StepCheck(facts.step);
  steps = stepCheck;
  return {
    facts,
    pid: connection.pid,
    get reportedLosses() {
      return reportedLosses;
    },
    get updates() {
      return updates;
    },
    async ask(command, signal) {
      const askedAt = performance.now();
      timeouts.begin();
      reportedLosses = [];
      mostLosses = command.kind === 'train' ? command.steps : 0;
      const cancel = () => {
        timeouts.expectCancel();
        session.cancel();
      };
      const cancels = command.kind === 'train' && facts.can.cancel ? signal : undefined;
      cancels?.addEventListener('abort', cancel, { once: true });
      try {
        const answer = session.request(toRequest(command), {
          timeoutMs: () => timeouts.timeoutMs(command),
          onTimeout: (ms) => timedOut(command.kind, stepCheck.step, ms),
        });
        // A signal that has aborted already fires no event again.
        if (cancels?.aborted) cancel();
        const reply = withinClock(toReply(command, await answer), performance.now() - askedAt);
        assertCancelled(reply, cancels);
        stepCheck.check(command, reply);
        timeouts.note(command, reply);
        reportedLosses = [];
        if (reply.kind === 'trained') updates += reply.steps;
        return reply;
      } finally {
        cancels?.removeEventListener('abort', cancel);
      }
    },
    shutdown: (shutdownOptions) => shutDownGracefully(connection, session, shutdownOptions),
    terminate: () => terminateTrainer(connection),
    kill: () => connection.kill('SIGKILL'),
  };
}

/** What a trainer says of its time is no longer than we have waited for it. */
function withinClock(reply: TrainerReply, waitedMs: number): TrainerReply {
  if (!('seconds' in reply)) return reply;
  return { ...reply, seconds: Math.min(reply.seconds, waitedMs / 1000) };
}

function assertCancelled(reply: TrainerReply, cancels: AbortSignal | undefined): void {
  if (reply.kind !== 'trained' || reply.end !== 'cancel' || cancels?.aborted) return;
  throw badMessage('its answer to "train"', '"end" is "cancel" without a cancel', reply.end);
}
