import { describe, expect, it } from 'vitest';
import type { RangeReason } from '../../../src/core/conversation/decision.js';
import type { RangeReport } from '../../../src/core/report/range-report.js';
import { renderFigureFile } from '../../../src/display/figure/figure.js';
import { rangeFigure } from '../../../src/display/range/figure.js';
import { describeRange, describeShortfall } from '../../../src/display/range/sentences.js';

function reportWith(basis: RangeReason, bestOfProbes = 0.046): RangeReport {
  const lrs = Array.from({ length: 60 }, (_, i) => 1e-6 * 10 ** (i / 10));
  return {
    plan: {
      kind: 'range-planned',
      total: 1000,
      rampSteps: 32,
      coarse: { probes: 5, steps: 8 },
      mostSteps: 96,
    },
    interval: { min: 1e-4, max: 0.1, from: 'range-test', why: 'lowest loss at 0.05, rose at 0.1' },
    ramp: { lrs, losses: lrs.map((lr, i) => (i === 59 ? Number.NaN : 2 - 3 * lr)) },
    probes: [
      { lr: 0.1, steps: 34, loss: Number.NaN },
      { lr: 0.035, steps: 34, loss: 1.1 },
      { lr: 0.0125, steps: 34, loss: 1.4 },
    ],
    suggestion: { kind: 'range-found', peak: 0.02, low: 0.01, high: 0.04, basis, bestOfProbes },
  };
}

const COST = { steps: 1274, seconds: 12.3 };

describe('a range test in words', () => {
  it('has interval, peak, band, why and cost, at most 80 columns wide', () => {
    const lines = describeRange(reportWith('minimum'), COST);
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "interval    1.00e-4 to 0.100 (lowest loss at 0.05, rose at 0.1)
      peak        0.0200, band 0.0100 to 0.0400
      why         the loss of 3 probes of 34 steps is lowest at 0.0460; a run bears
                  less than a probe that short, so the peak is 2.3 times lower
      took        12 s; 1,274 steps, all rolled back"
    `);
    for (const basis of ['divergence', 'highest', 'lowest', 'nothing'] as const) {
      const wide = describeRange(reportWith(basis), COST).filter((line) => line.length > 80);
      expect(wide).toEqual([]);
    }
  });

  it('says so where the peak rests on an edge, on a divergence or on nothing', () => {
    const why = (basis: RangeReason) =>
      describeRange(reportWith(basis), COST).join(' ').replaceAll(/\s+/g, ' ');
    expect(why('divergence')).toContain('the next higher LR diverged');
    expect(why('highest')).toContain('the highest LR that was tried');
    expect(why('lowest')).toContain('the lowest LR that was tried');
    expect(why('nothing')).toContain('no more than a guess');
  });

  it('does not speak of a lower peak where a bound has kept it up', () => {
    expect(describeRange(reportWith('lowest', 0.02), COST).join(' ')).not.toContain('times lower');
  });

  it('tells a script whose loop ended what to do', () => {
    const { interval: _, ...rest } = reportWith('minimum');
    expect(describeShortfall({ ...rest, interval: undefined }, 20)).toBe(
      "the script's loop ended after 20 steps, before the ramp was done; let it train for as long as the range takes, which is up to 96 steps",
    );
    expect(describeShortfall(reportWith('minimum'), 20)).toContain('before probe 4 was done');
  });
});

describe('its figure', () => {
  it('shows the ramp, the probes and the suggestion, without NaN', () => {
    const figure = rangeFigure(reportWith('minimum'));
    if (figure === undefined) throw new Error('nothing was drawn');
    const file = renderFigureFile(figure);
    expect(file).not.toContain('NaN');
    expect(file).toContain('peak 0.0200');
    expect(file).toContain('suggested peak 0.0200, band 0.0100 to 0.0400');
    for (const name of ['ramp', 'ends of probes of 34 steps', 'diverged', 'suggested']) {
      expect(file).toContain(`>${name}</text>`);
    }
  });

  it('is drawn without a ramp or without a suggestion too, and not of nothing', () => {
    const whole = reportWith('minimum');
    const empty = { lrs: [], losses: [] };
    for (const report of [
      { ...whole, ramp: empty },
      { ...whole, suggestion: undefined, probes: [] },
    ]) {
      const figure = rangeFigure(report);
      expect(figure && renderFigureFile(figure)).toMatch(/^<svg/);
      expect(figure && renderFigureFile(figure)).not.toContain('NaN');
    }
    expect(rangeFigure({ ...whole, ramp: empty, probes: [] })).toBeUndefined();
  });
});
