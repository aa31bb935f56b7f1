/** How far the LR of a tuned run is from the best one, in octaves. */

import { percent, table } from './format.js';
import { bestOfSchedule } from './grid.js';
import { median } from './median.js';

/** The fixed schedule whose shape a tuned run has: warm-up, an LR that is held, a decay. */
const SHAPE = 'wsd';

/** LRs of a grid are an octave apart, so that a difference of one is within its grain. */
const NEAR = 1;

/**
 * Octaves from the best LR of that schedule, for each run that has noted its LRs: where the search has put the peak, and at
 * a fifth of the path that remains. Undefined without such runs, or where the schedule did not run.
 */
export function octavesOf({ configurations }, method = 'horizon') {
  const best = bestOfSchedule(configurations.filter((one) => one.method === SHAPE));
  const runs = configurations
    .filter((one) => one.method === method)
    .flatMap((one) => one.runs)
    .filter(({ lrs }) => lrs !== undefined);
  if (best === undefined || runs.length === 0) return undefined;
  const { lr } = best.settings;
  return {
    lr,
    searched: runs.map(({ lrs }) => Math.log2(lrs[0] / lr)),
    later: runs.map(({ lrs }) => Math.log2(lrs[1] / lr)),
  };
}

/** The part of runs within an octave. */
export function partNear(octaves) {
  return octaves.filter((one) => Math.abs(one) <= NEAR).length / octaves.length;
}

export function peakSection(measured) {
  const found = measured.flatMap((workload) => {
    const octaves = octavesOf(workload);
    return octaves === undefined ? [] : [{ ...workload, ...octaves }];
  });
  if (found.length === 0) return [];
  const totals = [false, true].flatMap((isHeldOut) => {
    const of = found.filter((one) => one.isHeldOut === isHeldOut);
    const all = (key) => of.flatMap((one) => one[key]);
    const label = isHeldOut ? 'all held out' : 'all developed on';
    return of.length === 0 ? [] : [[label, '', ...cellsOf(all('searched'), all('later'))]];
  });
  return [
    '## The peak LR\n',
    `Octaves from the best LR of the fixed schedule of its shape (${SHAPE}) to that of \`horizon\`. The LRs of that schedule are an`,
    'octave apart. Each cell has the median, lowest and highest over seeds. "Within one" is the part of the runs within one',
    'octave. A run is at "a fifth" when a fifth of the steps that remain in the model are done.\n',
    table(
      ['workload', 'best LR', 'after the search', 'within one', 'at a fifth', 'within one'],
      [
        ...found.map(({ name, lr, searched, later }) => [name, lr, ...cellsOf(searched, later)]),
        ...totals,
      ],
    ),
  ];
}

function cellsOf(...lists) {
  return lists.flatMap((octaves) => [
    `${signed(median(octaves))} (${signed(Math.min(...octaves))} to ${signed(Math.max(...octaves))})`,
    percent(partNear(octaves)),
  ]);
}

function signed(octaves) {
  const text = octaves.toFixed(1);
  return octaves > 0 && text !== '0.0' ? `+${text}` : text.replace(/^-0\.0$/, '0.0');
}
