/** The smoothed loss by which a `train` is halted, as the wire defines it. */

/** Weight of the past: about the last ten steps count. */
const DECAY = 0.9;

/**
 * Whether the smoothed loss exceeds `bound` at any of `losses`, with the losses `before` them counted in. It is the
 * bias-corrected exponential moving average: mean of all losses up to a step, each weighted by 0.9 to the power of its
 * age. A loss that is not finite exceeds nothing; that it diverged is another matter.
 */
export function exceedsSmoothed(
  before: readonly number[],
  losses: readonly number[],
  bound: number,
): boolean {
  let average = 0;
  // What the average would be if every loss were 1; dividing by it takes the start at 0 out.
  let weight = 0;
  const add = (loss: number): boolean => {
    average = DECAY * average + (1 - DECAY) * loss;
    weight = DECAY * weight + (1 - DECAY);
    return average / weight > bound;
  };
  for (const loss of before) add(loss);
  return losses.some(add);
}
