import { describe, expect, it } from 'vitest';
import {
  legend,
  renderFigureFile,
  renderInlineFigure,
} from '../../../src/display/figure/figure.js';
import { Panel } from '../../../src/display/figure/panel.js';
import { linearScale } from '../../../src/display/figure/scale.js';
import { element, escapeMarkup, pathThrough } from '../../../src/display/figure/svg.js';
import { COLOURS } from '../../../src/display/figure/theme.js';

describe('markup', () => {
  it('is escaped, and what no document may contain is replaced', () => {
    expect(escapeMarkup(`<a href="x">'&'</a>\u0000\ud800`)).toBe(
      '&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;\ufffd\ufffd',
    );
    expect(element('p', { title: '"><script>' }, 'x')).toBe(
      '<p title="&quot;&gt;&lt;script&gt;">x</p>',
    );
  });

  it('breaks a line where a point is missing', () => {
    expect(pathThrough([[0, 0], [1, 2], undefined, [3, 4.06]])).toBe('M0 0L1 2M3 4.1');
  });
});

describe('a figure', () => {
  const outline = { width: 10, height: 20, title: 'a < b', body: '<g/>' };

  it('has an accessible name', () => {
    const svg = renderInlineFigure(outline);
    expect(svg).toContain('role="img" aria-label="a &lt; b"');
    expect(svg).toContain('<title>a &lt; b</title>');
  });

  it('as a file is XML that is light or dark as its surrounding is', () => {
    const file = renderFigureFile(outline);
    expect(file).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(file).toContain('prefers-color-scheme:dark');
    expect(file).not.toContain('var(');
  });

  it('breaks its legend into lines where it is too long for one', () => {
    const entry = { name: 'a long name of a curve', colour: COLOURS.ink, shape: 'line' } as const;
    const box = { left: 0, right: 400, top: 10 };
    expect(legend([entry], box).lines).toBe(1);
    expect(legend([entry, entry, entry], box).lines).toBe(2);
  });
});

describe('Panel', () => {
  const box = { left: 0, right: 100, top: 0, bottom: 100 };
  const axes = {
    x: linearScale({ low: 0, high: 10, pixels: [0, 100] }),
    y: linearScale({ low: 0, high: 10, pixels: [100, 0] }),
    yLabel: 'loss',
  };

  it('draws no NaN and no infinity, whatever its values', () => {
    const panel = new Panel('p', box, axes);
    const values = [null, Number.NaN, 1e300, -1e300, 5];
    panel.line([0, 1, 2, 3, 4], values, COLOURS.ink);
    panel.band([0, 1, 2, 3, 4], values, values, COLOURS.ink);
    panel.dot(1, Number.NaN, COLOURS.ink);
    panel.bar(1, -1e300, 1e300, COLOURS.ink);
    panel.mark(5, 'here', COLOURS.ink);
    panel.cross(5, COLOURS.ink);
    expect(panel.render()).not.toMatch(/NaN|Infinity/);
  });

  it('marks nothing outside of its frame', () => {
    const panel = new Panel('p', box, axes);
    panel.mark(50, 'outside', COLOURS.ink);
    expect(panel.render()).not.toContain('outside');
  });
});
