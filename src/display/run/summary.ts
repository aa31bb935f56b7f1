/** The summary at the end of a run and in `show`: stages, schedule, losses and cost. */

import { escapeControls } from '../../core/escape-controls.js';
import type { Schedule } from '../../core/record/committed-schedule.js';
import { coverageOf, type ScoredForecast } from '../../core/record/forecast-scores.js';
import type { RunResult, StageResult } from '../../core/record/result.js';
import {
  formatCount,
  formatLoss,
  formatLr,
  formatSeconds,
  formatShare,
  plural,
} from '../text/format.js';
import { layOutTable } from '../text/table.js';
import { wrap } from '../text/wrap.js';
import { type LrLabel, lrLabel } from './lr-label.js';
import { sayBetter } from './say-better.js';
import { describeEnd, type StatusDetails } from './status.js';

const COLUMNS = 80;

/** Lines of at most 80 columns, without colour. */
export function summarize(result: RunResult, circumstances: StatusDetails = {}): readonly string[] {
  const word = lrLabel(result);
  const lines = [
    `run ${result.run.id}`,
    ...wrap(describeEnd(result, circumstances), COLUMNS, '  '),
    ...(result.keepSchedule ? [`factors     on ${describeFactored(result)}`] : []),
    '',
    ...(result.stages.length > 0 ? [...layOutTable(...stageTable(result.stages, word)), ''] : []),
    ...detailLines(result, word),
  ];
  return lines.map(escapeControls); // a journal is a file that anybody may have written
}

function describeFactored({ factorOf }: RunResult): string {
  if (factorOf === undefined) return "the script's own schedule";
  const { schedule, highestLr } = factorOf;
  return highestLr === undefined ? schedule : `${schedule}, highest LR ${formatLr(highestLr)}`;
}

/** The same in its parts, for a program that lays them out by itself. */
export function summaryOf(result: RunResult) {
  const word = lrLabel(result);
  const [header, rows] = stageTable(result.stages, word);
  const table = rows.length === 0 ? [] : [header, ...rows];
  return {
    run: result.run.id,
    end: escapeControls(describeEnd(result)),
    stages: table.map((row) => row.map(escapeControls)),
    /** A label, which a line that goes on has none of, and what is said under it. */
    details: detailLines(result, word)
      .map(escapeControls)
      .map((line) => [line.slice(0, LABEL_WIDTH).trim(), line.slice(LABEL_WIDTH).trim()] as const),
  };
}

const LABEL_WIDTH = 12;

function detailLines(result: RunResult, word: LrLabel): readonly string[] {
  return [
    ...scheduleLines(result.schedule, word),
    ...lossLines(result),
    ...metricLines(result),
    ...weightsLines(result),
    ...forecastLines(result),
    ...costLines(result),
  ];
}

export function stageTable(
  stages: readonly StageResult[],
  word: LrLabel,
): [header: string[], rows: string[][]] {
  const hasValidation = stages.some((stage) => stage.validation !== undefined);
  const header = ['stage', 'from', 'steps', 'probes', word, 'forecast', 'reached'];
  const rows = stages.map((stage) => {
    const diverged = stage.probes.filter((probe) => probe.outcome === 'diverged').length;
    const row = [
      String(stage.index),
      formatCount(stage.from),
      formatCount(stage.steps),
      diverged > 0 ? `${stage.probes.length} (${diverged} diverged)` : String(stage.probes.length),
      stage.lr === null ? '-' : formatLr(stage.lr),
      formatLoss(stage.forecast),
      formatLoss(stage.reached),
    ];
    return hasValidation ? [...row, formatLoss(stage.validation)] : row;
  });
  return [hasValidation ? [...header, 'validation'] : header, rows];
}

function weightsLines({ weights }: RunResult): readonly string[] {
  const said = 'an average of them, which validated better shortly before the end';
  return weights === 'averaged' ? [`weights     ${said}`] : [];
}

/** Entries shown of a long schedule: a decay has one per step. */
const SHOWN_ENTRIES = 12;

function scheduleLines(schedule: Schedule, word: LrLabel): readonly string[] {
  if (schedule.length === 0) return ['schedule    nothing was committed'];
  const shown = sampleOf(schedule);
  const lines = shown.map(
    (entry) => `${word} ${formatLr(entry.lr).padStart(8)} from step ${formatCount(entry.step)}`,
  );
  if (shown.length < schedule.length) {
    lines.push(
      `(${shown.length} of ${plural(schedule.length, 'change')}; all are in schedule.json)`,
    );
  }
  return lines.map((line, i) => `${i === 0 ? 'schedule' : ''}`.padEnd(12) + line);
}

/** The first, the last, and those between that are nearest to even spaces. */
function sampleOf(schedule: Schedule): Schedule {
  if (schedule.length <= SHOWN_ENTRIES) return schedule;
  const [from, to] = [schedule[0]?.step ?? 0, schedule.at(-1)?.step ?? 0];
  const places = Array.from({ length: SHOWN_ENTRIES }, (_, i) =>
    schedule.findIndex(({ step }) => step >= from + (i / (SHOWN_ENTRIES - 1)) * (to - from)),
  );
  return schedule.filter((_, i) => places.includes(i));
}

function lossLines({ loss, steps }: RunResult): readonly string[] {
  if (loss.first === null) return [];
  // A run that was interrupted may have been measured long before.
  const { validationStep = steps.committed } = loss;
  const at = validationStep === steps.committed ? '' : ` at step ${formatCount(validationStep)}`;
  const training = `training ${formatLoss(loss.first)} -> ${formatLoss(loss.last)}, best ${formatLoss(loss.best)}`;
  const validation =
    loss.validation === undefined ? '' : `; validation ${formatLoss(loss.validation)}${at}`;
  return [`loss        ${training}${validation}`];
}

function metricLines({ metric, steps, returned }: RunResult): readonly string[] {
  if (metric === undefined) return [];
  const { name, maximize, value, step = steps.committed, best, bestStep } = metric;
  const at = step === steps.committed ? '' : ` at step ${formatCount(step)}`;
  const top =
    bestStep === undefined ? '' : `, best ${formatLoss(best)} at step ${formatCount(bestStep)}`;
  // Its name is of any length.
  const doubt =
    returned?.to === 0
      ? `; if ${maximize ? 'lower' : 'higher'} is better after all, give --${maximize ? 'no-' : ''}maximize`
      : '';
  return wrap(
    `metric      ${escapeControls(name)} ${formatLoss(value)}${at}${top}; ${sayBetter(maximize)}${doubt}`,
    COLUMNS,
    ' '.repeat(LABEL_WIDTH),
  );
}

/** Forecasts of the run one by one; those of stages stand in the table. Then how many bands held. */
function forecastLines({ forecasts }: RunResult): readonly string[] {
  const { inside, scored } = coverageOf(forecasts);
  const lines = [
    ...forecasts.filter(({ of }) => of === 'run').map(describeForecast),
    ...(scored > 1 ? [`${inside} of ${scored} inside their bands (made for 4 of 5)`] : []),
  ];
  return lines.map((line, i) => `${i === 0 ? 'forecast' : ''}`.padEnd(12) + line);
}

function describeForecast({ step, loss, low, high, actual }: ScoredForecast): string {
  const said = `${formatLoss(loss)} at step ${formatCount(step)} (${formatLoss(low)} to ${formatLoss(high)})`;
  if (actual === null) return said;
  const where = actual < low ? 'below' : actual > high ? 'above' : 'inside';
  return `${said}: ${formatLoss(actual)}, ${where}`;
}

function costLines(result: RunResult): readonly string[] {
  const { steps, seconds, failures = 0, workers } = result;
  const why = workers
    ? 'to admit workers, or lost with a stopped process'
    : 'lost with a stopped process';
  return [
    ...stepsLines(steps),
    ...(steps.lost > 0 ? [`            ${plural(steps.lost, 'step')} besides were ${why}`] : []),
    ...(failures > 0
      ? [
          `            ${plural(failures, 'time')} the script failed at too high an LR, and was started again`,
        ]
      : []),
    ...workersLines(workers),
    `time        ${formatSeconds(seconds.committed)} committed + ${formatSeconds(seconds.search)} search; ${formatSeconds(seconds.total)} in all`,
  ];
}

function workersLines(workers: RunResult['workers']): readonly string[] {
  if (workers === undefined) return [];
  const { admitted, refused, gone, probes, ofProbes } = workers;
  const apart = [
    ...(refused > 0 ? [`${plural(refused, 'worker')} computed otherwise, and did none`] : []),
    ...(gone > 0 ? [`${plural(gone, 'time')} one was lost`] : []),
  ];
  const did =
    admitted === 0
      ? `none joined; the script did all ${ofProbes} probes`
      : `${admitted} did ${probes} of ${ofProbes} probes beside the script`;
  const lines = [did, ...apart];
  return lines.map((line, i) => `${i === 0 ? 'workers' : ''}`.padEnd(12) + line);
}

/** Commits that were rolled back count as search in the document; here they are told apart. */
function stepsLines({ committed, search, rolledBack = 0, total }: RunResult['steps']): string[] {
  const tried = search - rolledBack;
  const parts = `${formatCount(committed)} committed + ${formatCount(tried)} search`;
  const share = `search ${formatShare(tried, total)}`;
  if (rolledBack === 0) return [`steps       ${parts} = ${formatCount(total)} (${share})`];
  return [
    `steps       ${parts} + ${formatCount(rolledBack)} rolled back = ${formatCount(total)}`,
    `            (${share}, commits that were rolled back ${formatShare(rolledBack, total)})`,
  ];
}
