/** The verdicts of `compare` for a page. */

import type { Comparison } from '../../core/compare/compare.js';
import type { RunCurve } from '../../core/compare/curve.js';
import type { PageComparison, TextTable } from '../../core/report/report-page.js';
import { roundOrNull } from '../../core/report/thin.js';
import { advise, markOf, runTable, sayWhatIsCompared, targetTable } from '../compare/comparison.js';
import { narrateVerdict, nounOf } from '../compare/verdict.js';

/** Points of a curve: as many as a picture has columns. */
const MOST_POINTS = 1000;

export function describeForPage(comparison: Comparison): PageComparison {
  const { runs, reference } = comparison;
  const marks = runs.map((_, i) => markOf(i));
  return {
    about: sayWhatIsCompared(comparison),
    ...(comparison.metric && { metric: nounOf(comparison) }),
    runs: runs.map(({ run, track }, i) => {
      const [verdict = '', ...facts] = narrateVerdict(comparison, i, markOf(reference));
      return { name: `${marks[i]} ${run.name}`, verdict, facts, ...thin(track.curve) };
    }),
    table: toTable(runTable(comparison, marks)),
    targets: toTable(targetTable(comparison, marks)),
    advice: advise(comparison),
  };
}

/** Of a long curve the last point of each stretch of total steps: that is what it is at the end of it. */
function thin(curve: RunCurve): { totals: number[]; losses: (number | null)[] } {
  const width = Math.max(1, (curve.at(-1)?.total ?? 0) / MOST_POINTS);
  const kept = curve.filter(({ total }, i) => {
    const next = curve[i + 1];
    return next === undefined || Math.floor(next.total / width) !== Math.floor(total / width);
  });
  return {
    totals: kept.map(({ total }) => total),
    losses: kept.map(({ loss }) => roundOrNull(loss)),
  };
}

function toTable([header, ...rows]: readonly [
  header: readonly string[],
  ...rows: (readonly string[])[],
]): TextTable {
  return { header, rows };
}
