/** Starts the script's processes: the first one, each one after a failure, and the one that trains after a search apart. */

import type { Purpose, TrainerFacts } from '../../core/conversation/command.js';
import type { TunerOptions } from '../../core/options.js';
import { keepsSchedule } from '../../core/strategies/keeps-schedule.js';
import { describeSteering, describeUnattached } from '../../display/run/from-outside.js';
import { createLog } from '../../display/run/log.js';
import { formatSeconds } from '../../display/text/format.js';
import { identityOf, isRunning } from '../../journal/process-identity.js';
import { makeScratchDirectory } from '../../journal/scratch-directory.js';
import { removeStartMarks, startMarks } from '../../journal/start-marks.js';
import type { TrainerLog } from '../../journal/trainer-log.js';
import type { TrainerOptions } from '../../trainer/options.js';
import type { TailLines } from '../../trainer/process/tail-lines.js';
import { startTrainer, type Trainer } from '../../trainer/trainer.js';
import { isReadable } from '../../trainer/transport/port.js';
import type { ParentProcess } from '../../trainer/transport/types.js';
import type { ParentPort } from '../inside/parent-port.js';
import type { RunContext, RunIdentity, RunSettings } from '../run-context.js';
import { trainerEnv } from '../trainer-env.js';
import { assertCompatible } from './compatible-facts.js';
import { commandOfPhase } from './phase-command.js';
import type { PrintedLossReader } from './printed-losses.js';
import { HINT_AFTER_MS, startHint } from './start-hint.js';

const READABLE =
  'others on the network can read what passes by --transport tcp:HOST:PORT; tls:HOST:PORT is encrypted';

/** From the end of training to that of the script. */
export interface ScriptEnding {
  hasBegun: boolean;
  /** What the adapter found wrong there, as a script that trains on. */
  adapterError: string | undefined;
}

export interface StarterTools {
  readonly trainerLog: TrainerLog;
  /** Takes what a process writes that only searches. */
  readonly searchOutput: TailLines;
  readonly signal: AbortSignal;
  readonly onSecondInterrupt: (act: () => void) => void;
  readonly ending: ScriptEnding;
  /** Reads the validation losses that the script prints, where the user has said how. */
  readonly printed: PrintedLossReader | undefined;
}

/** Whether what the script prints of its validations is the metric that the run goes by: where it returns none. */
export function printsMetric({ metric }: TunerOptions, { can }: TrainerFacts): boolean {
  return metric !== undefined && !can.validate;
}

/** What starts a process for a phase of the run. */
export function createStarter(
  { settings, run, journal, display, result, resumeState, pythonPath, parent }: RunContext,
  { trainerLog, searchOutput, signal, onSecondInterrupt, ending, printed }: StarterTools,
): (phase: Purpose | undefined) => Promise<Trainer> {
  const { tuner } = settings;
  if (isReadable(settings.transport)) display.say(READABLE);
  const log = createLog(settings.logLevel, display.say);
  let before = resumeState?.facts;
  const begun = new Set<Purpose | undefined>(
    resumeState?.hasBegun ? [resumeState.resumePoint.lineage.phase] : [],
  );
  return async (phase) => {
    const isSearch = phase === 'search';
    if (phase !== undefined) trainerLog.write(Buffer.from(headingOf(phase, begun)));
    const base = baseOf(settings, before, phase, result.hasFactor);
    removeStartMarks(run.dir);
    const trainer = await startTrainer({
      command: commandOfPhase(settings.command, phase),
      cwd: (isSearch ? settings.scoutDir : undefined) ?? run.cwd,
      env: trainerEnv({
        ...run,
        seed: tuner.seed,
        continues: begun.has(phase),
        pythonPath,
        ...(phase !== undefined && { phase }),
        ...(isSearch && { scratchDir: makeScratchDirectory(run.dir) }),
      }),
      transport: settings.transport,
      ...(parent !== undefined && { parent: toProcess(parent, run, tuner.seed, begun.has(phase)) }),
      run: { id: run.id, dir: run.dir, seed: tuner.seed },
      ...(base !== undefined && { base }),
      version: run.version,
      startTimeoutMs: settings.startTimeoutMs,
      ...startMarks(run.dir, settings.command, settings.mayPrepare),
      onPreparing: (seconds) =>
        display.say(
          `the script prepares since it has imported PyTorch; waiting for its first update (${formatSeconds(seconds)} so far)`,
        ),
      hintAfterMs: HINT_AFTER_MS,
      signal,
      async onOutput(chunk, from) {
        trainerLog.write(chunk);
        if (isSearch) return searchOutput.push(chunk);
        printed?.add(chunk, from);
        await display.passOn(chunk);
      },
      onProgress: ({ losses }) => display.tell(losses),
      onLog(level, message) {
        // It is the failure's sentence, or no failure: said once, when that is known.
        if (ending.hasBegun && level === 'error') ending.adapterError ??= message;
        else log.write(levelOf(level), message);
      },
      onHint() {
        // A notebook may take its time from one cell to the next.
        if (parent === undefined) display.say(startHint(settings, run.dir));
      },
      onStarted: (pid) => journal.append({ kind: 'started', process: identityOf(pid) }),
    });
    removeStartMarks(run.dir); // it is heard of
    const { facts, pid } = trainer;
    onSecondInterrupt(trainer.kill);
    try {
      if (before) assertCompatible(before, facts, tuner);
      else if (facts.attached === false) {
        display.say(
          tuner.strategy === 'range'
            ? describeUnattached(facts)
            : describeSteering(facts, keepsSchedule(tuner, facts)),
        );
      }
      before ??= facts;
      journal.append({ kind: 'trainer', facts, process: identityOf(pid) });
    } catch (error) {
      await trainer.terminate();
      throw error;
    }
    begun.add(phase);
    log.write('info', 'the trainer connected', { ...facts, pid });
    result.begin(facts.step);
    if (printed === undefined) return trainer;
    return withPrinted(trainer, printed, printsMetric(tuner, facts) ? 'printedMetric' : 'printed');
  };
}

/** The script that has started us, as a trainer's process. */
function toProcess(
  { pid, tell }: ParentPort,
  { id, dir }: RunIdentity,
  seed: number,
  continues: boolean,
): ParentProcess {
  const identity = identityOf(pid);
  return {
    pid,
    isRunning: () => isRunning(identity) !== false,
    onListening: ({ address, token }) =>
      tell({
        kind: 'listening',
        address,
        token,
        pid: process.pid,
        run: { id, dir, seed },
        continues,
      }),
  };
}

/** The trainer, whose answers to `train` tell under `key` what was printed of validations before. */
function withPrinted(
  trainer: Trainer,
  printed: PrintedLossReader,
  key: 'printed' | 'printedMetric',
): Trainer {
  // Its own getters must go on answering.
  return Object.create(trainer, {
    ask: {
      value: async (...asked: Parameters<Trainer['ask']>) => {
        const reply = await trainer.ask(...asked);
        const losses = reply.kind === 'trained' ? printed.take() : [];
        return losses.length === 0 ? reply : { ...reply, [key]: losses };
      },
    },
  }) as Trainer;
}

/**
 * What an LR is to a process. A search apart has LRs of its own, whosever schedule the run keeps; a script of which
 * nothing is known yet says by itself whether it attaches.
 */
function baseOf(
  { tuner }: RunSettings,
  facts: TrainerFacts | undefined,
  phase: Purpose | undefined,
  hasFactor: boolean,
): TrainerOptions['base'] | undefined {
  if (phase === 'search') return tuner.keepSchedule === true ? 'override' : undefined;
  const keeps = facts === undefined ? tuner.keepSchedule === true : keepsSchedule(tuner, facts);
  // A search may find that nothing speaks against the one LR of a script without a schedule.
  return keeps || hasFactor ? 'user' : undefined;
}

/** Where the search ends in its log: whatever its process says above of its end is no accident. */
function headingOf(phase: Purpose, begun: ReadonlySet<Purpose | undefined>): string {
  const after =
    begun.has('search') && !begun.has('commit')
      ? 'the search is over, its process was ended; '
      : '';
  const what =
    phase === 'search'
      ? 'the search: a process that is thrown away'
      : `${after}the run: the script from its beginning`;
  return `=== autolrs: ${what} ===\n`;
}

/** A trainer's level as ours; `warning` is Python's word, and an unknown level is information. */
function levelOf(word: string): 'error' | 'warn' | 'info' | 'debug' {
  if (word === 'warning') return 'warn';
  return word === 'error' || word === 'warn' || word === 'debug' ? word : 'info';
}
