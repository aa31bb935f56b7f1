/** What a page says of a run in words and numbers. */

import { escapeControls } from '../../core/escape-controls.js';
import { coverageOf } from '../../core/record/forecast-scores.js';
import type { RunStatus } from '../../core/record/result.js';
import type { PageProgress, PageRun, TextTable } from '../../core/report/report-page.js';
import type { RunReport } from '../../core/report/run-report.js';
import { type LrLabel, labelAfter, lrLabel } from '../run/lr-label.js';
import { narrate } from '../run/narrate.js';
import { sayBetter } from '../run/say-better.js';
import { describeEnd } from '../run/status.js';
import { stageTable } from '../run/summary.js';
import { formatCount, formatLoss, formatLr, formatSeconds, formatShare } from '../text/format.js';
import { extentOf } from './ranges.js';

export type StatusTone = 'good' | 'active' | 'mixed' | 'bad';

const TONES: Readonly<Record<RunStatus, StatusTone>> = {
  finished: 'good',
  'target-reached': 'good',
  'ended-early': 'mixed',
  diverged: 'bad',
  'flat-loss': 'bad',
  interrupted: 'mixed',
  failed: 'bad',
  unfinished: 'mixed',
};

/** How the run ended, or that it goes on: a word, and all of it. */
export function statusOf({ report, origin }: PageRun) {
  const { status } = report.result;
  const { process, failure } = origin;
  const isRunning = status === 'unfinished' && process !== undefined;
  return {
    tone: isRunning ? ('active' as const) : TONES[status],
    word: isRunning ? 'running' : status.replaceAll('-', ' '),
    sentence: describeEnd(report.result, { process, failure }),
  };
}

/** A number that matters, with what helps to judge it. */
export interface ReportFigure {
  readonly label: string;
  readonly value: string;
  readonly note: string;
}

export function keyFiguresOf({ result, lrs, stageCount }: RunReport): readonly ReportFigure[] {
  const { loss, steps, seconds, forecasts } = result;
  const word = lrLabel(result);
  const hasValidation = loss.validation !== undefined;
  const final = hasValidation ? loss.validation : loss.last;
  const change = `training ${formatLoss(loss.first)} to ${formatLoss(loss.last)}`;
  const peak = extentOf(lrs.lrs).high;
  const { inside, scored } = coverageOf(forecasts);
  return [
    ...metricFigures(result.metric),
    {
      label: hasValidation ? 'validation loss' : 'training loss',
      value: formatLoss(final),
      note: loss.first === null ? 'nothing measured yet' : change,
    },
    {
      label: `highest ${word}`,
      value: lrs.lrs.length === 0 ? '-' : formatLr(peak),
      note: `strategy ${result.strategy}${stageCount > 1 ? `, ${formatCount(stageCount)} stages` : ''}`,
    },
    {
      label: 'committed steps',
      value: formatCount(steps.committed),
      note: `${formatCount(steps.search)} more for the search (${formatShare(steps.search, steps.total)})`,
    },
    {
      label: 'time',
      value: formatSeconds(seconds.total),
      note: `${formatSeconds(seconds.committed + seconds.search)} of it training`,
    },
    ...(scored === 0
      ? []
      : [
          {
            label: 'forecasts in their band',
            value: `${inside} of ${scored}`,
            note: 'bands are made for 4 of 5',
          },
        ]),
  ];
}

function metricFigures(metric: RunReport['result']['metric']): readonly ReportFigure[] {
  if (metric === undefined) return [];
  const { name, maximize, value, best, bestStep } = metric;
  const top =
    bestStep === undefined
      ? 'nothing measured yet'
      : `best ${formatLoss(best)} at step ${formatCount(bestStep)}`;
  return [
    {
      label: escapeControls(name),
      value: formatLoss(value),
      note: `${top}; ${sayBetter(maximize)}`,
    },
  ];
}

/** Labels and values, in the order in which they are read. */
export type ReportFacts = readonly (readonly [label: string, value: string])[];

export function originFactsOf({ report, origin }: PageRun): ReportFacts {
  const { result } = report;
  const { machine, trainer, startedAt } = origin;
  const script = trainer && [trainer.framework, trainer.schedule && `schedule ${trainer.schedule}`];
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['run', result.run.id],
    ['directory', result.run.dir],
    ['started', `${new Date(startedAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`],
    ['command', origin.command],
    ['in', origin.cwd],
    ['script', script?.filter((part) => part !== undefined).join(', ')],
    ['ranks', trainer === undefined ? undefined : formatCount(trainer.world)],
    ['autolrs', `${origin.version}, strategy ${result.strategy}, seed ${result.seed}`],
    ['machine', machine && `${machine.host}, ${machine.system}`],
    [
      'processor',
      machine &&
        `${machine.processor || 'unknown'}, ${formatCount(machine.cores)} cores, ${formatBytes(machine.memoryBytes)}`,
    ],
    ['node', machine?.node],
  ];
  return facts.flatMap(([label, value]) =>
    value === undefined || value === '' ? [] : [[label, escapeControls(value)] as const],
  );
}

function formatBytes(bytes: number): string {
  return `${Number((bytes / 2 ** 30).toPrecision(3))} GiB`;
}

/** The stages, and that some are left out. */
export function stagesOf({ result, stageCount }: RunReport): TextTable & { readonly note: string } {
  const [header, rows] = stageTable(result.stages, lrLabel(result));
  const shown = result.stages.length;
  const note =
    shown < stageCount ? `${formatCount(shown)} of ${formatCount(stageCount)} stages` : '';
  return { header, rows, note };
}

/** A line of the run's story, and the step of it. */
export interface DecisionLine {
  readonly committed: string;
  readonly text: string;
}

/** What the tuner decided, in order, and how many lines are left out in the middle. */
export function decisionLinesOf({ decisions, decisionCount, result }: RunReport): {
  readonly lines: readonly DecisionLine[];
  readonly leftOut: number;
} {
  const hasFactor = decisions.some(({ decision }) => decision.kind === 'factor-found');
  let word: LrLabel = hasFactor ? 'LR' : lrLabel(result);
  const lines = decisions.flatMap(({ committed, decision }): DecisionLine[] => {
    const line = narrate(decision, word);
    word = labelAfter({ kind: 'decision', decision }, word);
    const text = line === undefined ? undefined : escapeControls(line);
    return text === undefined ? [] : [{ committed: formatCount(committed), text }];
  });
  return { lines, leftOut: decisionCount - decisions.length };
}

/** How the search came to its choice. */
export function describeSearch({ searches, searchCount, trialCount }: RunReport): string {
  if (searches.length === 0) return '';
  const [only] = searches;
  const probes = searches.flatMap(({ rungs }) => rungs.flatMap((rung) => rung.probes));
  const diverged = probes.filter(({ loss }) => loss === null).length;
  const failed = diverged === 0 ? '' : `; ${formatCount(diverged)} diverged`;
  if (searchCount > 1 || only === undefined) {
    const shown = searches.length < searchCount ? `, ${searches.length} of them here` : '';
    return `${formatCount(searchCount)} searches${shown}; ${formatCount(trialCount)} curves were tried and rolled back.`;
  }
  const chosen = only.chosen === null ? '' : ` ${formatLr(only.chosen)} was chosen.`;
  return `${formatCount(probes.length)} probes between ${formatLr(Math.min(...probes.map(({ lr }) => lr)))} and ${formatLr(Math.max(...probes.map(({ lr }) => lr)))}${failed}.${chosen}`;
}

/** Where a run stands, and how long it may take. */
export function describeProgress({ activity, share, secondsLeft }: PageProgress): string {
  const parts = [
    activity === '' ? 'waiting for the script' : activity,
    ...(share === undefined ? [] : [`${Math.floor(100 * share)} %`]),
    ...(secondsLeft === undefined ? [] : [`${formatSeconds(secondsLeft)} left`]),
  ];
  return parts.join(', ');
}
