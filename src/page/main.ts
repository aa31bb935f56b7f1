/** The script of a page of reports: charts that answer, a theme, and a button that copies. */

import type { ReportPage } from '../core/report/report-page.js';
import { createCompareChart } from './compare-chart.js';
import { createForecastChart } from './forecast-chart.js';
import { listen, showSections } from './live.js';
import { createMetricChart } from './metric-chart.js';
import type { PageChart } from './plot.js';
import { createRunChart } from './run-chart.js';
import { createSearchChart } from './search-chart.js';
import { offerThemes } from './theme.js';

const charts = new Map<string, PageChart>();
let page = JSON.parse(document.getElementById('data')?.textContent ?? '{}') as ReportPage;

function mount(): void {
  for (const section of document.querySelectorAll<HTMLElement>('[data-chart]')) {
    if (charts.has(section.id) || section.hidden) continue;
    const chart = createChart(section);
    if (chart !== undefined) charts.set(section.id, chart);
  }
}

function createChart(section: HTMLElement): PageChart | undefined {
  const index = Number(/^r(\d+)-/.exec(section.id)?.[1] ?? 0);
  const run = () => {
    const own = page.runs[index];
    if (own === undefined) throw new Error(`there is no run ${index}`);
    return own;
  };
  switch (section.dataset['chart']) {
    case 'run':
      return createRunChart(section, run);
    case 'metric':
      return createMetricChart(section, run);
    case 'search':
      return createSearchChart(section, run);
    case 'forecast':
      return createForecastChart(section, run);
    case 'compare':
      return page.comparison && createCompareChart(section, page.comparison);
    default:
      return undefined;
  }
}

function offerCopies(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('button.copy')) {
    button.hidden = false;
    button.onclick = async () => {
      const code = button.parentElement?.querySelector('code');
      await navigator.clipboard.writeText(code?.textContent ?? '');
      button.textContent = 'Copied';
    };
  }
}

const theme = document.querySelector<HTMLButtonElement>('button.theme');
if (theme !== null) {
  offerThemes(theme, () => {
    for (const chart of charts.values()) chart.recolour();
  });
}
mount();
offerCopies();
const { events } = document.body.dataset;
if (events !== undefined) {
  listen(events, (now) => {
    page = now;
    showSections(now);
    for (const chart of charts.values()) chart.update();
    mount();
    offerCopies();
  });
}
