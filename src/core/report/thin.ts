/** Series made shorter for a picture. */

import type { Schedule } from '../record/committed-schedule.js';
import type { ScheduleCurve } from './run-report.js';

/** At most `most` items, the first and the last among them, evenly spread. */
export function sample<Item>(items: readonly Item[], most: number): readonly Item[] {
  if (items.length <= most) return items;
  const gap = (items.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => items[Math.round(i * gap)]).filter(
    (item) => item !== undefined,
  );
}

/**
 * A schedule in at most about `most` changes: of each stretch of steps the first, the lowest, the highest and the last.
 * No peak is lost, and no jump is more than a stretch from its place.
 *
 * @param steps Committed steps of the run.
 */
export function thinSchedule(schedule: Schedule, steps: number, most: number): ScheduleCurve {
  const thinned = schedule.length <= most ? schedule : ofEachStretch(schedule, steps, most / 4);
  return {
    steps: thinned.map(({ step }) => step),
    lrs: thinned.map(({ lr }) => round(lr)),
  };
}

function ofEachStretch(schedule: Schedule, steps: number, stretches: number): Schedule {
  const width = steps / stretches;
  const kept: Schedule[number][] = [];
  let start = 0;
  while (start < schedule.length) {
    const stretch = Math.floor((schedule[start]?.step ?? 0) / width);
    let end = start;
    let [low, high] = [start, start];
    const lrOf = (i: number) => schedule[i]?.lr ?? 0;
    while (end < schedule.length && Math.floor((schedule[end]?.step ?? 0) / width) === stretch) {
      if (lrOf(end) < lrOf(low)) low = end;
      if (lrOf(end) > lrOf(high)) high = end;
      end++;
    }
    const places = [...new Set([start, low, high, end - 1])].sort((a, b) => a - b);
    for (const place of places) kept.push(...schedule.slice(place, place + 1));
    start = end;
  }
  return kept;
}

/** Significant digits of numbers that are drawn. */
const DRAWN_DIGITS = 6;

export function round(value: number): number {
  return Number(value.toPrecision(DRAWN_DIGITS));
}

/** JSON has no NaN. */
export function roundOrNull(value: number): number | null {
  return Number.isFinite(value) ? round(value) : null;
}
