/** The `--json` document of `compare` (docs/reference/cli.md); a change of it is a change of the API, pinned by test/pins. */

import type { Comparison, RunComparison, Versus } from '../../core/compare/compare.js';
import type { CurvePoint } from '../../core/compare/curve.js';

/** @param paths As given, in the order of the runs. */
export function documentOf(comparison: Comparison, paths: readonly string[]) {
  const { loss, metric, window, reference, runs, targets } = comparison;
  return {
    version: 1,
    loss,
    ...(metric && { metric }),
    window: window === 0 ? null : window,
    reference,
    runs: runs.map((compared, i) => ({ path: paths[i], ...describeRun(compared) })),
    targets: targets.map((target) => ({
      loss: target.loss,
      above: target.above ?? null,
      reached: target.reached.map((reached) =>
        reached === undefined ? null : { ...reached, speedup: reached.speedup ?? null },
      ),
    })),
  };
}

function describeRun({ run, end, versus }: RunComparison) {
  const { status, steps, seconds } = run;
  return {
    kind: status === null ? 'file' : 'run',
    status,
    steps,
    searchShare: steps.total > 0 ? steps.search / steps.total : 0,
    seconds,
    final: {
      loss: lossOf(end.point),
      error: end.error ?? null,
      total: end.point.total,
      committed: end.point.committed,
    },
    versus: versus === undefined ? null : describeVersus(versus),
  };
}

function describeVersus({ verdict, speed, margin, atEqualSteps, crossover }: Versus) {
  return {
    verdict,
    speed,
    margin,
    atEqualSteps: {
      total: atEqualSteps.total,
      loss: lossOf(atEqualSteps.run),
      reference: lossOf(atEqualSteps.reference),
      standing: atEqualSteps.order,
    },
    crossover: crossover ?? null,
  };
}

/** JSON has no NaN. */
function lossOf(point: CurvePoint | undefined): number | null {
  return point !== undefined && Number.isFinite(point.loss) ? point.loss : null;
}
