/**
 * Tells a program what a figure of a run is drawn from, as it comes: losses and LRs of the committed path and of what is
 * tried. All else it leaves to another display.
 */

import type { Purpose, TrainedReply } from '../../core/conversation/command.js';
import type { Entry } from '../../core/record/entry.js';
import type { Display } from '../run/display.js';
import { thinned } from './thin.js';

/** Losses of a request, or of a part of it. */
export interface StepsNotice {
  readonly kind: 'steps';
  readonly purpose: Purpose;
  /** Updates that the weights have had before the first of these. */
  readonly from: number;
  readonly steps: number;
  /** Means over stretches of equal length; null where one is not finite. */
  readonly losses: readonly (number | null)[];
  /** One for all, or one for each of these losses. */
  readonly lrs: readonly number[];
}

export interface ValidationNotice {
  readonly kind: 'validated';
  readonly purpose: Purpose;
  readonly step: number;
  readonly loss: number | null;
}

/** Points that one message has at most. */
const MOST_POINTS = 50;

export function createStepsDisplay(
  inner: Display,
  tell: (notice: StepsNotice | ValidationNotice) => void,
): Display {
  let purpose: Purpose = 'commit';
  let isOfAverage = false;
  let lr: number | readonly number[] = 0;
  let step = 0;
  /** Steps of the request whose LRs are behind us. */
  let done = 0;
  /** Losses of the present part that were told already. */
  let told = 0;
  const tellSteps = (losses: readonly number[]) => {
    if (losses.length === 0) return;
    const lrs = typeof lr === 'number' ? [lr] : lr.slice(done + told, done + told + losses.length);
    tell({
      kind: 'steps',
      purpose,
      from: step + told,
      steps: losses.length,
      losses: thinned(losses, MOST_POINTS).map(orNull),
      lrs: thinned(lrs, MOST_POINTS),
    });
    told += losses.length;
  };
  const finish = (reply: TrainedReply) => {
    tellSteps(reply.losses.slice(told));
    step = reply.step;
    done += reply.steps;
    told = 0;
  };
  const follow = (entry: Entry) => {
    if (entry.kind === 'slice') finish(entry.reply);
    if (entry.kind === 'command') {
      const { command } = entry;
      if (command.kind === 'train' || command.kind === 'validate') purpose = command.purpose;
      isOfAverage = command.kind === 'validate' && command.at !== undefined;
      if (command.kind === 'train') [lr, done, told] = [command.lr, 0, 0];
    }
    if (entry.kind !== 'reply') return;
    const { reply } = entry;
    if (reply.kind === 'trained') finish(reply);
    if (reply.kind === 'saved' || reply.kind === 'restored') step = reply.step;
    if (reply.kind === 'validated' && !isOfAverage) {
      tell({ kind: 'validated', purpose, step, loss: orNull(reply.loss) });
    }
  };
  return {
    ...inner,
    add(entry) {
      follow(entry);
      inner.add(entry);
    },
    tell(losses) {
      tellSteps(losses);
      inner.tell(losses);
    },
  };
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
