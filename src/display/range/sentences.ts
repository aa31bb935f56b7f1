/** A range test in words: its interval, its peak, and why. */

import type { RangeReport } from '../../core/report/range-report.js';
import { formatLr, formatSeconds, plural } from '../text/format.js';
import { wrap } from '../text/wrap.js';

const COLUMNS = 80;
const LABEL_WIDTH = 12;

export interface RangeFacts {
  /** All steps, which were rolled back. */
  readonly steps: number;
  /** Wall time, the start of the script included. */
  readonly seconds: number;
}

/** Lines of at most 80 columns. */
export function describeRange(report: RangeReport, { steps, seconds }: RangeFacts): string[] {
  const { interval, suggestion } = report;
  const lines: (readonly [string, string])[] = [];
  if (interval !== undefined) {
    const { min, max, why = 'as given' } = interval;
    lines.push(['interval', `${formatLr(min)} to ${formatLr(max)} (${why})`]);
  }
  if (suggestion !== undefined) {
    const { peak, low, high } = suggestion;
    const band = `${formatLr(low)} to ${formatLr(high)}`;
    lines.push(['peak', `${formatLr(peak)}, band ${band}`], ['why', explainPeak(report)]);
  }
  lines.push(['took', `${formatSeconds(seconds)}; ${plural(steps, 'step')}, all rolled back`]);
  return lines.flatMap(([label, text]) =>
    wrap(label.padEnd(LABEL_WIDTH) + text, COLUMNS, ' '.repeat(LABEL_WIDTH)),
  );
}

/** One sentence; empty where nothing is suggested. */
export function explainPeak({ suggestion, probes }: RangeReport): string {
  if (suggestion === undefined) return '';
  const { basis, bestOfProbes, peak } = suggestion;
  const steps = Math.max(...probes.map((probe) => probe.steps));
  const of = `${probes.length} probes of ${plural(steps, 'step')}`;
  if (basis === 'nothing') {
    return `none of ${of} lowered the loss clearly, so this is no more than a guess: give a higher --steps`;
  }
  const factor = bestOfProbes / peak;
  const shift =
    factor > 1.05
      ? `; a run bears less than a probe that short, so the peak is ${formatFactor(factor)} lower`
      : '';
  const best = formatLr(bestOfProbes);
  const found = {
    minimum: `the loss of ${of} is lowest at ${best}`,
    divergence: `the loss of ${of} is lowest at ${best}, and the next higher LR diverged`,
    highest: `the loss of ${of} is lowest at ${best}, the highest LR that was tried`,
    lowest: `the loss of ${of} is lowest at ${best}, the lowest LR that was tried`,
  }[basis];
  return found + shift;
}

/** Why a range test found nothing, where its script did not fail. */
export function describeShortfall({ plan, interval, probes }: RangeReport, steps: number): string {
  const had = interval === undefined ? 'the ramp' : `probe ${probes.length + 1}`;
  const ended = `the script's loop ended after ${plural(steps, 'step')}, before ${had} was done`;
  const needs = plan === undefined ? '' : `, which is up to ${plural(plan.mostSteps, 'step')}`;
  return `${ended}; let it train for as long as the range takes${needs}`;
}

function formatFactor(factor: number): string {
  return `${Number(factor.toPrecision(2))} times`;
}
