/** Executes a run, new or resumed, to its end: every failure on the way is part of its result. */

import { AutolrsError } from '../core/errors.js';
import { escapeLines } from '../core/escape-controls.js';
import { quoteForShell } from '../core/quote-for-shell.js';
import type { RunResult, RunStatus } from '../core/record/result.js';
import { describeEnd } from '../display/run/status.js';
import { summarize } from '../display/run/summary.js';
import type { Journal } from '../journal/writer.js';
import { driveTraining } from './drive-training.js';
import { EXIT_BUG, exitCodeOfError, exitCodeOfStatus } from './exit-codes.js';
import { stderr, stdout } from './output.js';
import type { RunContext } from './run-context.js';
import { writeResults } from './write-results.js';

export async function executeRun(context: RunContext): Promise<number> {
  const { settings, run, journal, result, firstEntry, banner, display } = context;
  const startedAt = performance.now();
  let status: RunStatus = 'failed';
  let failure: unknown;
  try {
    journal.append(firstEntry, { durable: true });
    display.say(banner);
    status = await driveTraining(context);
  } catch (error) {
    failure = context.explainError(error);
    if (error instanceof AutolrsError && error.code === 'INTERRUPTED') status = 'interrupted';
  }
  const isInPlace = isStillThere(journal, (error) => {
    failure ??= error;
    if (status !== 'interrupted') status = 'failed';
  });
  let exitCode = exitCodeOf(status, failure);
  const seconds = context.secondsBefore + (performance.now() - startedAt) / 1000;
  const runResult = result.build(status, seconds);
  try {
    const error = failure === undefined ? {} : { error: describe(failure) };
    journal.append({ kind: 'end', status, exitCode, ...error }, { durable: true });
    if (isInPlace) writeResults(run.dir, runResult);
  } catch (error) {
    failure ??= context.explainError(error); // the first cause is the one reported
    exitCode = exitCodeOf(status, failure);
  }
  journal.close();
  display.close();
  const isResumable =
    isInPlace &&
    result.hasCheckpoint &&
    (status === 'interrupted' || (failure instanceof AutolrsError && failure.code !== 'USAGE'));
  return reportOutcome({ runResult, failure, exitCode, isResumable }, settings);
}

/** Whether the run directory is where it was when the run began. */
function isStillThere(journal: Journal, onGone: (error: unknown) => void): boolean {
  try {
    journal.assertInPlace();
    return true;
  } catch (error) {
    onGone(error);
    return false;
  }
}

function exitCodeOf(status: RunStatus, failure: unknown): number {
  if (failure === undefined) return exitCodeOfStatus(status);
  return failure instanceof AutolrsError ? exitCodeOfError(failure.code) : EXIT_BUG;
}

interface Outcome {
  readonly runResult: RunResult;
  readonly failure: unknown;
  readonly exitCode: number;
  readonly isResumable: boolean;
}

interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
}

/** The summary for people on stderr, the document for programs on stdout, the failure's sentence last. */
function reportOutcome(
  { runResult, failure, exitCode, isResumable }: Outcome,
  output: OutputOptions,
): number {
  const say = (text: string) => stderr.write(`${escapeLines(text)}\n`);
  // Of a run that did not get to its first step there is nothing to tell but why.
  const isWorthASummary = runResult.steps.total > 0 || !(failure instanceof AutolrsError);
  if (!output.quiet && isWorthASummary) say(`\n${summarize(runResult).join('\n')}`);
  else if (failure === undefined && exitCode !== 0) say(`autolrs: ${describeEnd(runResult)}`);
  if (failure instanceof AutolrsError) {
    say(`autolrs: ${failure.message}`);
    // A traceback comes over the wire alone; all else that the script wrote has been shown, unless --quiet kept it. What
    // is to be changed in the script its adapter has said, and a traceback would hide it.
    const isUnseen =
      output.quiet || (failure.code === 'TRAINER_FAILED' && !failure.facts.isPermanent);
    if (isUnseen) for (const line of failure.facts.stderrTail ?? []) say(`  ${line}`);
  }
  if (isResumable) {
    const isToChange = failure instanceof AutolrsError && failure.facts.isPermanent;
    const when = isToChange ? 'once the script is changed, resume with' : 'resume with';
    say(`autolrs: ${when}: autolrs resume ${quoteForShell(runResult.run.dir)}`);
  }
  if (output.json) {
    const error = failure === undefined ? {} : { error: { ...describe(failure), exitCode } };
    stdout.write(`${JSON.stringify({ ...runResult, ...error })}\n`);
  }
  if (failure !== undefined && !(failure instanceof AutolrsError)) throw failure;
  return exitCode;
}

function describe(failure: unknown): { readonly code: string; readonly message: string } {
  if (failure instanceof AutolrsError) return { code: failure.code, message: failure.message };
  return { code: 'BUG', message: failure instanceof Error ? failure.message : String(failure) };
}
