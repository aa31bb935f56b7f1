/** The curve shapes g(u) that a forecast averages over; u is 0 at the first step of the series and 1 at the last. */

export interface Shape {
  readonly family: 'exponential' | 'power' | 'logarithm' | 'growth';
  /** The shape's share of belief before any loss is seen; all shapes together have 1. */
  readonly prior: number;
  /** g(u), any u ≥ 0; monotone. */
  readonly at: (u: number) => number;
}

// Rates per length of the series, half an octave apart. Below a third a probe cannot tell an exponential from a line.
const rates = [0.3, 0.42, 0.6, 0.84, 1.2, 1.7, 2.4, 3.4, 4.8, 6.7, 9.5, 13.5, 19, 27, 38, 54, 76];
// Where on the power law, in lengths of the series after its start, the series begins.
const onsets = [0.01, 0.03, 0.1, 0.3, 1];
const powers = [0.25, 0.5, 1, 2];
const growthRates = [1, 4, 16, 64];

/** The dictionary: what training losses are seen to do. */
export const shapes: readonly Shape[] = [
  ...family('exponential', 0.2, rates, (rate) => (u) => Math.exp(-rate * u)),
  ...family(
    'power',
    0.6,
    powers.flatMap((power) => onsets.map((onset) => ({ power, onset }))),
    ({ power, onset }) =>
      (u) =>
        (1 + u / onset) ** -power,
  ),
  ...family('logarithm', 0.1, onsets, (onset) => (u) => -Math.log1p(u / onset)),
  // Anchored at u = 1, so that it is at most 1 within the series, and cut before it overflows.
  ...family('growth', 0.1, growthRates, (rate) => (u) => Math.exp(Math.min(600, rate * (u - 1)))),
];

function family<T>(
  name: Shape['family'],
  prior: number,
  parameters: readonly T[],
  shapeOf: (parameter: T) => (u: number) => number,
): readonly Shape[] {
  return parameters.map((parameter) => ({
    family: name,
    prior: prior / parameters.length,
    at: shapeOf(parameter),
  }));
}
