/** Methods as the page calls them, in its order. What is not here comes last, by its own name. */

import { FIXED } from './results.js';

const TUNED = ['horizon', 'paper'];

const NAMES = {
  horizon: '`horizon`',
  paper: '`paper`',
  grid: 'best of grid',
  'grid-averaged': 'best of grid, averaged',
  'default-cosine': 'cosine, default LR',
  'ramp-cosine': 'ramp, then cosine',
  'schedule-free': 'Schedule-Free',
  prodigy: 'Prodigy',
  greedy: 'GreedyLR',
  ademamix: 'AdEMAMix',
  optuna: 'Optuna',
  optimal: 'optimal, computed',
};

const ORDER = [...Object.keys(NAMES), ...FIXED];

/** The name of a row over all workloads: without the LR that was best in hindsight. */
export function labelOf({ method, settings }) {
  const name = NAMES[method] ?? method;
  if (method === 'optuna') return `${name}, ${settings.budget}x the steps`;
  return FIXED.includes(method) ? `${name}, best LR` : name;
}

/** The name of a row of one workload. */
export function labelWithLr(row) {
  if (row.method === 'grid-averaged') return `averaged: ${scheduleText(row.settings)}`;
  return FIXED.includes(row.method)
    ? scheduleText({ schedule: row.method, ...row.settings })
    : labelOf(row);
}

/** A schedule, its LR, and over what part of the run its weights are averaged. */
function scheduleText({ schedule, lr, power }) {
  const text = `${schedule}, LR ${Number(lr.toPrecision(3))}`;
  if (power === undefined) return text;
  return power === 'raw' ? `${text}, not averaged` : `${text}, power ${power}`;
}

export function isTuned({ method }) {
  return TUNED.includes(method);
}

/** Compares rows by method, then by budget. */
export function byMethod(a, b) {
  return placeOf(a) - placeOf(b) || (a.settings.budget ?? 0) - (b.settings.budget ?? 0);
}

function placeOf({ method }) {
  const place = ORDER.indexOf(method);
  return place < 0 ? ORDER.length : place;
}
