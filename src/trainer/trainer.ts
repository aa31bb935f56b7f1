/** A trainer as a process: start it, shake hands, talk, see it off. */

import type { Command, Reply, TrainerFacts } from '../core/conversation/command.js';
import { AutolrsError } from '../core/errors.js';
import { badMessage } from '../protocol/errors.js';
import { LineSplitter } from '../protocol/line-splitter.js';
import { PROTOCOL_VERSION, type Request } from '../protocol/messages.js';
import { parseResult } from '../protocol/parse.js';
import { quoteValue } from '../protocol/quote.js';
import { toFacts, toReply, toRequest } from '../protocol/translate.js';
import { adapterSentence } from './last-words.js';
import type { ChildEnd } from './process/child.js';
import { waitForOwnSignal } from './process/shared-signal.js';
import { TailLines } from './process/tail-lines.js';
import { ResponseTimeouts } from './rpc/response-timeouts.js';
import { Session } from './rpc/session.js';
import { StepCheck } from './rpc/step-check.js';
import { type ShutdownOptions, shutDownGracefully, terminateTrainer } from './shutdown.js';
import { openConnection } from './transport/open.js';
import type { Connection, Transport } from './transport/types.js';

export interface TrainerOptions {
  /** The program and its arguments; no shell ever reads them. */
  readonly command: readonly [string, ...string[]];
  /** Added to our own environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What carries the conversation. Absent: the trainer's stdin and stdout. */
  readonly transport?: Transport;
  readonly run: { readonly id: string; readonly dir: string; readonly seed: number };
  /** Whose LR training begins from. Absent: the tuner's. */
  readonly keepSchedule?: boolean;
  /** Our own version, for the handshake. */
  readonly version: string;
  readonly startTimeoutMs: number;
  /** When to call `onHint` if the script has not connected. */
  readonly hintAfterMs: number;
  /** Least silence that counts as a hang; for tests. */
  readonly minTimeoutMs?: number;
  /** Aborts the start: the trainer is killed. */
  readonly signal?: AbortSignal;
  /** The user's own output, from stdout and stderr. A promise slows the trainer's output until it resolves. */
  readonly onOutput: (chunk: Uint8Array, from: 'stdout' | 'stderr') => void | Promise<void>;
  readonly onProgress?: (progress: { readonly losses: readonly number[] }) => void;
  readonly onLog?: (level: string, message: string) => void;
  readonly onHint?: () => void;
  /** The process is there, and its script has not connected. What it throws ends the process. */
  readonly onStarted?: (pid: number) => void;
}

export interface Trainer {
  readonly facts: TrainerFacts;
  readonly pid: number;
  /** Losses of the `train` in flight that the trainer has told of; none once it is answered. */
  readonly reportedLosses: readonly number[];
  /** Optimizer updates that it has done, as its answers say. */
  readonly updates: number;
  /** One command at a time. When `signal` aborts, a `train` is cancelled and resolves with what was done. */
  ask(command: Command, signal?: AbortSignal): Promise<Reply>;
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
    isHeld: () => waiting > 0,
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
    dir: options.run.dir,
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
    session.fail(exited(end, session.pendingMethod, steps?.step, tail));
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
function withinClock(reply: Reply, waitedMs: number): Reply {
  if (!('seconds' in reply)) return reply;
  return { ...reply, seconds: Math.min(reply.seconds, waitedMs / 1000) };
}

function assertCancelled(reply: Reply, cancels: AbortSignal | undefined): void {
  if (reply.kind !== 'trained' || reply.end !== 'cancel' || cancels?.aborted) return;
  throw badMessage('its answer to "train"', '"end" is "cancel" without a cancel', reply.end);
}

async function handshake(
  options: TrainerOptions,
  connection: Connection,
  session: Session,
): Promise<TrainerFacts> {
  const { signal } = options;
  const interrupt = () =>
    session.fail(new AutolrsError('INTERRUPTED', 'interrupted before the script connected'));
  const hint = setTimeout(() => options.onHint?.(), options.hintAfterMs);
  if (signal?.aborted) interrupt();
  signal?.addEventListener('abort', interrupt, { once: true });
  try {
    const result = await session.request(initializeRequest(options), {
      timeoutMs: () => options.startTimeoutMs,
      onTimeout: (ms) => handshakeTimedOut(options.command, ms),
    });
    checkVersion(result);
    return toFacts(parseResult('initialize', result));
  } catch (error) {
    await terminateTrainer(connection);
    throw error;
  } finally {
    clearTimeout(hint);
    signal?.removeEventListener('abort', interrupt);
  }
}

/** Over a socket any process may connect, so the run is told in the environment alone. */
function initializeRequest({
  version,
  run,
  keepSchedule,
  transport = { kind: 'stdio' },
}: TrainerOptions): Request {
  const tuner = { name: 'autolrs', version } as const;
  return {
    method: 'initialize',
    params: {
      protocol: PROTOCOL_VERSION,
      tuner,
      ...(transport.kind === 'stdio' && { run }),
      ...(keepSchedule === true && { base: 'user' as const }),
    },
  };
}

/** Looked at before the rest: a later version may have another shape. */
export function checkVersion(result: unknown): void {
  if (typeof result !== 'object' || result === null || !('protocol' in result)) return;
  if (result.protocol === PROTOCOL_VERSION) return;
  throw new AutolrsError(
    'PROTOCOL_VERSION',
    `the script's adapter speaks protocol ${quoteValue(result.protocol)} and this autolrs speaks ${PROTOCOL_VERSION}; update the older of the two`,
  );
}

function handshakeTimedOut(command: readonly string[], timeoutMs: number): AutolrsError {
  return new AutolrsError(
    'TRAINER_SILENT',
    `"${command.join(' ')}" did not connect within ${timeoutMs / 1000} s; check that it attaches autolrs and reaches its training loop, or raise --start-timeout`,
  );
}

function hasClosed(what: 'stdout' | 'connection', command: readonly string[]): AutolrsError {
  return new AutolrsError(
    'TRAINER_SILENT',
    `"${command.join(' ')}" closed its ${what}, which carries its answers, and runs on; let it keep its ${what} open under autolrs`,
  );
}

function timedOut(method: string, step: number, timeoutMs: number): AutolrsError {
  return new AutolrsError(
    'TRAINER_TIMEOUT',
    `the trainer did not answer "${method}" (step ${step}) and gave no sign of life for ${timeoutMs / 1000} s; check whether it hangs`,
  );
}

function exited(
  { exitCode, signal }: ChildEnd,
  method: string | undefined,
  step: number | undefined,
  tail: TailLines,
): AutolrsError {
  const how = signal === undefined ? `with exit code ${exitCode}` : `by signal ${signal}`;
  const during = method === undefined ? '' : ` while answering "${method}"`;
  const facts = { exitCode, signal, stderrTail: tail.lines };
  if (step === undefined) {
    const sentence = exitCode === 0 ? undefined : adapterSentence(tail.lines);
    if (sentence !== undefined) {
      const message = `${sentence} (the script ended ${how} before it connected)`;
      return new AutolrsError('TRAINER_EXITED', message, facts);
    }
    const remedy =
      exitCode === 0 ? 'it must attach autolrs and train under it' : 'its last lines say why';
    return new AutolrsError(
      'TRAINER_EXITED',
      `the script ended ${how} before it connected; ${remedy}`,
      facts,
    );
  }
  return new AutolrsError(
    'TRAINER_EXITED',
    `the script ended ${how}${during} (step ${step}); read its last lines for the cause`,
    facts,
  );
}
