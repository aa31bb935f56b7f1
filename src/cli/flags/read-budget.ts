/** Budgets as people have them: steps, epochs, a time, and a time of day. */

import { AutolrsError } from '../../core/errors.js';
import type { TunerOptions } from '../../core/options.js';

export type BudgetOptions = Pick<TunerOptions, 'budget' | 'budgetEpochs' | 'budgetSeconds'>;

const FORMS = '5000 (steps), 90s, 30m, 2h, 1h30m or 5ep (epochs)';

const SECONDS_OF = { d: 86_400, h: 3600, m: 60, min: 60, s: 1 } as const;

const AMOUNT = /(\d+(?:\.\d+)?)\s*(d|h|min|m|s)/y;

/** A year: what is longer is a mistake. */
const MOST_SECONDS = 366 * 86_400;

/** @throws AutolrsError `USAGE` naming the value and the remedy. */
export function readBudget(text: string): BudgetOptions {
  const plain = text.trim();
  const steps = Number(plain);
  if (plain !== '' && !Number.isNaN(steps)) return { budget: steps };
  const epochs = /^(\d+(?:\.\d+)?)\s*ep(?:ochs?)?$/.exec(plain)?.[1];
  if (epochs !== undefined && Number(epochs) > 0) return { budgetEpochs: Number(epochs) };
  const budgetSeconds = readTime(plain);
  if (budgetSeconds === undefined) {
    throw usage(`--budget is "${text}"; give one of: ${FORMS}`);
  }
  if (budgetSeconds > MOST_SECONDS) {
    throw usage(`--budget is "${text}", which is more than a year; give one of: ${FORMS}`);
  }
  return { budgetSeconds };
}

/** As it would be typed; undefined where there is none. */
export function spellBudget(options: BudgetOptions): string | undefined {
  const { budget, budgetEpochs, budgetSeconds } = options;
  if (budget !== undefined) return String(budget);
  if (budgetEpochs !== undefined) return `${budgetEpochs}ep`;
  return budgetSeconds === undefined ? undefined : `${Number(budgetSeconds.toFixed(3))}s`;
}

/**
 * The moment that is meant, in milliseconds since 1970: today or tomorrow at a time of day, or a date with a time. Of this
 * machine's time zone, unless the text names one.
 *
 * @param mayBeOver - Whether that is for the caller to judge, by `assertIsToCome`.
 * @throws AutolrsError `USAGE` naming the value and the remedy.
 */
export function readUntil(text: string, now: Date, mayBeOver = false): number {
  const [, hours, minutes, seconds = '0'] =
    /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text.trim()) ?? [];
  if (hours !== undefined) {
    const moment = new Date(now);
    moment.setHours(Number(hours), Number(minutes), Number(seconds), 0);
    if (moment <= now) moment.setDate(moment.getDate() + 1);
    return moment.getTime();
  }
  const forms = 'a time of day as 18:00, or a date and a time as 2026-12-01T18:00';
  const isDated = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text.trim());
  const moment = isDated ? Date.parse(text.trim()) : Number.NaN;
  if (Number.isNaN(moment)) throw usage(`--until is "${text}"; give ${forms}`);
  if (!mayBeOver) assertIsToCome(moment, text, now);
  if (moment - now.getTime() > 1000 * MOST_SECONDS) {
    throw usage(`--until is "${text}", which is more than a year away; give ${forms}`);
  }
  return moment;
}

/** @throws AutolrsError `USAGE` for a moment that is over. */
export function assertIsToCome(moment: number, text: string, now: Date): void {
  if (moment > now.getTime()) return;
  throw usage(`--until is "${text}", which is over; give a time that is still to come`);
}

/** Seconds of `1h30m` and the like; undefined for anything else, and for none. */
function readTime(text: string): number | undefined {
  let seconds = 0;
  AMOUNT.lastIndex = 0;
  for (let at = 0; at < text.length; at = AMOUNT.lastIndex) {
    const [, amount, unit] = AMOUNT.exec(text) ?? [];
    if (amount === undefined) return undefined;
    seconds += Number(amount) * SECONDS_OF[unit as keyof typeof SECONDS_OF];
  }
  return seconds > 0 ? seconds : undefined;
}

function usage(message: string): AutolrsError {
  return new AutolrsError('USAGE', message);
}
