/** How a run ended, or that it goes on, in one sentence. */

import type { FlatLossFinding } from '../../core/conversation/decision.js';
import { escapeControls } from '../../core/escape-controls.js';
import type { RunResult, RunStatus } from '../../core/record/result.js';
import { formatCount, formatLoss, formatLr, plural } from '../text/format.js';
import { type LrLabel, lrLabel } from './lr-label.js';
import { describeFinish } from './narrate.js';

const SENTENCES: Readonly<Record<RunStatus, string>> = {
  finished: 'finished: the budget is spent',
  'target-reached': 'finished: the target is reached',
  'ended-early': "ended early: the script's loop ended; let it run until the tuner is done",
  diverged: 'diverged: no LR of the interval survives; search lower LRs',
  'flat-loss': 'flat loss: no LR makes a difference to the training loss',
  interrupted: 'interrupted',
  failed: 'failed',
  unfinished: 'unfinished: the journal has no end',
};

export type End = Pick<
  RunResult,
  | 'status'
  | 'keepSchedule'
  | 'neverFinite'
  | 'unsoundStep'
  | 'flat'
  | 'returned'
  | 'unused'
  | 'range'
  | 'steps'
>;

/** For people who see nothing else of the run. */
export function describeEnd(
  { status, keepSchedule, neverFinite, unsoundStep, flat, returned, unused, range, steps }: End,
  circumstances?: StatusDetails,
): string {
  const word = lrLabel({ keepSchedule });
  if (status === 'diverged' && neverFinite !== undefined) {
    return describeFault(neverFinite, word);
  }
  if (status === 'diverged' && unsoundStep !== undefined) {
    return `diverged: the training loss of the model at step ${formatCount(unsoundStep)} is not finite at any ${word}, and there is no older checkpoint to go back to; run again with a lower --max-lr`;
  }
  if (status === 'flat-loss' && flat !== undefined) return describeFlatLoss(flat);
  if (range !== undefined) {
    const { peak, low, high } = range;
    return `range: peak LR ${formatLr(peak)}, ${formatLr(low)} to ${formatLr(high)} about as good; nothing was committed`;
  }
  if (status === 'finished') return describeFinish({ returned, unused });
  const sentence = describeStatus(status, word, circumstances);
  const { unsaved = 0 } = steps;
  if (unsaved === 0 || circumstances?.process) return sentence;
  return `${sentence}; ${plural(unsaved, 'committed step')} ${unsaved === 1 ? 'is' : 'are'} not on disk, and a resume does them again`;
}

/** A loss that no LR can help: a user who reads that they diverged would search lower ones. */
function describeFault(
  { loss, lowestLr, afterUpdate }: NonNullable<RunResult['neverFinite']>,
  word: LrLabel,
): string {
  const lrs = `at any ${word} down to ${formatLr(lowestLr)}`;
  if (afterUpdate) {
    return `diverged: the ${loss} loss was not finite after the first step ${lrs}; unless the script trains at a lower one, the fault is in its loss or data, not in the ${word}`;
  }
  const tried = `the ${loss} loss was not finite ${lrs}`;
  const place = loss === 'training' ? 'loss or data' : 'validation';
  return `diverged: ${tried}; the fault is in the script's ${place}, not in the ${word}`;
}

function describeFlatLoss({ loss, steps, highestLr, isOfBatches }: FlatLossFinding): string {
  const [at, tried] = [formatLoss(loss), `at LRs up to ${formatLr(highestLr)}`];
  if (isOfBatches) {
    return `flat loss: the training loss was the same at every LR, ${at} after the same ${plural(steps, 'step')}, ${tried}; report the loss of the model that the optimizer updates, or allow higher LRs`;
  }
  return `flat loss: the training loss was ${at} at each of ${plural(steps, 'step')}, ${tried}; report the loss that the script trains by and no constant, or give a validation if its value is one by design`;
}

/** What is known of a run besides its result. */
export interface StatusDetails {
  /** The process that runs it now. */
  readonly process?: RunningProcess | undefined;
  /** Why it failed, where that is not told elsewhere. */
  readonly failure?: string | undefined;
}

export interface RunningProcess {
  readonly pid: number;
  /** Absent: this one, in this container. */
  readonly host?: string;
}

/** For those who have no result. */
export function describeStatus(
  status: RunStatus,
  word: LrLabel,
  { process, failure }: StatusDetails = {},
): string {
  if (status === 'failed' && failure !== undefined) return describeFailure(failure);
  if (status === 'unfinished' && process !== undefined) return describeRunning(process);
  return SENTENCES[status].replaceAll('LR', word);
}

/** The first line alone: what follows it is a traceback. */
function describeFailure(message: string): string {
  return escapeControls(`failed: ${message.split('\n', 1)[0]}`.trimEnd());
}

function describeRunning({ pid, host }: RunningProcess): string {
  return `running: process ${pid}${host === undefined ? '' : ` on ${escapeControls(host)}`}`;
}
