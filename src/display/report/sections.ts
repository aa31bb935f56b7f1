/** The parts of a page as HTML. All that is quoted is escaped here; a page that is live replaces them one by one. */

import { escapeControls } from '../../core/escape-controls.js';
import type { PageComparison, PageRun, TextTable } from '../../core/report/report-page.js';
import { type Figure, renderInlineFigure } from '../figure/figure.js';
import { escapeMarkup } from '../figure/svg.js';
import { sayBetter } from '../run/say-better.js';
import { compareFigure } from './compare-figure.js';
import { costOf } from './cost.js';
import {
  decisionLinesOf,
  describeProgress,
  describeSearch,
  keyFiguresOf,
  originFactsOf,
  stagesOf,
  statusOf,
} from './facts.js';
import { forecastFigure } from './forecast-figure.js';
import { metricFigure } from './metric-figure.js';
import { runFigure } from './run-figure.js';
import { searchFigure } from './search-figure.js';

/** A part of the page, by the id of the element that holds it. */
export interface PageSection {
  readonly id: string;
  readonly html: string;
  /** The kind of its chart, which a script makes live. */
  readonly chart?: ChartKind;
}

export type ChartKind = 'run' | 'metric' | 'search' | 'forecast' | 'compare';

/** @param areSeveral Whether there are other runs on the page. */
export function runSections(
  run: PageRun,
  index: number,
  areSeveral: boolean,
): readonly PageSection[] {
  const { report } = run;
  const id = (name: string) => `r${index}-${name}`;
  const drawn = (title: string, figure: Figure | undefined, note = '') =>
    figure === undefined ? '' : card(title, renderFixed(figure), note);
  return [
    { id: id('head'), html: renderHead(run, areSeveral) },
    { id: id('tiles'), html: renderTiles(run) },
    {
      id: id('run'),
      chart: 'run',
      html: drawn('Loss and learning rate', runFigure(report, id('run'))),
    },
    { id: id('metric'), chart: 'metric', html: renderMetric(run, id('metric')) },
    {
      id: id('search'),
      chart: 'search',
      html: drawn('Search', searchFigure(report, id('search')), describeSearch(report)),
    },
    {
      id: id('forecast'),
      chart: 'forecast',
      html: drawn('Forecasts and what came', forecastFigure(report, id('forecast'))),
    },
    { id: id('cost'), html: renderCost(run) },
    { id: id('stages'), html: renderStages(run) },
    { id: id('decisions'), html: renderDecisions(run) },
    { id: id('origin'), html: renderOrigin(run) },
  ];
}

export function comparisonSection(comparison: PageComparison): PageSection {
  const made = compareFigure(comparison);
  const figure = made === undefined ? '' : `<div class="fixed">${renderInlineFigure(made)}</div>`;
  const verdicts = comparison.runs
    .filter(({ verdict }) => verdict !== '')
    .map(
      ({ name, verdict, facts }) =>
        `<div class="verdict"><h3>${escapeMarkup(name)}: ${escapeMarkup(verdict)}</h3>${list(facts)}</div>`,
    );
  const html = [
    `<h2>Comparison</h2><p class="note">${escapeMarkup(comparison.about)}</p>`,
    verdicts.join(''),
    figure,
    `<div class="tables">${renderTable(comparison.table)}${renderTable(comparison.targets)}</div>`,
    ...comparison.advice.map((line) => `<p class="note">${escapeMarkup(line)}</p>`),
  ].join('');
  return { id: 'comparison', chart: 'compare', html };
}

/** The figure that is printed, and seen where no script runs. */
function renderFixed(figure: Figure): string {
  return `<div class="fixed">${renderInlineFigure(figure)}</div>`;
}

function card(title: string, html: string, note = ''): string {
  const about = note === '' ? '' : `<p class="note">${escapeMarkup(note)}</p>`;
  return `<h3>${escapeMarkup(title)}</h3>${about}${html}`;
}

function renderHead(run: PageRun, areSeveral: boolean): string {
  const { name, script } = run.origin;
  const { tone, word, sentence } = statusOf(run);
  const [title, other] = areSeveral ? [name, script] : [script, name];
  return `<h2>${escapeMarkup(title)} <span class="status ${tone}">${escapeMarkup(word)}</span></h2><p class="note">${escapeMarkup(`${other}: ${sentence}`)}</p>${renderProgress(run)}`;
}

function renderProgress({ origin }: PageRun): string {
  const { progress } = origin;
  if (progress === undefined) return '';
  const words = escapeMarkup(describeProgress(progress));
  const { share } = progress;
  if (share === undefined) return `<p class="progress">${words}</p>`;
  const percent = Math.floor(100 * share);
  return `<p class="progress"><progress max="100" value="${percent}" aria-label="done"></progress> ${words}</p>`;
}

function renderTiles({ report }: PageRun): string {
  return keyFiguresOf(report)
    .map(
      ({ label, value, note }) =>
        `<div class="tile"><dt>${escapeMarkup(label)}</dt><dd class="value">${escapeMarkup(value)}</dd><dd class="note">${escapeMarkup(note)}</dd></div>`,
    )
    .join('');
}

function renderMetric({ report }: PageRun, id: string): string {
  const figure = metricFigure(report, id);
  const { metric } = report.result;
  if (figure === undefined || metric === undefined) return '';
  return card(escapeControls(metric.name), renderFixed(figure), sayBetter(metric.maximize));
}

/** Not a figure, so that its words are as large as others on a small screen. */
function renderCost({ report }: PageRun): string {
  const lines = costOf(report.result).filter(({ parts }) => parts.length > 0);
  if (lines.length === 0) return '';
  const bars = lines.map(({ name, total, parts }) => {
    const whole = parts.reduce((sum, { amount }) => sum + amount, 0);
    const bar = parts.map(
      ({ kind, amount }) =>
        `<span class="part ${kind}" style="flex-grow:${((1000 * amount) / whole).toFixed(2)}"></span>`,
    );
    const words = parts.map(
      (part) =>
        `<li><span class="swatch ${part.kind}"></span>${escapeMarkup(part.name)} <b>${escapeMarkup(part.value)}</b> (${escapeMarkup(part.share)})</li>`,
    );
    return `<div class="cost"><p><b>${name}</b> <span>${escapeMarkup(total)} in all</span></p><div class="parts" aria-hidden="true">${bar.join('')}</div><ul>${words.join('')}</ul></div>`;
  });
  return card('Cost in steps and time', `<div class="costs">${bars.join('')}</div>`);
}

function renderStages({ report }: PageRun): string {
  const { note, ...table } = stagesOf(report);
  if (table.rows.length === 0) return '';
  return fold('Stages', note, renderTable(table));
}

function renderDecisions({ report }: PageRun): string {
  const { lines, leftOut } = decisionLinesOf(report);
  if (lines.length === 0) return '';
  const rows = lines.map(
    ({ committed, text }) =>
      `<tr><td>${escapeMarkup(committed)}</td><td class="text">${escapeMarkup(text)}</td></tr>`,
  );
  const note = leftOut > 0 ? `${leftOut} of them, in the middle, are left out` : '';
  const table = `<table><thead><tr><th scope="col">step</th><th scope="col" class="text">decision</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
  return fold('Decisions', note, `<div class="scroll" tabindex="0">${table}</div>`);
}

function renderOrigin(run: PageRun): string {
  const facts = originFactsOf(run).map(
    ([label, value]) => `<div><dt>${escapeMarkup(label)}</dt><dd>${escapeMarkup(value)}</dd></div>`,
  );
  const { reproduce } = run.origin;
  const command =
    reproduce === undefined
      ? ''
      : `<h4>The same run again</h4><div class="command"><pre><code>${escapeMarkup(reproduce)}</code></pre><button type="button" class="copy" hidden>Copy</button></div>`;
  return `<h3>Where it comes from</h3><dl class="facts">${facts.join('')}</dl>${command}`;
}

function fold(title: string, note: string, html: string): string {
  const about = note === '' ? '' : ` <span class="note">${escapeMarkup(note)}</span>`;
  return `<details><summary>${escapeMarkup(title)}${about}</summary>${html}</details>`;
}

export function renderTable({ header, rows }: TextTable): string {
  const head = header.map((cell) => `<th scope="col">${escapeMarkup(cell)}</th>`).join('');
  const body = rows
    .map((row) => `<tr>${row.map((cell) => `<td>${escapeMarkup(cell)}</td>`).join('')}</tr>`)
    .join('');
  return `<div class="scroll" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function list(lines: readonly string[]): string {
  return `<ul>${lines.map((line) => `<li>${escapeMarkup(line)}</li>`).join('')}</ul>`;
}
