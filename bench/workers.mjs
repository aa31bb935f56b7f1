/**
 * What workers are worth: the wall time of a batch of probes, and of whole runs, by the number of processes.
 *
 *   npm run build && node bench/workers.mjs
 *
 * The trainer waits in each step and computes next to nothing, so that processes do not share a processor's time. Prints the
 * shares of the plan of `horizon` besides, which are computed and not measured.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  COARSE_PROBES,
  plannedSteps,
  planSearch,
} from '../dist/core/strategies/horizon/peak-search/plan.js';

const ROOT = join(import.meta.dirname, '..');
const TRAINER = join(ROOT, 'test', 'fixtures', 'trainers', 'ails-as-worker.mjs');
const folder = mkdtempSync(join(tmpdir(), 'autolrs-bench-'));
let runs = 0;

/** Entries of a run, with their times in seconds, and its wall time. */
function run(workers, stepMs, flags) {
  const dir = join(folder, String(runs++));
  const began = performance.now();
  execFileSync(
    process.execPath,
    [
      join(ROOT, 'bin', 'autolrs.js'),
      'run',
      '--quiet',
      ...['--run-dir', dir, '--workers', String(workers)],
      ...flags.split(' '),
      ...['--', process.execPath, TRAINER, '{}', '', String(stepMs), 'always'],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const seconds = (performance.now() - began) / 1000;
  const lines = readFileSync(join(dir, 'journal.jsonl'), 'utf8').trim().split('\n');
  const entries = lines.map((line) => JSON.parse(line));
  const { schedule } = JSON.parse(readFileSync(join(dir, 'result.json'), 'utf8'));
  return { entries, seconds, schedule: JSON.stringify(schedule) };
}

/** Seconds of each batch, from its record to that of its last answer. */
function batchesOf(entries) {
  const batches = [];
  for (const { kind, at } of entries) {
    if (kind === 'batch') batches.push({ from: at, until: at });
    else if (kind === 'probe-reply') batches.at(-1).until = at;
  }
  return batches.map(({ from, until }) => (until - from) / 1000);
}

try {
  console.log('7 probes of 2 s (20 steps of 0.1 s), second stage of two: workers are there');
  const probes = '--strategy paper --steps 40 --tau 20 --tau-max 20 --probe-steps 20';
  for (const workers of [1, 2, 4, 7]) {
    const { entries } = run(
      workers,
      100,
      `${probes} --candidates 7 --batch 7 --min-lr 1e-3 --max-lr 1`,
    );
    const [first, second] = batchesOf(entries);
    const rounds = Math.ceil(7 / workers);
    const share = second / (rounds * 2);
    console.log(
      `W = ${workers}: ${second.toFixed(2)} s, ${share.toFixed(2)} of ${rounds} rounds; first stage ${first.toFixed(2)} s`,
    );
  }
  console.log('paper, 600 steps of 0.02 s, k = 10, --batch 5, whole run');
  const whole = '--strategy paper --steps 600 --tau 200 --tau-max 200 --candidates 10 --batch 5';
  let alone;
  for (const workers of [1, 2, 3, 5]) {
    const { seconds, schedule } = run(workers, 20, `${whole} --min-lr 1e-3 --max-lr 1`);
    alone ??= { seconds, schedule };
    const same = schedule === alone.schedule ? 'the same schedule' : 'ANOTHER SCHEDULE';
    console.log(
      `W = ${workers}: ${seconds.toFixed(1)} s, ${(alone.seconds / seconds).toFixed(2)}x, ${same}`,
    );
  }
  console.log('horizon: steps before the first committed one, as shares of all T (computed)');
  for (const total of [2_000, 12_000, 100_000, 1_000_000]) {
    const plan = planSearch(total, 0.1, true);
    const { rampSteps, coarseSteps, trunkSteps, fineProbes, fineSteps } = plan;
    const shares = [1, 2, 4, 5].map((workers) => {
      const coarse = Math.ceil(COARSE_PROBES / workers) * coarseSteps;
      const fine = Math.ceil(fineProbes / workers) * fineSteps;
      return (rampSteps + coarse + trunkSteps + fine) / total;
    });
    const [serial] = shares;
    if (Math.abs(serial - plannedSteps(plan) / total) > 1e-9) throw new Error('not the plan');
    const texts = shares.map((share) => `${(100 * share).toFixed(2)} %`);
    console.log(`T = ${total}: ${texts.join(', ')} at W = 1, 2, 4, 5`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
