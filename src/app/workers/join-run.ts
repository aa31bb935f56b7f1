/** `autolrs worker`: starts the script as a worker of a run that another process tunes, and ends it with that run. */

import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AutolrsError } from '../../core/errors.js';
import { type Child, type ChildEnd, startChild } from '../../trainer/process/child.js';
import { dial } from '../../trainer/transport/dial.js';
import { FirstLine } from '../../trainer/transport/first-line.js';
import { EXIT_INTERRUPTED } from '../exit-codes.js';
import type { Interrupts } from '../interrupts.js';
import { say, stderr } from '../output.js';
import { trainerEnv } from '../trainer-env.js';
import { type JoinAnswer, type JoinPlace, parseJoinAnswer, readJoinPlace } from './join-file.js';

export interface JoinOptions {
  /** The run directory. */
  readonly dir: string;
  readonly command: readonly [string, ...string[]];
  readonly pythonPath: string | undefined;
  /** How long the run may take to let workers join. */
  readonly waitMs: number;
  readonly interrupts: Pick<Interrupts, 'signal'>;
}

const LOOK_EVERY_MS = 500;

/** A host that drops what it is sent never refuses a connection. */
const CONNECT_MS = 10_000;

/** An adapter leaves at once when the tuner hangs up; what is still there is told to go. */
const HUNG_UP_MS = 3_000;
const TERM_GRACE_MS = 3_000;

/** A script that ends because the tuner hung up is seen before the tuner is done with this connection. */
const CLOSING_MS = 5_000;

/** @throws AutolrsError when the run lets no worker join, or the script ends before the run has no more need of it. */
export async function joinRun(options: JoinOptions): Promise<number> {
  const { dir, command, pythonPath, interrupts } = options;
  const { signal } = interrupts;
  const socket = await reach(options);
  if (socket === undefined) return EXIT_INTERRUPTED;
  const closed = new Promise<'closed'>((resolve) => socket.once('close', () => resolve('closed')));
  try {
    const answer = await Promise.race([answerOf(socket), closed, aborted(signal)]);
    if (answer === 'aborted') return EXIT_INTERRUPTED;
    if (answer === 'closed') throw unreachable(dir, 'it turned this process away');
    const { worker, address, token, run, scratchDir } = answer;
    say(`worker ${worker} of run ${run.id}`);
    const child = await startChild({
      command,
      env: {
        ...trainerEnv({ ...run, pythonPath, phase: 'search', scratchDir, worker }),
        AUTOLRS_ADDRESS: address,
        AUTOLRS_TOKEN: token,
      },
      stdin: 'ignore',
      endsWithUs: true,
      onStdout: pass,
      onStderr: pass,
    });
    const first = await Promise.race([child.ended, closed, aborted(signal)]);
    if (first === 'aborted') {
      socket.destroy(); // the tuner gives its probe to another
      await end(child, 0);
      return EXIT_INTERRUPTED;
    }
    if (first === 'closed') await end(child, HUNG_UP_MS);
    else if ((await Promise.race([closed, sleep(CLOSING_MS, 'open')])) === 'open') {
      throw endedAlone(first);
    }
    say('the run needs no worker any more');
    return 0;
  } finally {
    socket.destroy();
  }
}

/** A connection to the tuner; undefined once an interrupt came. */
async function reach({ dir, waitMs, interrupts }: JoinOptions): Promise<Socket | undefined> {
  const deadline = performance.now() + waitMs;
  let isTold = false;
  let why = '';
  const onFailure = (error: Error) => {
    why = ` (${error.message})`;
  };
  while (!interrupts.signal.aborted) {
    const place = readJoinPlace(dir);
    const socket = place && (await connect(place, interrupts.signal, onFailure));
    if (socket !== undefined) return socket;
    if (performance.now() > deadline) throw unreachable(dir, `no worker can join it${why}`);
    if (!isTold) say(`waiting for the run in ${dir} to let workers join`);
    isTold = true;
    await sleep(LOOK_EVERY_MS, undefined, { signal: interrupts.signal }).catch(() => {});
  }
  return undefined;
}

/** Undefined where no process answers, as after a tuner that was killed. */
function connect(
  { address, secret }: JoinPlace,
  signal: AbortSignal,
  onFailure: (error: Error) => void,
): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    let isOver = false;
    const settle = (socket?: Socket) => {
      isOver = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      resolve(socket);
    };
    const giveUp = () => settle();
    const timer = setTimeout(giveUp, CONNECT_MS);
    signal.addEventListener('abort', giveUp, { once: true });
    void dial(address, {
      onReady(socket) {
        if (isOver) return void socket.destroy();
        socket.write(`${JSON.stringify({ secret })}\n`);
        settle(socket);
      },
      onError(error) {
        if (isOver) return;
        onFailure(error);
        settle();
      },
    });
  });
}

/** `closed` where it is not the tuner that answers: another program may listen where a tuner did that was killed. */
function answerOf(socket: Socket): Promise<JoinAnswer | 'closed'> {
  const line = new FirstLine();
  return new Promise((resolve) => {
    socket.on('data', (chunk) => {
      const state = line.push(chunk);
      if (state.kind === 'too-long') resolve('closed');
      if (state.kind === 'whole') resolve(parseJoinAnswer(state.line) ?? 'closed');
    });
  });
}

function aborted(signal: AbortSignal): Promise<'aborted'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('aborted');
    else signal.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
}

/** Ends a script that does not leave by itself. */
async function end(child: Child, waitMs: number): Promise<void> {
  const steps = [
    { waitMs, signal: 'SIGTERM' },
    { waitMs: TERM_GRACE_MS, signal: 'SIGKILL' },
  ] as const;
  for (const { waitMs: ms, signal } of steps) {
    const timer = new AbortController();
    const late = sleep(ms, 'late' as const, { signal: timer.signal }).catch(() => undefined);
    const first = await Promise.race([child.ended, late]);
    timer.abort();
    if (first !== 'late') return;
    child.kill(signal);
  }
  await child.ended;
}

async function pass(chunk: Uint8Array): Promise<void> {
  stderr.write(chunk);
}

function endedAlone({ exitCode, signal }: ChildEnd): AutolrsError {
  const how = signal === undefined ? `with exit code ${exitCode}` : `by signal ${signal}`;
  return new AutolrsError(
    'TRAINER_EXITED',
    `the script ended ${how} before the run had no more need of it; its last lines say why`,
    { exitCode, signal },
  );
}

function unreachable(dir: string, why: string): AutolrsError {
  return new AutolrsError(
    'RUN_DIRECTORY_UNUSABLE',
    `the run in "${dir}" cannot be joined: ${why}; begin it with --join, and give its run directory here`,
  );
}
