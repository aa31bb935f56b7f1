/** docs/internals/benchmarks.svg: for each method, the share of runs within a factor of the best of grid. */

import { byMethod, isTuned, labelOf } from './labels.js';
import { rowsOf } from './measures.js';
import { FIXED } from './results.js';

const WIDTH = 720;
const HEIGHT = 400;
const PLOT = { left: 56, right: 500, top: 16, bottom: 352 };
/** Factors on the axis, which is logarithmic in their distance from 0.9. */
const LOWEST = 0.9;
const TICKS = [0.9, 1, 1.1, 1.25, 1.5, 2, 3, 5];
const HIGHEST = 5;

/** Colours that differ in both themes, and dashes for those who do not see them. */
const COLOURS = ['#d1495b', '#3b7dd8', '#2a9d6f', '#c77d0a', '#8a5cc4', '#7a7f87', '#1f9aa8'];
const DASHES = ['', '6 3', '2 3'];

/** The figure. `workloads` come from `readResults`. */
export function renderFigure(workloads) {
  const rows = workloads.flatMap(rowsOf).filter(isDrawn).sort(byMethod);
  const labels = [...new Set(rows.map(labelOf))];
  const curves = labels.map((label, index) => {
    const own = rows.filter((row) => labelOf(row) === label);
    const ratios = own.flatMap((row) => row.ratios).sort((a, b) => a - b || 0);
    const colour = COLOURS[index % COLOURS.length];
    const dash = DASHES[Math.floor(index / COLOURS.length) % DASHES.length];
    const width = own.some(isTuned) ? 3 : 1.5;
    const style = `stroke="${colour}" stroke-width="${width}"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}`;
    const y = 24 + 20 * index;
    return [
      `<path d="${pathOf(ratios)}" fill="none" ${style}/>`,
      `<path d="M514 ${y - 4}h24" ${style}/>`,
      `<text x="546" y="${y}">${label.replaceAll('`', '')}</text>`,
    ].join('\n');
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"`,
    'aria-label="Share of runs within a factor of the best of grid, for each method">',
    '<style>',
    'text { font: 13px system-ui, sans-serif; fill: #24292f }',
    '.grid { stroke: #d0d7de }',
    '@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .grid { stroke: #3d444d } }',
    '</style>',
    ...TICKS.map((tick) => vertical(tick)),
    ...[0, 0.25, 0.5, 0.75, 1].map((share) => horizontal(share)),
    `<text x="${(PLOT.left + PLOT.right) / 2}" y="392" text-anchor="middle">final validation loss over that of best of grid</text>`,
    ...curves,
    '</svg>',
  ].join('\n')}\n`;
}

/** Of the fixed schedules one stands for all; what is computed from a closed form is no method. */
function isDrawn({ method }) {
  return method === 'cosine' || !(FIXED.includes(method) || ['grid', 'optimal'].includes(method));
}

/** A staircase that climbs by one run's share at each ratio. Ratios off the axis climb beyond it. */
function pathOf(ratios) {
  const steps = ratios
    .map((ratio, index) => ({ ratio, share: (index + 1) / ratios.length }))
    .filter(({ ratio }) => ratio <= HIGHEST)
    .map(({ ratio, share }) => `H${xOf(ratio)}V${yOf(share)}`);
  return `M${xOf(LOWEST)} ${yOf(0)}${steps.join('')}H${xOf(HIGHEST)}`;
}

function vertical(tick) {
  return [
    `<path class="grid" d="M${xOf(tick)} ${PLOT.top}V${PLOT.bottom}"/>`,
    `<text x="${xOf(tick)}" y="370" text-anchor="middle">${tick}</text>`,
  ].join('\n');
}

function horizontal(share) {
  return [
    `<path class="grid" d="M${PLOT.left} ${yOf(share)}H${PLOT.right}"/>`,
    `<text x="48" y="${yOf(share) + 4}" text-anchor="end">${100 * share} %</text>`,
  ].join('\n');
}

function xOf(ratio) {
  const part = Math.log(Math.max(ratio, LOWEST) / LOWEST) / Math.log(HIGHEST / LOWEST);
  return round(PLOT.left + part * (PLOT.right - PLOT.left));
}

function yOf(share) {
  return round(PLOT.bottom - share * (PLOT.bottom - PLOT.top));
}

function round(pixels) {
  return Math.round(10 * pixels) / 10;
}
