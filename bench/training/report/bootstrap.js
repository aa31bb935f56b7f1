/**
 * How far a ratio would move with other seeds: the paired bootstrap (Efron, 1979). A resample draws as many seeds as
 * there are, with replacement, and takes both medians, that of the method and that of the reference, over the same ones.
 */

import { median } from './median.js';

const RESAMPLES = 1000;

/** Fewer seeds say nothing of their spread. */
const FEWEST_SEEDS = 3;

/** Part of the resamples that an interval holds. */
const HELD = 0.95;

/**
 * The ratio of both medians in each resample; empty if they have too few seeds in common. `lossOf` says which loss of a run
 * it is about. `name` stands for the random numbers: with the same one, two methods are measured on the same seeds.
 */
export function resampleRatios(runs, reference, lossOf, name) {
  const bySeed = new Map(reference.map((run) => [run.seed, lossOf(run)]));
  const pairs = runs
    .filter(({ seed }) => bySeed.has(seed))
    .sort((a, b) => a.seed - b.seed)
    .map((run) => [lossOf(run), bySeed.get(run.seed)]);
  if (pairs.length < FEWEST_SEEDS) return [];
  const random = randomOf(name);
  return Array.from({ length: RESAMPLES }, () => {
    const drawn = pairs.map(() => pairs[Math.floor(random() * pairs.length)]);
    return median(drawn.map(([own]) => own)) / median(drawn.map(([, theirs]) => theirs));
  });
}

/** The middle of the resamples, from and to; undefined if there are none. */
export function intervalOf(ratios) {
  if (ratios.length === 0) return undefined;
  const sorted = [...ratios].sort((a, b) => a - b || 0);
  const left = Math.floor(((1 - HELD) / 2) * ratios.length);
  return [sorted[left], sorted[ratios.length - 1 - left]];
}

/** Numbers in [0, 1) that follow from a text: mulberry32 from its FNV hash. The page is the same each time it is made. */
function randomOf(text) {
  let state = 2166136261;
  for (const character of text) state = Math.imul(state ^ character.codePointAt(0), 16777619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
