/** Starts workers: processes of the script beside the main one, which do probes and are thrown away. */

import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import { isLauncher } from '../../core/launcher.js';
import { identityOf } from '../../journal/process-identity.js';
import { makeScratchDirectory } from '../../journal/scratch-directory.js';
import type { TrainerLog } from '../../journal/trainer-log.js';
import { startTrainer, type Trainer } from '../../trainer/trainer.js';
import { isPort } from '../../trainer/transport/port.js';
import type { SocketTransport, Transport } from '../../trainer/transport/types.js';
import { defaultTransport } from '../invocation.js';
import type { RunContext } from '../run-context.js';
import { commandOfPhase } from '../script/phase-command.js';
import { trainerEnv } from '../trainer-env.js';
import type { JoinAnswer } from './join-file.js';
import { resolvePrefix } from './resolve-prefix.js';

/** What starts worker `worker`, from 1. */
export function createWorkerStarter(
  { settings, run, journal, pythonPath, devices = [] }: RunContext,
  trainerLog: TrainerLog,
): (worker: number, signal: AbortSignal) => Promise<Trainer> {
  const { tuner, workerPrefix = [] } = settings;
  const own = commandOfPhase(settings.command, 'search');
  const [program, ...args] = [...resolvePrefix(workerPrefix, own), ...own];
  if (program === undefined) throw new Error('a command without words');
  const command = [program, ...args] as const;
  // A launcher places its own processes, and so does a prefix.
  const mayPlace = workerPrefix.length === 0 && !isLauncher(settings.command);
  return async (worker, signal) => {
    const scratchDir = makeScratchDirectory(run.dir, worker);
    const device = devices[worker % devices.length];
    const log = new LabelledLines(`[worker ${worker}] `, trainerLog);
    return startTrainer({
      ...commonOptions({ settings, run }, scratchDir, signal),
      command,
      cwd: settings.scoutDir ?? run.cwd,
      endsWithUs: true,
      env: {
        ...trainerEnv({
          ...run,
          seed: tuner.seed,
          pythonPath,
          phase: 'search',
          scratchDir,
          worker,
        }),
        ...(mayPlace && device !== undefined && { CUDA_VISIBLE_DEVICES: device }),
      },
      transport: transportOf(settings.transport, [...workerPrefix, ...own]),
      onOutput: (chunk) => log.push(chunk),
      // Should it outlive us all the same, a resume ends it.
      onStarted: (pid) => journal.append({ kind: 'started', worker, process: identityOf(pid) }),
    });
  };
}

/** What takes a process that joins for worker `worker`: it starts the script by itself, and ends when `joiner` does. */
export function createJoinerStarter(
  context: RunContext,
  joiner: Socket,
): (worker: number, signal: AbortSignal) => Promise<Trainer> {
  const { settings, run } = context;
  return async (worker, signal) => {
    const scratchDir = makeScratchDirectory(run.dir, worker);
    const { seed } = settings.tuner;
    const place = { id: run.id, dir: run.dir, seed };
    const trainer = await startTrainer({
      ...commonOptions(context, scratchDir, signal),
      command: settings.command,
      env: {},
      transport: socketOf(settings.transport),
      parent: {
        pid: 0,
        isRunning: () => !joiner.destroyed,
        onListening({ address, token }) {
          const answer: JoinAnswer = { worker, address, token, run: place, scratchDir };
          joiner.write(`${JSON.stringify(answer)}\n`);
        },
      },
      // It is seen where the process was started.
      onOutput: () => {},
    }).catch((error: unknown) => {
      joiner.end();
      throw error;
    });
    // Its own getters must go on answering.
    return Object.create(trainer, {
      terminate: { value: () => trainer.terminate().finally(() => joiner.end()) },
    }) as Trainer;
  };
}

function commonOptions(
  { settings, run }: Pick<RunContext, 'settings' | 'run'>,
  socketDir: string,
  signal: AbortSignal,
) {
  const { tuner, startTimeoutMs } = settings;
  // One signal ends all workers: so many listeners are no leak.
  setMaxListeners(0, signal);
  return {
    socketDir,
    run: { id: run.id, dir: run.dir, seed: tuner.seed },
    // As the main process has it.
    ...(tuner.keepSchedule === true && {
      base: tuner.search === 'apart' ? ('override' as const) : ('user' as const),
    }),
    version: run.version,
    startTimeoutMs,
    hintAfterMs: startTimeoutMs,
    signal,
  };
}

/** A socket of the kind that the run has, or else one on this machine. */
export function socketOf(own: Transport): SocketTransport {
  return isPort(own) ? { ...own, port: 0 } : { kind: 'unix' };
}

/** The run's own, but for a port that the main process has, and for what a prefix needs. */
function transportOf(own: Transport, command: readonly string[]): Transport {
  if (isPort(own)) return { ...own, port: 0 };
  return own.kind === 'unix' ? own : defaultTransport(command);
}

/** Lines of several processes in one log. */
class LabelledLines {
  readonly #label: Buffer;
  readonly #log: TrainerLog;
  #rest = Buffer.alloc(0);

  constructor(label: string, log: TrainerLog) {
    this.#label = Buffer.from(label);
    this.#log = log;
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.concat([this.#rest, chunk]);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    // What has no newline yet must not grow.
    const isFull = end === 0 && bytes.length > MOST_BYTES;
    this.#rest = isFull ? Buffer.alloc(0) : bytes.subarray(end);
    const whole = isFull ? Buffer.concat([bytes, Buffer.from('\n')]) : bytes.subarray(0, end);
    for (let from = 0; from < whole.length; ) {
      const next = whole.indexOf(NEWLINE, from) + 1;
      this.#log.write(Buffer.concat([this.#label, whole.subarray(from, next)]));
      from = next;
    }
  }
}

const NEWLINE = 0x0a;
const MOST_BYTES = 16 * 1024;
