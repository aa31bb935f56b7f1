/** Keeps a page up to date: what the server tells replaces what has changed, and nothing else. */

import type { ReportPage } from '../core/report/report-page.js';
import { comparisonSection, type PageSection, runSections } from '../display/report/sections.js';

/** The parts of a page, in their order. */
function sectionsOf({ runs, comparison }: ReportPage): readonly PageSection[] {
  return [
    ...(comparison === undefined ? [] : [comparisonSection(comparison)]),
    ...runs.flatMap((run, index) => runSections(run, index, runs.length > 1)),
  ];
}

const shown = new Map<string, string>();

/** Writes the sections that are not what they were. */
export function showSections(page: ReportPage): void {
  for (const { id, html } of sectionsOf(page)) {
    const element = document.getElementById(id);
    if (element === null || shown.get(id) === html) continue;
    shown.set(id, html);
    const plot = element.querySelector(':scope > .plot');
    const open = [...element.querySelectorAll('details')].map((details) => details.open);
    const scrolled = [...element.querySelectorAll('.scroll')].map(({ scrollTop }) => scrollTop);
    element.innerHTML = html;
    if (plot !== null) element.append(plot);
    element.querySelectorAll('details').forEach((details, i) => {
      details.open = open[i] ?? false;
    });
    element.querySelectorAll('.scroll').forEach((scroll, i) => {
      scroll.scrollTop = scrolled[i] ?? 0;
    });
    element.hidden = html === '';
  }
}

/** Listens for ever; a connection that is lost is made again by the browser. */
export function listen(url: string, onPage: (page: ReportPage) => void): void {
  const status = document.querySelector<HTMLElement>('.live');
  const say = (state: 'live' | 'lost', words: string) => {
    if (status === null || status.dataset['state'] === state) return;
    status.hidden = false;
    status.dataset['state'] = state;
    status.textContent = words;
  };
  const source = new EventSource(url);
  source.addEventListener('page', (event: MessageEvent<string>) => {
    say('live', 'live');
    onPage(JSON.parse(event.data) as ReportPage);
  });
  source.addEventListener('error', () => {
    say('lost', 'no connection; trying again');
    // Refused for good, as by a run that has ended: the browser would give up.
    if (source.readyState === EventSource.CLOSED) {
      setTimeout(() => listen(url, onPage), RETRY_MS);
    }
  });
}

const RETRY_MS = 2000;
