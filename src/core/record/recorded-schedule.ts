/** The schedule of an earlier run, to be trained again without a search. Plain data: it stands in a journal's options. */

import type { Schedule } from './committed-schedule.js';

export interface RecordedSchedule {
  /** Of the run that it comes from. */
  readonly run: string;
  readonly dir: string;
  /** Committed steps to train. */
  readonly steps: number;
  /** Committed steps of that run, if it had others. */
  readonly ownSteps?: number;
  /** Each change of the LR: its committed step, and the LR from there on. */
  readonly changes: readonly (readonly [step: number, lr: number])[];
  /** Where the training losses of that run were: from the last row's step up to `step`, between `low` and `high`. */
  readonly band: readonly (readonly [step: number, low: number, high: number])[];
}

/** The LRs of `count` steps from `step` on: a single one where all are the same. */
export function recordedLrs(
  { changes }: RecordedSchedule,
  step: number,
  count: number,
): number | readonly number[] {
  let place = Math.max(
    0,
    changes.findLastIndex(([from]) => from <= step),
  );
  const lrs: number[] = [];
  for (let at = step; at < step + count; at++) {
    while ((changes[place + 1]?.[0] ?? Infinity) <= at) place++;
    lrs.push(changes[place]?.[1] ?? 0);
  }
  const [first = 0] = lrs;
  return lrs.every((lr) => lr === first) ? first : lrs;
}

/** The same schedule over `steps` steps. Where several changes fall on one step, the last of them counts. */
export function rescale(recorded: RecordedSchedule, steps: number): RecordedSchedule {
  const { steps: own, changes, band } = recorded;
  if (steps === own) return recorded;
  // The first step that is as far through the run.
  const place = (step: number) => Math.ceil((step * steps) / own);
  const rows = <Row extends readonly [number, ...number[]]>(all: readonly Row[]) => [
    ...new Map(all.map((row) => [place(row[0]), [place(row[0]), ...row.slice(1)]])).values(),
  ];
  return {
    ...recorded,
    steps,
    ownSteps: own,
    changes: (rows(changes) as [number, number][]).filter(([step]) => step < steps),
    band: (rows(band) as [number, number, number][]).filter(([step]) => step > 0),
  };
}

export function toChanges(schedule: Schedule): RecordedSchedule['changes'] {
  return schedule.map(({ step, lr }) => [step, lr]);
}
