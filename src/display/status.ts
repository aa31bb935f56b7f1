/** How a run ended, or that it goes on, in one sentence. */

import type { RunStatus } from '../core/tuner/result.js';
import { visible } from '../core/visible.js';
import type { LrWord } from './word.js';

const SENTENCES: Readonly<Record<RunStatus, string>> = {
  finished: 'finished: the budget is spent',
  'target-reached': 'finished: the target loss is reached',
  'ended-early': "ended early: the script's loop ended; let it run until the tuner is done",
  diverged: 'diverged: no LR of the interval survives; search lower LRs',
  interrupted: 'interrupted',
  failed: 'failed',
  unfinished: 'unfinished: the journal has no end',
};

/** What is known of a run besides its result. */
export interface Circumstances {
  /** The process that runs it now. */
  readonly process?: RunningProcess | undefined;
  /** What it failed of, where that is not told elsewhere. */
  readonly failure?: string | undefined;
}

export interface RunningProcess {
  readonly pid: number;
  /** Absent: this one. */
  readonly host?: string;
}

/** For people who see nothing else of the run. */
export function describeStatus(
  status: RunStatus,
  word: LrWord,
  { process, failure }: Circumstances = {},
): string {
  if (status === 'failed' && failure !== undefined) return describeFailure(failure);
  if (status === 'unfinished' && process !== undefined) return describeRunning(process);
  return SENTENCES[status].replaceAll('LR', word);
}

/** The first line alone: what follows it is a traceback. */
function describeFailure(message: string): string {
  return visible(`failed: ${message.split('\n', 1)[0]}`.trimEnd());
}

function describeRunning({ pid, host }: RunningProcess): string {
  return `running: process ${pid}${host === undefined ? '' : ` on ${host}`}`;
}
