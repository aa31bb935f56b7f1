/** The verdict on a run in plain sentences, with the figures that it rests on. */

import type { Comparison, RunComparison, TargetPoint, Versus } from '../../core/compare/compare.js';
import type { CurvePoint } from '../../core/compare/curve.js';
import type { CompareVerdict } from '../../core/compare/verdict.js';
import { escapeControls } from '../../core/escape-controls.js';
import { formatCount, formatLoss, formatPercent, formatRatio } from '../text/format.js';

const WORDS: Readonly<Record<CompareVerdict, string>> = {
  'worth-it': 'worth it here',
  'ahead-so-far': 'ahead so far, and not there yet',
  'no-clear-difference': 'no clear difference',
  mixed: 'better in one way, worse in another',
  'not-worth-it': 'not worth it here',
};

/** The verdict, then a sentence for each of its facts; nothing for the reference itself. */
export function narrateVerdict(
  comparison: Comparison,
  index: number,
  referenceMark: string,
): readonly string[] {
  const { runs, targets, reference } = comparison;
  const compared = runs[index];
  const other = runs[reference];
  if (compared?.versus === undefined || other === undefined) return [];
  const final = targets.find(({ above }) => above === 0);
  const race: Race = {
    compared,
    versus: compared.versus,
    other,
    mark: referenceMark,
    noun: nounOf(comparison),
    reached: final?.reached[index],
    otherReached: final?.reached[reference],
  };
  return [
    WORDS[race.versus.verdict],
    sayWhenReached(race),
    ...sayEqualSteps(race),
    ...sayCrossover(race),
    ...sayEnd(race),
  ];
}

/** What the values of a comparison are. */
export function nounOf({ metric }: Comparison): string {
  return metric === undefined ? 'loss' : escapeControls(metric.name);
}

interface Race {
  readonly compared: RunComparison;
  readonly versus: Versus;
  readonly other: RunComparison;
  /** Of the reference. */
  readonly mark: string;
  /** What is compared. */
  readonly noun: string;
  /** The reference's final loss, by either. */
  readonly reached: TargetPoint | undefined;
  readonly otherReached: TargetPoint | undefined;
}

function sayWhenReached({
  compared,
  versus,
  other,
  mark,
  noun,
  reached,
  otherReached,
}: Race): string {
  const loss = `${mark}'s final ${noun} (${formatLoss(other.end.point.loss)})`;
  const otherTotal = formatCount(otherReached?.total ?? other.run.steps.total);
  switch (versus.speed) {
    case 'never':
      return `never reaches ${loss}`;
    case 'not-yet':
      return `has not reached ${loss} in its ${formatCount(compared.run.steps.total)} total steps; ${mark} took ${otherTotal}`;
    case 'faster':
    case 'same':
    case 'slower': {
      const isSame = versus.speed === 'same';
      if (reached === undefined) {
        return `comes within the noise of ${loss}${isSame ? '' : `, but later than ${mark}`}`;
      }
      const { total, committed, speedup } = reached;
      const how = isSame || speedup === undefined ? 'no clear difference' : sayRatio(speedup.total);
      const paid = `reaches ${loss} after ${formatCount(total)} total steps, ${mark} after ${otherTotal}: ${how}`;
      if (total === committed || speedup === undefined) return paid;
      return `${paid} (committed steps alone: ${formatCount(committed)}, ${sayRatio(speedup.committed)})`;
    }
    default:
      return versus.speed satisfies never;
  }
}

function sayEqualSteps({ versus, mark }: Race): readonly string[] {
  const { total, run, reference, order } = versus.atEqualSteps;
  if (reference === undefined) return [];
  const at = `at ${formatCount(total)} total steps`;
  if (run === undefined) return [`${at} nothing was measured yet`];
  if (!Number.isFinite(run.loss)) return [`${at} its loss is not finite`];
  const losses = `${at} ${formatLoss(run.loss)} against ${mark}'s ${formatLoss(reference.loss)}`;
  if (order === 'even') return [`${losses}: within the noise`];
  return Number.isFinite(reference.loss)
    ? [`${losses}: ${sayDifference(run, reference)}`]
    : [`${losses}, which is not finite`];
}

function sayCrossover({ versus, mark }: Race): readonly string[] {
  if (versus.crossover === undefined) return [];
  const { ahead, total } = versus.crossover;
  return [
    `${ahead === 'run' ? 'ahead of' : 'behind'} ${mark} from ${formatCount(total)} total steps on`,
  ];
}

/** Where the run goes on after the steps at which both were compared, or the reference does. */
function sayEnd({ compared, other, mark, noun }: Race): readonly string[] {
  const { total } = compared.run.steps;
  const { point } = compared.end;
  if (total === other.run.steps.total) return [];
  if (!Number.isFinite(point.loss)) return ['ends with a loss that is not finite'];
  const difference = sayDifference(point, other.end.point);
  return [
    `ends at ${formatLoss(point.loss)} after ${formatCount(total)} total steps: ${difference} than ${mark}'s final ${noun}`,
  ];
}

/** @param ratio The reference's steps over the run's. */
function sayRatio(ratio: number): string {
  const times = formatRatio(ratio >= 1 ? ratio : 1 / ratio);
  if (times === '1.00x') return 'as many';
  return ratio >= 1 ? `${times} fewer` : `${times} as many`;
}

function sayDifference({ loss }: CurvePoint, than: CurvePoint): string {
  const difference = loss - than.loss;
  // Of nothing there are no per cent.
  const size =
    than.loss === 0 ? formatLoss(Math.abs(difference)) : formatPercent(difference / than.loss);
  return `${size} ${difference <= 0 ? 'lower' : 'higher'}`;
}
