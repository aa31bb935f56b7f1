/** A page of reports as one HTML document that needs nothing else. */

import type { ReportPage } from '../../core/report/report-page.js';
import { escapeMarkup } from '../figure/svg.js';
import { COLOURS, classOf, RUN_COLOURS } from '../figure/theme.js';
import { comparisonSection, type PageSection, runSections } from './sections.js';

/** What the build has made of `src/page`. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
  /** SHA-256 of the script, in base64. */
  readonly scriptHash: string;
}

export interface PageOptions extends PageAssets {
  /** Where events come from, of a page that is live. */
  readonly events?: string;
}

export function renderPage(page: ReportPage, options: PageOptions): string {
  const { script, style, events } = options;
  const title = titleOf(page);
  const policy = policyOf(options, events !== undefined);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="autolrs">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeMarkup(title)}</title>
<style>${style}${figureRules()}</style>
</head>
<body${events === undefined ? '' : ` data-events="${escapeMarkup(events)}"`}>
<a class="skip" href="#content">To the content</a>
<header class="top"><h1>autolrs report</h1><p class="live note" role="status" hidden></p><button type="button" class="theme" hidden>Theme</button></header>
<main id="content">
${renderMain(page)}
</main>
<footer class="note">Made by autolrs from the journal of the run.</footer>
<script type="application/json" id="data">${toScriptText(page)}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** Nothing that is quoted runs, even if it should stand in the page unescaped. */
export function policyOf({ scriptHash }: Pick<PageAssets, 'scriptHash'>, isLive: boolean): string {
  return `default-src 'none'; script-src 'sha256-${scriptHash}'; style-src 'unsafe-inline'; img-src data:; connect-src ${isLive ? "'self'" : "'none'"}; base-uri 'none'; form-action 'none'`;
}

export function titleOf({ runs }: ReportPage): string {
  const [only] = runs;
  if (runs.length === 1 && only !== undefined) return `${only.origin.script}, tuned by autolrs`;
  return `${runs.length} runs, tuned by autolrs`;
}

export function renderMain(page: ReportPage): string {
  const { comparison, comparisonFailure, runs } = page;
  const parts = runs.map(
    (run, index) =>
      `<article class="run" aria-labelledby="r${index}-head">${runSections(
        run,
        index,
        runs.length > 1,
      )
        .map(renderSection)
        .join('\n')}</article>`,
  );
  const failure =
    comparisonFailure === undefined
      ? ''
      : `<section class="card"><h2>Comparison</h2><p class="note">${escapeMarkup(comparisonFailure)}</p></section>`;
  return [
    comparison === undefined ? failure : renderSection(comparisonSection(comparison)),
    `<div class="runs">${parts.join('\n')}</div>`,
  ].join('\n');
}

function renderSection({ id, html, chart }: PageSection): string {
  const name = id.replace(/^r\d+-/, '');
  if (name === 'tiles') return `<dl class="tiles" id="${id}">${html}</dl>`;
  if (name === 'head') return `<header class="head" id="${id}">${html}</header>`;
  const data = chart === undefined ? '' : ` data-chart="${chart}"`;
  return `<section class="card ${name}" id="${id}"${data}${html === '' ? ' hidden' : ''}>${html}</section>`;
}

/** JSON that ends no script and begins no comment, whatever is in it. */
function toScriptText(page: ReportPage): string {
  return JSON.stringify(page).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function figureRules(): string {
  return [...Object.values(COLOURS), ...RUN_COLOURS]
    .map((colours) => {
      const colour = `light-dark(${colours.light},${colours.dark})`;
      const name = classOf(colours);
      return `.f${name}{fill:${colour}}.s${name}{stroke:${colour}}`;
    })
    .join('');
}
