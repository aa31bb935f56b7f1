/** `autolrs run`: one run from the first line of its journal to the last, every failure in between accounted for. */

import { join, resolve } from 'node:path';
import { AutolrsError } from '../core/errors.js';
import { ResultBuilder, type RunResult, type RunStatus } from '../core/tuner/result.js';
import { describeStatus, summarize } from '../display/summary.js';
import { Journal } from '../journal/file.js';
import { createRunDirectory, writeFileAtomically } from '../journal/run-directory.js';
import { createDisplay } from './create-display.js';
import { EXIT_BUG, exitCodeOfError, exitCodeOfStatus } from './exit-codes.js';
import type { RunSettings } from './options.js';
import { createRunId } from './run-id.js';
import { trainToTheEnd } from './train-to-the-end.js';
import { readVersion } from './version.js';

/** @throws AutolrsError before the run has begun; after that a failure is part of the run's account. */
export async function runCommand(settings: RunSettings): Promise<number> {
  const { strategy, seed } = settings.tuner;
  const id = createRunId();
  const dir = resolve(settings.runDir ?? join('autolrs-runs', id));
  createRunDirectory(dir);
  const journal = new Journal(dir);
  const display = createDisplay(settings.quiet);
  const startedAt = performance.now();
  const version = readVersion();
  const result = new ResultBuilder({ id, dir, strategy, seed });
  let status: RunStatus = 'failed';
  let failure: unknown;
  try {
    const { tuner, command } = settings;
    const facts = { autolrs: version, id, strategy, seed, options: { ...tuner }, command };
    journal.append({ kind: 'run', journal: 1, ...facts });
    display.say(`run ${id} (strategy ${strategy}, seed ${seed}) in ${dir}`);
    status = await trainToTheEnd({ settings, id, dir, version, journal, display, result });
  } catch (error) {
    failure = error;
    if (error instanceof AutolrsError && error.code === 'INTERRUPTED') status = 'interrupted';
  }
  const exitCode = exitCodeOf(status, failure);
  const account = result.build(status, (performance.now() - startedAt) / 1000);
  try {
    const error = failure === undefined ? {} : { error: describe(failure) };
    journal.append({ kind: 'end', status, exitCode, ...error }, { durable: true });
    writeResults(dir, account);
  } catch (error) {
    failure ??= error; // the first cause is the one reported
  }
  journal.close();
  display.close();
  return tellEnd(account, failure, exitCode, settings);
}

function exitCodeOf(status: RunStatus, failure: unknown): number {
  if (failure === undefined) return exitCodeOfStatus(status);
  return failure instanceof AutolrsError ? exitCodeOfError(failure.code) : EXIT_BUG;
}

function writeResults(dir: string, account: RunResult): void {
  const schedule = { version: 1, run: account.run.id, schedule: account.schedule };
  writeFileAtomically(join(dir, 'schedule.json'), toText(schedule));
  writeFileAtomically(join(dir, 'result.json'), toText(account));
}

function toText(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

interface Voice {
  readonly json: boolean;
  readonly quiet: boolean;
}

/** The account for people on stderr, the document for programs on stdout, the failure's sentence last. */
function tellEnd(account: RunResult, failure: unknown, exitCode: number, voice: Voice): number {
  const say = (text: string) => process.stderr.write(`${text}\n`);
  if (!voice.quiet) say(`\n${summarize(account).join('\n')}`);
  else if (failure === undefined && exitCode !== 0)
    say(`autolrs: ${describeStatus(account.status)}`);
  if (failure instanceof AutolrsError) {
    say(`autolrs: ${failure.message}`);
    // A traceback comes over the wire alone; all else that the script wrote has been shown, unless --quiet kept it.
    const isUnseen = voice.quiet || failure.code === 'TRAINER_FAILED';
    if (isUnseen) for (const line of failure.facts.stderrTail ?? []) say(`  ${line}`);
  }
  if (voice.json) {
    const error = failure === undefined ? {} : { error: { ...describe(failure), exitCode } };
    process.stdout.write(`${JSON.stringify({ ...account, ...error })}\n`);
  }
  if (failure !== undefined && !(failure instanceof AutolrsError)) throw failure;
  return exitCode;
}

function describe(failure: unknown): { readonly code: string; readonly message: string } {
  if (failure instanceof AutolrsError) return { code: failure.code, message: failure.message };
  return { code: 'BUG', message: failure instanceof Error ? failure.message : String(failure) };
}
