/** The schedule: LR as a function of committed step, piecewise constant, written as its changes. */

export interface ScheduleEntry {
  /** Committed steps done before this LR took over; 0 for the first entry. */
  readonly step: number;
  readonly lr: number;
}

export type Schedule = readonly ScheduleEntry[];

/** The schedule with `steps` more committed steps, at one LR or at one LR each. Equal neighbours become one entry. */
export function extendSchedule(
  schedule: Schedule,
  fromStep: number,
  steps: number,
  lr: number | readonly number[],
): Schedule {
  const lrs = typeof lr === 'number' ? [lr] : lr.slice(0, steps);
  const added: ScheduleEntry[] = [];
  let last = schedule.at(-1)?.lr;
  lrs.forEach((value, i) => {
    if (steps > 0 && value !== last) added.push({ step: fromStep + i, lr: value });
    last = value;
  });
  return added.length === 0 ? schedule : [...schedule, ...added];
}

/** The schedule of the first `steps` committed steps. */
export function cutSchedule(schedule: Schedule, steps: number): Schedule {
  return schedule.filter((entry) => entry.step < steps);
}

/** The LR of committed step `step`, counted from 0; undefined before the first entry. */
export function lrAt(schedule: Schedule, step: number): number | undefined {
  return schedule.findLast((entry) => entry.step <= step)?.lr;
}
