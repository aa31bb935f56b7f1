/** The document of `range --json`. Keys may be added; those that are there stay (test/pins). */

import type { RunResult } from '../../core/record/result.js';
import type { RangeReport } from '../../core/report/range-report.js';
import { explainPeak } from '../../display/range/sentences.js';

interface FailedWith {
  readonly code: string;
  readonly message: string;
  readonly exitCode: number;
}

/** Losses that are not finite are null. */
export function rangeDocument(
  { run, status, seed, steps, seconds }: RunResult,
  report: RangeReport,
  error: FailedWith | undefined,
  keepsRun: boolean,
) {
  const { interval, ramp, probes, suggestion } = report;
  return {
    version: 1,
    status,
    interval: interval ?? null,
    peak: suggestion?.peak ?? null,
    band: suggestion ? { low: suggestion.low, high: suggestion.high } : null,
    basis: suggestion?.basis ?? null,
    why: suggestion ? explainPeak(report) : null,
    steps: steps.total,
    /** Wall time, and what of it the script trained. */
    seconds: { total: seconds.total, training: seconds.search },
    seed,
    ramp: { lrs: ramp.lrs, losses: ramp.losses.map(orNull) },
    probes: probes.map(({ lr, steps: length, loss }) => ({
      lr,
      steps: length,
      loss: orNull(loss),
    })),
    ...(keepsRun && { run }),
    ...(error && { error }),
  };
}

function orNull(loss: number): number | null {
  return Number.isFinite(loss) ? loss : null;
}
