/** The schedule shape of an LR: a linear warm-up to a peak, a hold, and a decay to zero at the last step. */

export interface ScheduleShape {
  readonly peak: number;
  /** Steps at whose end the linear warm-up is at the peak. */
  readonly warmUpSteps: number;
  /** The step at which the warm-up would be at zero, where another end has moved it. Absent: 0. */
  readonly warmUpFrom?: number;
  /** The first step of the decay, counted from 0. */
  readonly decayFrom: number;
  /** Power of the decay: the LR is the share of the decay that is left, to this power. 1 is linear. */
  readonly power: number;
}

/** Share of a probe's steps for its warm-up. */
const PROBE_WARM_UP_SHARE = 0.2;

/** Share of a probe's steps at which its decay begins. */
const PROBE_DECAY_FROM_SHARE = 2 / 3;

/** Share of a run's steps for its warm-up (0014, #9). */
const RUN_WARM_UP_SHARE = 0.1;

/** Share of a run's steps at which its decay begins, unless the hold is extended (0014, #1). */
const RUN_DECAY_FROM_SHARE = 0.25;

/** Number of steps of the LR's staircase in a long run: the result lists every change of the LR. */
const STAIRS_PER_RUN = 10_000;

/** The shape of a probe: that of a whole run, so that a probe shows what a run would reach. */
export function probeShape(peak: number, steps: number): ScheduleShape {
  return {
    peak,
    warmUpSteps: Math.round(PROBE_WARM_UP_SHARE * steps),
    decayFrom: Math.round(PROBE_DECAY_FROM_SHARE * steps),
    power: 1,
  };
}

/** The shape of a run of `steps` steps. */
export function runShape(peak: number, steps: number): ScheduleShape {
  return {
    peak,
    warmUpSteps: Math.round(RUN_WARM_UP_SHARE * steps),
    decayFrom: Math.round(RUN_DECAY_FROM_SHARE * steps),
    power: 1,
  };
}

/** Share of a run's steps at which its decay begins at the latest, where averages of the weights show when. */
const HELD_DECAY_FROM_SHARE = 0.75;

/** The shape of a run of `steps` steps whose decay is begun by what the averages of its weights show. */
export function heldShape(peak: number, steps: number): ScheduleShape {
  return { ...runShape(peak, steps), decayFrom: Math.round(HELD_DECAY_FROM_SHARE * steps) };
}

/** A decay from `peak`, with no warm-up and no hold. */
export function decayShape(peak: number, from: number, power: number): ScheduleShape {
  return { peak, warmUpSteps: 0, decayFrom: from, power };
}

/** Scales the part of a shape after step `from` to the `steps` steps from there to the end, of `planned` from there. */
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

/**
 * Moves the end of a shape from `planned` steps to `steps`, from step `from` on: the LR goes on from where it is, and falls
 * to zero at the new end. A decay under way gets another beginning, as if it had been on the way to that end: the share of it
 * that is left stays the same.
 */
export function stretchShape(
  shape: ScheduleShape,
  from: number,
  { planned, steps }: { readonly planned: number; readonly steps: number },
): ScheduleShape {
  if (from <= shape.decayFrom) {
    const shrunk = shrinkShape(shape, from, { planned: planned - from, steps: steps - from });
    if (from >= shape.warmUpSteps) return shrunk;
    // Where the warm-up is, it stays; from there on it is as much steeper as it is shorter.
    const passed = (from - (shape.warmUpFrom ?? 0)) * ((steps - from) / (planned - from));
    const warmUpFrom = Math.round(from - passed);
    return warmUpFrom === 0 ? shrunk : { ...shrunk, warmUpFrom };
  }
  const left = (planned - from + 1) / (planned - shape.decayFrom + 1);
  return { ...shape, decayFrom: Math.round(steps + 1 - (steps - from + 1) / left) };
}

/** The LR at step `step`, counted from 0, of `steps`; above 0 up to the last. */
export function lrAt(shape: ScheduleShape, step: number, steps: number): number {
  const { peak, warmUpSteps, warmUpFrom = 0, decayFrom, power } = shape;
  const stairSteps = Math.max(1, Math.floor(steps / STAIRS_PER_RUN));
  if (step >= decayFrom) {
    const at = step - ((step - decayFrom) % stairSteps);
    return peak * ((steps - at) / (steps - decayFrom + 1)) ** power;
  }
  if (step >= warmUpSteps) return peak;
  return peak * ((step - (step % stairSteps) + 1 - warmUpFrom) / (warmUpSteps - warmUpFrom));
}

/** The LRs of `count` steps from `step` on: one per step, or a single one where all are the same. */
export function lrsFor(
  shape: ScheduleShape,
  steps: number,
  step = 0,
  count = steps,
): number | readonly number[] {
  if (step >= shape.warmUpSteps && step + count <= shape.decayFrom) return shape.peak;
  return Array.from({ length: count }, (_, i) => lrAt(shape, step + i, steps));
}
