/** The course of the LR: it rises linearly to a peak, is held, and falls to zero at the last step. */

export interface ScheduleShape {
  readonly peak: number;
  /** Steps in which it rises; it is never held at less. */
  readonly warmUpSteps: number;
  /** The step from which on it falls, counted from 0. */
  readonly decayFrom: number;
  /** It falls as the share of the decay that is left to this power: 1 is linear. */
  readonly power: number;
}

/** A long run changes its LR in about so many stairs, and not at each step: the account lists every change. */
const STAIRS = 10_000;

/** A whole run in small, so that a probe is judged by what a run would reach. */
export function probeShape(peak: number, steps: number): ScheduleShape {
  return {
    peak,
    warmUpSteps: Math.round(0.2 * steps),
    decayFrom: Math.round((2 / 3) * steps),
    power: 1,
  };
}

/** The course of a run of `steps` steps. */
export function runShape(peak: number, steps: number): ScheduleShape {
  return {
    peak,
    warmUpSteps: Math.round(0.1 * steps),
    decayFrom: Math.round(0.25 * steps),
    power: 1,
  };
}

/** Down from `peak` at once. */
export function decayShape(peak: number, from: number, power: number): ScheduleShape {
  return { peak, warmUpSteps: 0, decayFrom: from, power };
}

/** What of a course comes after step `from`, for a run that has `steps` steps left there where it had `planned`. */
export function shrinkShape(
  shape: ScheduleShape,
  from: number,
  { planned, steps }: { readonly planned: number; readonly steps: number },
): ScheduleShape {
  const shrink = (step: number) =>
    step <= from ? step : from + Math.round((step - from) * (steps / planned));
  const { warmUpSteps, decayFrom } = shape;
  return { ...shape, warmUpSteps: shrink(warmUpSteps), decayFrom: shrink(decayFrom) };
}

/** The LR at step `step`, counted from 0, of `steps`; above 0 up to the last. */
export function lrAt(shape: ScheduleShape, step: number, steps: number): number {
  const { peak, warmUpSteps, decayFrom, power } = shape;
  const stairSteps = Math.max(1, Math.floor(steps / STAIRS));
  if (step >= decayFrom) {
    const at = step - ((step - decayFrom) % stairSteps);
    return peak * ((steps - at) / (steps - decayFrom + 1)) ** power;
  }
  return step < warmUpSteps ? peak * ((step - (step % stairSteps) + 1) / warmUpSteps) : peak;
}

/** One LR a step, or one for all where they are the same: `count` steps from `step` on. */
export function lrsFor(
  shape: ScheduleShape,
  steps: number,
  step = 0,
  count = steps,
): number | readonly number[] {
  if (step >= shape.warmUpSteps && step + count <= shape.decayFrom) return shape.peak;
  return Array.from({ length: count }, (_, i) => lrAt(shape, step + i, steps));
}
