/** `autolrs resume DIR`: goes on with a run that ended in any way, from what its journal and its checkpoints hold. */

import { resolve } from 'node:path';
import { AutolrsError } from '../core/errors.js';
import { resolveOptions, type TunerOptions } from '../core/options.js';
import type { Extension, TrainerFacts } from '../core/tuner/command.js';
import { totalSteps } from '../core/tuner/ledger.js';
import { Replay } from '../core/tuner/replay.js';
import { statusOf } from '../core/tuner/result.js';
import { beginStrategy } from '../core/tuner/strategies.js';
import { describeEnd } from '../display/status.js';
import { Journal } from '../journal/file.js';
import type { JournalEntry } from '../journal/format.js';
import { lockRun } from '../journal/lock.js';
import type { ProcessIdentity } from '../journal/process-identity.js';
import { mustHoldARun } from '../journal/read.js';
import { conductRun } from './conduct-run.js';
import { endLeftover } from './end-leftover.js';
import { type FoldedJournal, foldJournal } from './fold-journal.js';
import type { ResumeSettings } from './options.js';
import { say, stdout } from './output.js';
import { carrierFor } from './read-carrier.js';
import { readVersion } from './version.js';
import { writeResults } from './write-results.js';

/** @throws AutolrsError before the run goes on; after that a failure is part of the run's account. */
export async function resumeCommand(directory: string, settings: ResumeSettings): Promise<number> {
  const dir = resolve(directory);
  mustHoldARun(dir); // told before anything is locked, where there is nothing to lock
  const lock = lockRun(dir);
  try {
    return await goOn(dir, settings);
  } finally {
    lock.release();
  }
}

async function goOn(dir: string, settings: ResumeSettings): Promise<number> {
  const past = new PastRun();
  const folded = await foldJournal(dir, (entry) => past.add(entry));
  const { run, invocation, result, status, seconds, records, bytes } = folded;
  const { replay, facts, tuner } = past;
  const extension = checkExtension(settings, folded);
  const finished = replay?.standing.finished;
  // A run whose script failed or was stopped after its training has its end still to come.
  const isOver = finished !== undefined && status === statusOf(finished);
  if (extension !== undefined && finished !== 'budget' && finished !== 'target') {
    throw usage(
      finished === undefined
        ? 'the run is not finished; resume it without --steps and --budget, and extend it then'
        : `this run cannot be extended: ${describeEnd(result.build(status, seconds))}`,
    );
  }
  if (isOver && extension === undefined) return tellItIsOver(folded, settings);
  if (past.process) await endLeftover(past.process);
  const version = readVersion();
  const command = settings.command ?? invocation.command;
  const carrier = settings.carrier ?? carrierFor(command, invocation);
  return conductRun({
    settings: {
      ...settings,
      tuner: tuner ?? resolveOptions({}),
      command,
      runDir: dir,
      restarts: settings.restarts ?? run.restarts,
      carrier,
      checkpointSteps: settings.checkpointSteps ?? run.checkpointSteps,
    },
    run: { id: run.id, dir, cwd: run.cwd, version },
    journal: Journal.reopen(dir, records, bytes),
    result,
    secondsBefore: seconds,
    beginning: { kind: 'resume', autolrs: version, command, carrier },
    greeting: `run ${run.id} goes on in ${dir}`,
    ...(replay &&
      facts && { past: { standing: replay.standing, facts, ...(extension && { extension }) } }),
  });
}

/** What a journal says to a fresh strategy. A run that ended before its trainer said hello has none yet. */
export class PastRun {
  tuner: TunerOptions | undefined;
  facts: TrainerFacts | undefined;
  replay: Replay | undefined;
  /** The script's process that was started last. */
  process: ProcessIdentity | undefined;

  add(entry: JournalEntry): void {
    switch (entry.kind) {
      case 'run':
        this.tuner = resolveOptions(entry.options as Partial<TunerOptions>); // checked again by it
        return;
      case 'started':
        this.process = entry.process;
        return;
      case 'trainer':
        this.process = entry.process;
        if (this.replay !== undefined || this.tuner === undefined) return;
        this.facts = entry.facts;
        this.replay = new Replay(beginStrategy(this.tuner, entry.facts), entry.facts.step);
        return;
      case 'end':
      case 'resume':
        return;
      default:
        this.replay?.add(entry);
    }
  }
}

/** Budgets are totals, never "more". */
function checkExtension(
  { steps, budget }: ResumeSettings,
  { result }: FoldedJournal,
): Extension | undefined {
  const { committed } = result.ledger;
  const total = totalSteps(result.ledger);
  if (steps !== undefined && steps <= committed) {
    throw usage(
      `--steps ${steps} is a total, and the run has committed ${committed} steps; give more than that`,
    );
  }
  if (budget !== undefined && budget <= total) {
    throw usage(`--budget ${budget} is a total, and the run has done ${total} steps; give more`);
  }
  if (steps === undefined && budget === undefined) return undefined;
  return { ...(steps !== undefined && { steps }), ...(budget !== undefined && { total: budget }) };
}

/** Nothing is left to do, which is no error: whoever resumes until a run is over may ask once more. */
function tellItIsOver(
  { result, status, seconds }: FoldedJournal,
  settings: ResumeSettings,
): number {
  const account = result.build(status, seconds);
  writeResults(account.run.dir, account); // a full disk may have kept them from being written
  say(
    `the run is over (${describeEnd(account)}); give --steps or --budget, totals both, to train on`,
  );
  if (settings.json) stdout.write(`${JSON.stringify(account)}\n`);
  return 0;
}

function usage(message: string): AutolrsError {
  return new AutolrsError('USAGE', message);
}
