/** Executes a run, new or resumed, to its end: every failure on the way is part of its result. */

import { AutolrsError } from '../core/errors.js';
import { escapeLines } from '../core/escape-controls.js';
import { quoteForShell } from '../core/quote-for-shell.js';
import type { RunResult, RunStatus } from '../core/record/result.js';
import { describeEnd } from '../display/run/status.js';
import { summarize, summaryOf } from '../display/run/summary.js';
import type { Journal } from '../journal/writer.js';
import { driveTraining } from './drive-training.js';
import { EXIT_BUG, exitCodeOfError, exitCodeOfStatus } from './exit-codes.js';
import { writeResults } from './files/write-results.js';
import type { ParentPort } from './inside/parent-port.js';
import { say, stderr, stdout } from './output.js';
import type { RunContext } from './run-context.js';
import type { LiveServer } from './web/live-server.js';

/** @param report Tells what came of it, instead of a run's summary. */
export async function executeRun(
  context: RunContext,
  report: (outcome: Outcome) => void = (outcome) =>
    reportOutcome(outcome, context.settings, context.parent),
): Promise<number> {
  const { settings, run, journal, result, firstEntry, banner, display } = context;
  const startedAt = performance.now();
  let status: RunStatus = 'failed';
  let failure: unknown;
  let web: LiveServer | undefined;
  try {
    journal.append(firstEntry, { durable: true });
    display.say(banner);
    web = await openWeb(context);
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
    const error = failure === undefined ? {} : { error: describeFailure(failure) };
    journal.append({ kind: 'end', status, exitCode, ...error }, { durable: true });
    if (isInPlace) writeResults(run.dir, runResult);
  } catch (error) {
    failure ??= context.explainError(error); // the first cause is the one reported
    exitCode = exitCodeOf(status, failure);
  }
  journal.close();
  display.close();
  await web?.close();
  const isResumable =
    isInPlace &&
    journal.isOurs &&
    // A run that is searched apart can do all of it again.
    (result.hasCheckpoint || (settings.tuner.search !== 'inside' && result.hasBegun)) &&
    (status === 'interrupted' || (failure instanceof AutolrsError && failure.code !== 'USAGE'));
  report({ runResult, failure, exitCode, isResumable });
  // The command line tells of bugs.
  if (failure !== undefined && !(failure instanceof AutolrsError)) throw failure;
  return exitCode;
}

/** A run needs no page: one that cannot be shown is told, and trains. */
async function openWeb({
  openWeb: open,
  run,
  display,
  settings,
}: RunContext): Promise<LiveServer | undefined> {
  if (open === undefined) return undefined;
  try {
    const server = await open(run.dir);
    // What was asked for, and cannot be had otherwise, is said to those who want it quiet, too.
    const tell = settings.quiet ? say : display.say;
    tell(`live page: ${server.url}`);
    return server;
  } catch (error) {
    display.say(`no live page: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
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

export interface Outcome {
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
  parent: ParentPort | undefined,
): void {
  const write = (text: string) => stderr.write(`${escapeLines(text)}\n`);
  // Of a run that did not get to its first step there is nothing to tell but why.
  const isWorthASummary = runResult.steps.total > 0 || !(failure instanceof AutolrsError);
  if (!output.quiet && isWorthASummary) write(`\n${summarize(runResult).join('\n')}`);
  if (parent !== undefined) {
    // The script says by itself why the run ended, and how it goes on: it knows in which words.
    const error = failure === undefined ? {} : { error: describeFailure(failure) };
    const { status } = runResult;
    const summary = summaryOf(runResult);
    parent.tell({
      kind: 'end',
      exitCode,
      ...error,
      status,
      isResumable,
      summary,
      result: runResult,
    });
    return;
  }
  if (failure === undefined && exitCode !== 0) write(`autolrs: ${describeEnd(runResult)}`);
  tellFailure(failure, output.quiet);
  if (isResumable) {
    const isToChange = failure instanceof AutolrsError && failure.facts.isPermanent;
    const when = isToChange ? 'once the script is changed, resume with' : 'resume with';
    write(`autolrs: ${when}: autolrs resume ${quoteForShell(runResult.run.dir)}`);
  }
  if (output.json) {
    const error = failure === undefined ? {} : { error: { ...describeFailure(failure), exitCode } };
    stdout.write(`${JSON.stringify({ ...runResult, ...error })}\n`);
  }
}

/** The failure's sentence, and the script's last lines where they were not seen. */
export function tellFailure(failure: unknown, isQuiet: boolean): void {
  if (!(failure instanceof AutolrsError)) return;
  const write = (text: string) => stderr.write(`${escapeLines(text)}\n`);
  write(`autolrs: ${failure.message}`);
  // A traceback comes over the wire alone; all else that the script wrote has been shown, unless --quiet kept it. What
  // is to be changed in the script its adapter has said, and a traceback, which is the adapter's own, would hide it.
  const isRefusal = failure.code === 'TRAINER_FAILED' && failure.facts.isPermanent === true;
  const isUnseen = isQuiet || failure.facts.isUnseen || failure.code === 'TRAINER_FAILED';
  const lines = isUnseen && !isRefusal ? (failure.facts.stderrTail ?? []) : [];
  for (const line of lines) write(`  ${line}`);
}

export function describeFailure(failure: unknown): {
  readonly code: string;
  readonly message: string;
} {
  if (failure instanceof AutolrsError) return { code: failure.code, message: failure.message };
  return { code: 'BUG', message: failure instanceof Error ? failure.message : String(failure) };
}
