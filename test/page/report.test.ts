/** The page of a report in a real browser, from a file, without a network. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPageAssets } from '../../src/app/page-assets.js';
import { compareRuns } from '../../src/core/compare/compare.js';
import type { ReportPage } from '../../src/core/report/report-page.js';
import { describeForPage } from '../../src/display/report/comparison.js';
import { renderPage } from '../../src/display/report/page.js';
import { formatLr } from '../../src/display/text/format.js';
import { openBrowser } from '../support/chromium.js';
import { playHorizon, playRun } from '../support/played-runs.js';
import { pageOf, pageRunOf, reportOf } from '../support/report.js';

const paper = pageRunOf(reportOf(playRun(0.5).entries), { name: 'paper' });
const horizon = pageRunOf(reportOf(playHorizon().entries, 'horizon'), { name: 'horizon' });
const values = [0.2, 0.7, 0.6];
const byMetric = {
  ...horizon,
  report: {
    ...horizon.report,
    metric: { steps: [0, 50, 100], mean: values, low: values, high: values, level: values },
    result: {
      ...horizon.report.result,
      metric: { name: '<accuracy>', maximize: true, value: 0.6, best: 0.7, bestStep: 50 },
    },
  },
};

let browser: Browser | undefined;
const home = mkdtempSync(join(tmpdir(), 'autolrs-test-'));

beforeAll(async () => {
  browser = await openBrowser();
}, 60_000);
afterAll(async () => {
  await browser?.close();
  rmSync(home, { recursive: true, force: true });
});

interface Opened {
  readonly page: Page;
  /** What the page complained of, and what it asked for beside itself. */
  readonly complaints: string[];
  readonly requests: string[];
}

let opened = 0;

async function open(document: ReportPage, options: BrowserContextOptions = {}): Promise<Opened> {
  if (browser === undefined) throw new Error('there is no browser');
  const path = join(home, `${opened++}.html`);
  writeFileSync(path, renderPage(document, readPageAssets()));
  const page = await (await browser.newContext(options)).newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(pathToFileURL(path).href);
  return { page, complaints, requests };
}

function comparison(): ReportPage {
  const runs = [paper, horizon].map(({ report, origin }, i) => ({
    name: origin.name,
    status: 'finished' as const,
    steps: report.result.steps,
    seconds: 1,
    curves: {
      training: Array.from({ length: 200 }, (_, step) => ({
        total: step + 1,
        committed: step + 1,
        loss: 1 + 1 / (step + 1 + 10 * i),
      })),
      validation: [],
    },
  }));
  const compared = compareRuns(runs, { reference: 0, loss: 'auto', targets: [] });
  return { ...pageOf(paper, horizon), comparison: describeForPage(compared) };
}

describe('the page of a report', () => {
  it.for([
    ['paper', pageOf(paper)],
    ['horizon', pageOf(horizon)],
    ['two runs', comparison()],
    ['a metric', pageOf(byMetric)],
  ] as const)(
    'of %s draws its charts, asks for nothing and complains of nothing',
    async ([, document], { skip }) => {
      if (browser === undefined) skip('there is no Chromium');
      const { page, complaints, requests } = await open(document);
      const charts = page.locator('.canvas');
      const metrics = document.runs.filter(({ report }) => report.metric !== undefined).length;
      const ofRuns = 3 * document.runs.length + metrics;
      expect(await charts.count()).toBe(ofRuns + (document.comparison ? 1 : 0));
      // Something was drawn: not all pixels of each canvas are the same.
      const isDrawn = await page.locator('canvas').evaluateAll((canvases) =>
        canvases.map((canvas) => {
          const { width, height } = canvas as HTMLCanvasElement;
          const context = (canvas as HTMLCanvasElement).getContext('2d');
          const { data } = context?.getImageData(0, 0, width, height) ?? { data: [] };
          return new Set(data).size > 8;
        }),
      );
      expect(isDrawn.length).toBeGreaterThan(3);
      expect(isDrawn).not.toContain(false);
      expect(complaints).toEqual([]);
      expect(requests).toHaveLength(1);
    },
  );

  it('gives each chart and table a name, and each button a word', async ({ skip }) => {
    if (browser === undefined) skip('there is no Chromium');
    const { page } = await open(comparison());
    for (const image of await page.getByRole('img').all()) {
      expect(await image.getAttribute('aria-label')).toMatch(/\w+ \w+/);
    }
    for (const button of await page.getByRole('button').all()) {
      expect((await button.textContent())?.trim()).not.toBe('');
    }
    expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
  });

  it('answers to the keyboard', async ({ skip }) => {
    if (browser === undefined) skip('there is no Chromium');
    const { page } = await open(pageOf(horizon));
    const section = page.locator('[data-chart=run]');
    const chart = section.locator('.canvas');
    await chart.focus();
    await page.keyboard.press('ArrowRight');
    const readout = section.locator('.readout');
    await expect.poll(() => readout.textContent()).toMatch(/^step 0, validation loss .*LR /);
    await page.keyboard.press('End');
    const { committed } = horizon.report.result.steps;
    await expect
      .poll(() => readout.textContent())
      .toContain(`step ${committed.toLocaleString('en-US')}`);
    const whole = section.getByRole('button', { name: 'Whole run' });
    expect(await whole.isVisible()).toBe(false);
    await page.keyboard.press('Home');
    await page.keyboard.press('+');
    expect(await whole.isVisible()).toBe(true);
    await page.keyboard.press('0');
    expect(await whole.isVisible()).toBe(false);
    await section.getByRole('button', { name: 'tried and rolled back' }).press('Enter');
    expect(
      await section
        .getByRole('button', { name: 'tried and rolled back' })
        .getAttribute('aria-pressed'),
    ).toBe('false');
  });

  it('shows the search of the stage that is chosen', async ({ skip }) => {
    if (browser === undefined) skip('there is no Chromium');
    const { page, complaints } = await open(pageOf(paper));
    const section = page.locator('[data-chart=search]');
    await section.getByLabel('Stage').selectOption({ index: 0 });
    await section.locator('.canvas').focus();
    await page.keyboard.press('ArrowRight');
    const [lowest] =
      paper.report.searches[0]?.rungs[0]?.probes
        .filter(({ loss }) => loss !== null)
        .toSorted((a, b) => a.lr - b.lr) ?? [];
    await expect
      .poll(() => section.locator('.readout').textContent())
      .toContain(`learning rate ${formatLr(lowest?.lr ?? 0)}:`);
    expect(complaints).toEqual([]);
  });

  it('is light or dark as the system is, and as its reader chooses', async ({ skip }) => {
    if (browser === undefined) skip('there is no Chromium');
    const { page } = await open(pageOf(horizon), { colorScheme: 'dark' });
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await ground();
    const button = page.getByRole('button', { name: /Theme/ });
    await button.click();
    expect(await button.textContent()).toBe('Theme: light');
    expect(await ground()).not.toBe(dark);
    await button.click();
    expect(await ground()).toBe(dark);
  });

  it('is printed light, with figures that stay sharp', async ({ skip }) => {
    if (browser === undefined) skip('there is no Chromium');
    const { page } = await open(pageOf(horizon), { colorScheme: 'dark' });
    expect(await page.locator('.fixed svg').first().isVisible()).toBe(false);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.fixed svg').first().isVisible()).toBe(true);
    expect(await page.locator('.canvas').first().isVisible()).toBe(false);
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(
      'rgb(255, 255, 255)',
    );
  });

  it('shows its figures where no script runs', async ({ skip }) => {
    if (browser === undefined) skip('there is no Chromium');
    const { page } = await open(pageOf(horizon), { javaScriptEnabled: false });
    expect(await page.locator('.fixed svg').first().isVisible()).toBe(true);
    expect(await page.getByText('The same run again').isVisible()).toBe(true);
  });

  it.for([400, 1400])('fits a window of %i pixels', async (width, { skip }) => {
    if (browser === undefined) skip('there is no Chromium');
    const { page } = await open(comparison(), { viewport: { width, height: 800 } });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
      width,
    );
  });

  it('runs no script of what it quotes', async ({ skip }) => {
    if (browser === undefined) skip('there is no Chromium');
    const script =
      '</script><script>window.pwned=1</script><img src=x onerror="window.pwned=1">\'"`';
    const { report } = horizon;
    const [first] = report.decisions;
    if (first === undefined) throw new Error('no decision');
    const hostile = pageRunOf(
      {
        ...report,
        result: { ...report.result, run: { id: script, dir: script }, strategy: script },
        decisions: [
          {
            ...first,
            decision: {
              kind: 'interval-found',
              interval: { min: 1, max: 2, from: 'given' },
              why: script,
            },
          },
        ],
      },
      {
        name: script,
        script,
        command: script,
        cwd: script,
        reproduce: script,
        failure: script,
        version: script,
        trainer: { name: script, framework: script, schedule: script, world: 1 },
      },
    );
    const document = { ...comparison(), runs: [hostile, hostile], comparisonFailure: script };
    const { page, complaints, requests } = await open({
      ...document,
      comparison: {
        ...(document.comparison ?? {
          about: '',
          table: { header: [], rows: [] },
          targets: { header: [], rows: [] },
          runs: [],
        }),
        about: script,
        advice: [script],
        runs: (document.comparison?.runs ?? []).map((run) => ({
          ...run,
          name: script,
          facts: [script],
        })),
      },
    });
    await page.locator('details').evaluateAll((all) => {
      for (const one of all) (one as HTMLDetailsElement).open = true;
    });
    expect(await page.evaluate(() => 'pwned' in window)).toBe(false);
    expect(await page.locator('img, iframe, object').count()).toBe(0);
    expect(await page.locator('script').count()).toBe(2);
    expect(await page.locator('h2').last().textContent()).toContain(script);
    expect(complaints).toEqual([]);
    expect(requests).toHaveLength(1);
  });
});
