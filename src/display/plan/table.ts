/** A plan for people: a table of its phases, and below it what it costs besides. */

import { escapeControls } from '../../core/escape-controls.js';
import { metricOf } from '../../core/metric.js';
import {
  FILES_AT_ONCE,
  type MeasuredFacts,
  type PlanOutline,
  secondsOfPlan,
  stepsOf,
} from '../../core/plan/outline.js';
import type { PlannedPhase, PlannedPhaseName } from '../../core/plan/plan-builder.js';
import {
  formatBytes,
  formatCount,
  formatLr,
  formatSeconds,
  formatShare,
  formatShort,
  plural,
} from '../text/format.js';
import { layOutTable } from '../text/table.js';
import { wrap } from '../text/wrap.js';

const COLUMNS = 80;
const LABEL_WIDTH = 13;

const NAMES: Readonly<Record<PlannedPhaseName, string>> = {
  timing: 'timing',
  ramp: 'ramp',
  'coarse-probes': 'coarse probes',
  trunk: 'trunk',
  'fine-probes': 'fine probes',
  probes: 'probes',
  search: 'search',
  'warm-up': 'warm-up',
  hold: 'hold',
  decay: 'decay',
  training: 'training',
};

/** Lines of at most 80 columns, without colour. */
export function describePlan(outline: PlanOutline): readonly string[] {
  return [
    ...describeHead(outline),
    '',
    ...phaseTable(outline),
    '',
    ...detailsOf(outline).flatMap(([label, text]) =>
      wrap(label.padEnd(LABEL_WIDTH) + text, COLUMNS, ' '.repeat(LABEL_WIDTH)),
    ),
  ].map(escapeControls);
}

function describeHead({ options, plan, script }: PlanOutline): readonly string[] {
  const { strategy, search } = options;
  const where = search === 'none' ? 'without a search' : `search ${search}`;
  const starts =
    { 1: 'started once', 2: 'started twice' }[plan.starts] ?? `started ${plan.starts} times`;
  return wrap(
    `strategy ${strategy}, ${where}: ${script?.name ?? 'the script'} is ${starts}`,
    COLUMNS,
    '  ',
  );
}

function phaseTable({ plan, measured, files }: PlanOutline): readonly string[] {
  const { phases, starts } = plan;
  const steps = stepsOf(phases);
  const time = (seconds: number) => (measured ? [formatSeconds(seconds)] : []);
  const rows = phases.map((phase) => [
    NAMES[phase.phase],
    describeProbes(phase),
    formatCount(phase.steps),
    formatShare(phase.steps, steps.total),
    ...time(phase.seconds),
  ]);
  const seconds = measured && secondsOfPlan(plan, measured, files);
  const besides =
    seconds === undefined
      ? []
      : [
          ['start', starts === 1 ? '' : plural(starts, 'time'), '', '', ...time(seconds.starts)],
          ...(seconds.files > 0
            ? [['files', plural(files?.files ?? 0, 'checkpoint'), '', '', ...time(seconds.files)]]
            : []),
        ];
  const total = ['total', '', formatCount(steps.total), '', ...time(seconds?.total ?? 0)];
  const header = ['phase', '', 'steps', 'share', ...(measured ? ['time'] : [])];
  return layOut(header, [...rows, ...besides, total]);
}

/** The first two columns are words. */
function layOut(header: readonly string[], rows: readonly (readonly string[])[]) {
  const widths = [0, 1].map((column) =>
    Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  const pad = (row: readonly string[]) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
  return layOutTable(pad(header), rows.map(pad)).map((line) => line.trimEnd());
}

function describeProbes({ phase, probes }: PlannedPhase): string {
  // It ends at the first clear rise of the loss.
  if (probes === undefined) return phase === 'ramp' ? 'at most' : '';
  const { count, least, most } = probes;
  const length =
    least === most ? formatCount(least) : `${formatCount(least)} to ${formatCount(most)}`;
  return `${formatCount(count)} of ${length}`;
}

function detailsOf(outline: PlanOutline): readonly (readonly [string, string])[] {
  const { measured } = outline;
  return [
    ...describeAims(outline),
    ['search', describeSearch(outline)],
    ['evaluations', describeEvaluations(outline)],
    ['in memory', describeMemory(outline)],
    ['on disk', describeFiles(outline)],
    ...(measured ? [['measured', describeMeasured(measured)] as const] : []),
  ];
}

/** What a run goes by that no plan can show. */
function describeAims({ options, validationPattern, script }: PlanOutline) {
  const metric = metricOf(options);
  const target = options.target ?? options.targetLoss;
  const aims: [label: string, text: string][] = [];
  if (metric !== undefined) {
    const better = metric.maximize ? 'more' : 'less';
    aims.push([
      'metric',
      `${metric.name}, ${better} is better: the best point, going back and the end go by it; the search goes by the loss`,
    ]);
  }
  if (target !== undefined) {
    const what = metric?.name ?? 'the loss';
    aims.push(['target', `the run ends once ${what} is ${target}, which no plan foresees`]);
  }
  if (validationPattern !== undefined) {
    const what = script?.can.validate ? 'validation losses' : (metric?.name ?? 'validation losses');
    aims.push(['printed', `${what}, found by ${validationPattern} in what the script prints`]);
  }
  if (options.like !== undefined) {
    const { peak, check } = options.like;
    aims.push([
      'like',
      `peak LR ${formatLr(peak)} is taken if one probe of ${plural(check.steps, 'step')} bears it out; if not, the run searches`,
    ]);
  }
  return aims;
}

function describeSearch({ plan, options }: PlanOutline): string {
  const { search, total } = stepsOf(plan.phases);
  if (options.search === 'none') return 'none';
  const { enoughSteps, mostSearchSteps } = plan;
  if (search === 0) {
    const enough =
      enoughSteps !== undefined && Number.isFinite(enoughSteps)
        ? `; ${formatCount(enoughSteps)} steps have one`
        : '';
    return `none: the run is too short for it${enough}`;
  }
  const most =
    mostSearchSteps === undefined
      ? ''
      : `, at most ${formatCount(Math.max(search, mostSearchSteps))}`;
  const besides = options.strategy === 'horizon' ? '; rollbacks come on top' : '';
  return `${formatCount(search)} of ${plural(total, 'step')} (${formatShare(search, total)})${most}${besides}`;
}

function describeEvaluations({ plan, measured, script }: PlanOutline): string {
  const of = (isSearch: boolean) =>
    plan.phases.reduce(
      (sum, phase) => sum + (phase.isSearch === isSearch ? phase.evaluations : 0),
      0,
    );
  const [search, committed] = [of(true), of(false)];
  const count = search + committed;
  if (count === 0) {
    return script?.can.validate === false ? 'none: the script gives no validate function' : 'none';
  }
  const cost =
    measured === undefined
      ? ''
      : `, ${formatShort(measured.costs.evaluationSeconds)} each, ${formatSeconds(count * measured.costs.evaluationSeconds)} in all`;
  return `${formatCount(count)} (${formatCount(search)} in the search)${cost}`;
}

function describeMemory({ plan, measured }: PlanOutline): string {
  const { heldAtOnce } = plan;
  if (heldAtOnce === 0) return 'no checkpoint';
  const bytes = measured?.memoryBytes;
  const size =
    bytes === undefined
      ? ''
      : `, about ${formatBytes(bytes)} each${heldAtOnce > 1 ? `, ${formatBytes(heldAtOnce * bytes)} together` : ''}`;
  return `at most ${plural(heldAtOnce, 'checkpoint')} at once${size}`;
}

function describeFiles({ files, measured, plan }: PlanOutline): string {
  if (files === undefined) return 'no checkpoint: the script cannot write one';
  const bytes = measured?.file?.bytes;
  const atOnce = Math.min(FILES_AT_ONCE, files.files);
  const size =
    bytes === undefined
      ? ''
      : ` of ${formatBytes(bytes)}, at most ${formatBytes(atOnce * bytes)} at a time`;
  const spacing =
    files.everySteps < stepsOf(plan.phases).committed
      ? `one in ${plural(files.everySteps, 'committed step')}`
      : 'the last at the end';
  return `${files.isMost ? 'up to ' : ''}${plural(files.files, 'checkpoint')}${size}; ${spacing}`;
}

function describeMeasured({ steps, costs }: MeasuredFacts): string {
  const { stepSeconds, startSeconds, averageSeconds } = costs;
  const average =
    averageSeconds > 0 ? ` (${formatShort(averageSeconds)} more to sample averages)` : '';
  return `${plural(steps, 'step')}: ${formatShort(stepSeconds)} each${average}, ${formatSeconds(startSeconds)} to start; what the script does besides is not in the plan`;
}
