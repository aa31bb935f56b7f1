/** What a report shows of runs that were played in memory. */

import { describe, expect, it } from 'vitest';
import { compareRuns } from '../../../src/core/compare/compare.js';
import { escapeControls } from '../../../src/core/escape-controls.js';
import type { ReportPage } from '../../../src/core/report/report-page.js';
import { renderFigureFile } from '../../../src/display/figure/figure.js';
import { compareFigure } from '../../../src/display/report/compare-figure.js';
import { describeForPage } from '../../../src/display/report/comparison.js';
import { costOf } from '../../../src/display/report/cost.js';
import { costFigure } from '../../../src/display/report/cost-figure.js';
import {
  decisionLinesOf,
  keyFiguresOf,
  originFactsOf,
  stagesOf,
  statusOf,
} from '../../../src/display/report/facts.js';
import { forecastFigure } from '../../../src/display/report/forecast-figure.js';
import { renderMarkdown } from '../../../src/display/report/markdown.js';
import { renderPage } from '../../../src/display/report/page.js';
import { lossRangeOf, lrRangeOf } from '../../../src/display/report/ranges.js';
import { runFigure } from '../../../src/display/report/run-figure.js';
import { searchFigure } from '../../../src/display/report/search-figure.js';
import { playHorizon, playRun } from '../../support/played-runs.js';
import { FoldedReport, pageOf, pageRunOf, reportOf } from '../../support/report.js';

const paper = reportOf(playRun(0.5).entries);
const horizon = reportOf(playHorizon().entries, 'horizon');
const empty = new FoldedReport().build();
const ASSETS = { script: 'let x;', style: 'p{}', scriptHash: 'abc' };

describe('figures', () => {
  const figures = [runFigure, searchFigure, forecastFigure, costFigure];

  it('are drawn of any run that has something to show, without NaN', () => {
    for (const report of [paper, horizon]) {
      for (const draw of figures) {
        const figure = draw(report);
        if (figure === undefined) throw new Error(`${draw.name} has drawn nothing`);
        const file = renderFigureFile(figure);
        expect(file, draw.name).not.toMatch(/NaN|Infinity|undefined/);
        expect(file.length).toBeLessThan(600_000);
      }
    }
  });

  it('are not drawn of a run that has done nothing', () => {
    for (const draw of figures) expect(draw(empty), draw.name).toBeUndefined();
  });

  it('show a few of many stages side by side, and say which was chosen', () => {
    const figure = searchFigure(paper);
    expect(figure?.body.match(/stage \d+, from step/g)).toHaveLength(6);
    expect(figure?.title).toContain('chosen');
  });

  it('cross a probe that diverged', () => {
    expect(searchFigure(paper)?.body).toContain('diverged');
  });

  it('have no dots of the rungs without a search', () => {
    expect(searchFigure({ ...paper, searches: [] })).toBeUndefined();
  });
});

describe('what of a run has to be seen', () => {
  it('is the committed path, and no explosion of a trial', () => {
    const { trials, ...report } = horizon;
    const before = lossRangeOf(horizon);
    const exploded = { kind: 'ramp', from: 0, steps: [1], losses: [1e9] } as const;
    expect(lossRangeOf({ ...report, trials: [...trials, exploded] })).toEqual(before);
  });

  it('is what was tried, where nothing was committed', () => {
    const tried = {
      kind: 'probe',
      from: 0,
      lr: 1,
      steps: [1, 2, 3, 4, 5],
      losses: [3, 4, 5, 6, 1e9],
    } as const;
    const range = lossRangeOf({ ...empty, trials: [tried] });
    expect(range?.high).toBeLessThan(10);
    expect(lossRangeOf(empty)).toBeUndefined();
  });

  it('is on a log scale, where LRs of stages are far apart', () => {
    expect(lrRangeOf(horizon)?.isLog).toBe(false);
    const [stage] = paper.result.stages;
    if (stage === undefined) throw new Error('no stage');
    const stages = [0.001, 1].map((lr) => ({ ...stage, lr, steps: 5 }));
    const lrs = { steps: [0, 5], lrs: [0.001, 1] };
    expect(lrRangeOf({ ...paper, lrs, result: { ...paper.result, stages } })?.isLog).toBe(true);
  });
});

describe('the cost', () => {
  it('has parts that add up', () => {
    for (const { result } of [paper, horizon]) {
      const [steps, time] = costOf(result);
      const sum = (parts: typeof steps) =>
        parts?.parts.reduce((all, { amount }) => all + amount, 0);
      expect(sum(steps)).toBe(result.steps.total + result.steps.lost);
      expect(sum(time)).toBeCloseTo(
        Math.max(60, result.seconds.committed + result.seconds.search),
        6,
      );
    }
  });
});

describe('words', () => {
  const run = pageRunOf(horizon);

  it('say how the run ended, or that it goes on', () => {
    expect(statusOf(run)).toMatchObject({ tone: 'good', word: 'finished' });
    const unfinished = { ...horizon, result: { ...horizon.result, status: 'unfinished' } } as const;
    expect(statusOf(pageRunOf(unfinished)).word).toBe('unfinished');
    expect(statusOf(pageRunOf(unfinished, { process: { pid: 7 } }))).toEqual({
      tone: 'active',
      word: 'running',
      sentence: 'running: process 7',
    });
  });

  it('give the numbers that matter, of a run that has none too', () => {
    expect(keyFiguresOf(horizon).map(({ label }) => label)).toEqual([
      'validation loss',
      'highest LR',
      'committed steps',
      'time',
      'forecasts in their band',
    ]);
    expect(keyFiguresOf(empty).map(({ value }) => value)).toEqual([
      '-',
      '-',
      '0',
      '60 s'.replace('60 s', '1 min 00 s'),
    ]);
  });

  it('say where the run comes from, without what is not known', () => {
    const labels = originFactsOf(run).map(([label]) => label);
    expect(labels).toEqual(['run', 'directory', 'started', 'command', 'in', 'autolrs']);
    const machine = {
      host: 'h',
      system: 'linux 6 x64',
      processor: '',
      cores: 2,
      memoryBytes: 2 ** 33,
      node: 'v20',
    };
    const facts = new Map(originFactsOf(pageRunOf(horizon, { machine })));
    expect(facts.get('processor')).toBe('unknown, 2 cores, 8 GiB');
  });

  it('tell the decisions in order, and how many are left out', () => {
    const { lines, leftOut } = decisionLinesOf(horizon);
    expect(leftOut).toBe(0);
    expect(lines[0]?.text).toContain('budget');
    expect(lines.at(-1)?.text).toContain('finished');
    expect(decisionLinesOf({ ...horizon, decisionCount: 900 }).leftOut).toBe(
      900 - horizon.decisions.length,
    );
  });

  it('say that stages are left out', () => {
    expect(stagesOf(horizon).note).toBe('');
    expect(stagesOf({ ...horizon, stageCount: 500 }).note).toContain('of 500 stages');
  });
});

function compared(): ReportPage {
  const runs = [1, 2].map((factor) => ({
    name: `run ${factor}`,
    status: 'finished' as const,
    steps: { committed: 100, search: 0, total: 100, lost: 0 },
    seconds: 1,
    curves: {
      training: Array.from({ length: 100 }, (_, i) => ({
        total: i + 1,
        committed: i + 1,
        loss: factor * (2 - i / 100),
      })),
      validation: [],
    },
  }));
  const comparison = compareRuns(runs, { reference: 0, loss: 'auto', targets: [] });
  return {
    ...pageOf(pageRunOf(paper), pageRunOf(horizon)),
    comparison: describeForPage(comparison),
  };
}

describe('a comparison', () => {
  it('has a curve and a verdict for each run, and a figure', () => {
    const { comparison } = compared();
    expect(comparison?.runs.map(({ verdict }) => verdict === '')).toEqual([true, false]);
    expect(comparison?.runs[0]?.totals.at(-1)).toBe(100);
    expect(comparison && compareFigure(comparison)?.title).toContain('A run 1, B run 2');
  });
});

describe('the page', () => {
  it('is one document with its own policy, which lets no other script run', () => {
    const html = renderPage(pageOf(pageRunOf(horizon)), ASSETS);
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).toContain("script-src 'sha256-abc'");
    expect(html).toContain("connect-src 'none'");
    expect(html.match(/<svg /g)?.length).toBeGreaterThanOrEqual(3);
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  });

  it('of several runs has a comparison, or why there is none', () => {
    expect(renderPage(compared(), ASSETS)).toContain('<h2>Comparison</h2>');
    const failed = {
      ...pageOf(pageRunOf(paper), pageRunOf(horizon)),
      comparisonFailure: 'no <loss>',
    };
    expect(renderPage(failed, ASSETS)).toContain('no &lt;loss&gt;');
  });

  it('holds its data in a way that ends no script', () => {
    const html = renderPage(pageOf(pageRunOf(horizon, { command: '</script><!--' })), ASSETS);
    expect(html.match(/<\/script/g)).toHaveLength(2);
    expect(html).not.toContain('<!--');
  });
});

describe('Markdown', () => {
  it('has the numbers, the cost, the stages and the command', () => {
    const text = renderMarkdown(pageOf(pageRunOf(horizon)));
    expect(text).toContain('### r1: finished');
    expect(text).toContain('| validation loss |');
    expect(text).toContain('- **steps**');
    expect(text).toContain('```sh\nautolrs run --seed 0 -- python train.py\n```');
  });

  it('shows the last of many stages, and that there are more', () => {
    const text = renderMarkdown(pageOf(pageRunOf(paper)));
    expect(text).toContain(`The last 12 stages of ${paper.stageCount}.`);
  });

  it('has verdicts of several runs', () => {
    expect(renderMarkdown(compared())).toMatch(/## Comparison\n\n.*\n\n\*\*B run 2/);
  });

  it('takes nothing that is quoted for markup', () => {
    const origin = { name: '<b>|`x` [a](b) @you #1', reproduce: 'echo ```; rm' };
    const text = renderMarkdown(pageOf(pageRunOf(horizon, origin)));
    expect(text).toContain('\\<b\\>\\|\\`x\\` \\[a\\](b) @\u200byou \\#\u200b1');
    expect(text).toContain('````sh\necho ```; rm\n````');
  });

  it('lets no control, no order to a terminal and no markup through, in any field', () => {
    const hidden = '\u001b]0;x\u0007\u001b[2J\r\n\u0000\u0085\u202e\u2028';
    const hostile = `- ${hidden}</td><img src=x onerror=alert(1)>|\`\`\`\r\n# h\n[a](javascript:x) ![i](//e) **b** $x$ &lt; @you #12 GH-3 www.e.io http://e.io ~~s~~`;
    const page = (text: string): ReportPage => {
      const { comparison, ...others } = compared();
      if (comparison === undefined) throw new Error('the runs have a comparison');
      const runs = others.runs.map(({ report, origin }) => {
        const metric = { name: text, maximize: true, value: 1, best: 1, bestStep: 2 };
        const run = { id: text, dir: text };
        const result = { ...report.result, metric, run, strategy: text, status: 'failed' as const };
        const named = { name: text, script: text, cwd: text, reproduce: text, failure: text };
        return { report: { ...report, result }, origin: { ...origin, ...named } };
      });
      const named = comparison.runs.map((run) => ({
        ...run,
        name: text,
        verdict: text,
        facts: [text],
      }));
      const table = { header: [text, text], rows: [[text, text]] };
      const texts = { about: text, advice: [text], table, targets: table };
      return { ...others, runs, comparison: { ...comparison, ...texts, runs: named } };
    };
    const written = (text: string) => {
      const failed = { ...pageOf(), comparisonFailure: text };
      return `${renderMarkdown(page(text))}${renderMarkdown(failed)}`;
    };
    const markdown = written(hostile);
    expect(markdown.replaceAll('\n', '')).toBe(escapeControls(markdown.replaceAll('\n', '')));
    // Outside of the blocks of code nothing is left that could be markup once what is escaped is gone.
    const text = markdown.replaceAll(/^(`{3,})sh\n.*\n\1$/gm, '').replaceAll(/\\[^\w\s]/g, '');
    expect(text).not.toMatch(/[<>[\]`$&!~]|:\/\/|www\.|[@#]\w|GH-\d/);
    expect(text.match(/^- /gm)).toEqual(written('x').match(/^- /gm));
    expect(text.match(/\|/g)).toEqual(written('x').match(/\|/g));
    expect(markdown.split('\n')).toHaveLength(written('x').split('\n').length);
  });
});
