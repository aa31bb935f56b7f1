import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/core/record/entry.js';
import { LivePlots } from '../../../src/display/run/live/live-plots.js';
import { Progress } from '../../../src/display/run/progress.js';
import { columnsOf } from '../../../src/display/text/columns.js';
import { playHorizon, playRun } from '../../support/played-runs.js';

const WINDOW = { columns: 79, rows: 24 };
const FULL = { isUnicode: true, hasColour: true };
const BARE = { isUnicode: false, hasColour: false };

function plotsOf(entries: readonly Entry[]): LivePlots {
  const plots = new LivePlots();
  const progress = new Progress();
  for (const entry of entries) {
    progress.add(entry);
    plots.add(entry, progress.snapshot().ledger.committed);
  }
  return plots;
}

const RUNS = [
  ['paper', playRun(0.5).entries],
  ['horizon', playHorizon().entries],
] as const;

describe.each(RUNS)('the plots of a run of %s', (_, entries) => {
  it('fit the window at any moment, and are as high at any moment', () => {
    const plots = new LivePlots();
    const progress = new Progress();
    for (const [i, entry] of entries.entries()) {
      progress.add(entry);
      plots.add(entry, progress.snapshot().ledger.committed);
      if (i % 7 > 0) continue;
      const lines = plots.render(WINDOW, 'LR', FULL);
      expect([0, 7]).toContain(lines.length);
      for (const line of lines) {
        expect(columnsOf(stripVTControlCharacters(line))).toBeLessThanOrEqual(WINDOW.columns);
      }
    }
  });

  it('show the losses, the probes and the choice', () => {
    const text = plotsOf(entries)
      .render(WINDOW, 'LR', { ...FULL, hasColour: false })
      .join('\n');
    expect(text).toMatch(/[\u2801-\u28ff]/);
    expect(text).toContain('●');
    expect(text).toContain('│');
    expect(text).toMatch(/0 +committed steps +[\d,]+ .*LR\b/);
  });

  it('have neither colour nor other characters where these are not wanted', () => {
    const text = plotsOf(entries).render(WINDOW, 'LR', BARE).join('\n');
    // Nothing but printable ASCII.
    expect(text).toMatch(/^[ -~\n]+$/);
    expect(text).toContain('@');
  });

  it('leave a small window to the script', () => {
    const plots = plotsOf(entries);
    expect(plots.render({ columns: 59, rows: 24 }, 'LR', FULL)).toEqual([]);
    expect(plots.render({ columns: 79, rows: 17 }, 'LR', FULL)).toEqual([]);
    expect(plots.render({ columns: 79 }, 'LR', FULL)).toEqual([]);
  });
});

describe('LivePlots', () => {
  const train: Entry = {
    kind: 'command',
    command: { kind: 'train', purpose: 'commit', steps: 4, lr: 0.1 },
  };
  const reply: Entry = {
    kind: 'reply',
    reply: { kind: 'trained', steps: 4, losses: [4, 3, 2, 1], lr: 0.1, step: 4, seconds: 1 },
  };

  it('draw losses as soon as they are told, and once', () => {
    const plots = new LivePlots();
    plots.add(train, 0);
    plots.tell([4, 3]);
    expect(plots.render(WINDOW, 'LR', BARE).at(-1)).toMatch(/ 0 .* 2$/);
    plots.add(reply, 4);
    expect(plots.render(WINDOW, 'LR', BARE).at(-1)).toMatch(/ 0 .* 4$/);
    const whole = new LivePlots();
    whole.add(train, 0);
    whole.add(reply, 4);
    expect(plots.render(WINDOW, 'LR', BARE)).toEqual(whole.render(WINDOW, 'LR', BARE));
  });

  it('draw nothing of a trial but its outcome, and nothing before there is something', () => {
    const plots = new LivePlots();
    expect(plots.render(WINDOW, 'LR', BARE)).toEqual([]);
    plots.add(
      { kind: 'command', command: { kind: 'train', purpose: 'search', steps: 4, lr: 1 } },
      0,
    );
    plots.tell([9, 9]);
    plots.add(reply, 0);
    expect(plots.render(WINDOW, 'LR', BARE)).toEqual([]);
  });

  it('cross a probe that diverged', () => {
    const plots = new LivePlots();
    for (const [probe, lr] of [0.1, 1].entries()) {
      plots.add({ kind: 'decision', decision: { kind: 'probe-started', stage: 0, probe, lr } }, 0);
      const outcome =
        lr === 1
          ? ({ kind: 'diverged' } as const)
          : ({ kind: 'forecast', loss: 2, sd: 0 } as const);
      plots.add(
        {
          kind: 'decision',
          decision: { kind: 'probe-ended', stage: 0, probe, lr, steps: 4, outcome },
        },
        0,
      );
    }
    const [first = '', ...others] = plots.render(WINDOW, 'LR', BARE);
    expect(first).toContain('x');
    expect(others.join('')).toContain('@');
  });
});
