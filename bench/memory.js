/**
 * A soak: the tuner's resident memory and its journal over a long run of many stages, with a trainer that computes next
 * to nothing. The RSS is read from /proc while it runs; flat means that the last quarter needs no more than the second.
 *
 *     npm run build && node bench/memory.js [--steps 1000000] [--strategy paper] [--live]
 *
 * With --live the tuner collects its garbage every second, and what it holds on to is told as well.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '1000000' },
    live: { type: 'boolean', default: false },
    strategy: { type: 'string', default: 'paper' },
  },
});
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'autolrs-bench-'));
const runDir = join(dir, 'run');
const options = ['--quiet', '--json', '--run-dir', runDir, '--steps', values.steps];
const lrs = ['--min-lr', '1e-3', '--max-lr', '1'];
const stages = values.strategy === 'paper' ? ['--tau', '1000', '--tau-max', '5000'] : [];
const trainer = path('fast-trainer.mjs');
const liveHeap = new URL('live-heap.mjs', import.meta.url).href;
const args = [
  ...(values.live ? ['--expose-gc', '--import', liveHeap] : []),
  path('../bin/autolrs.js'),
  'run',
  '--strategy',
  values.strategy,
  ...options,
  ...lrs,
  ...stages,
  '--',
  process.execPath,
  trainer,
];

const kilo = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

/** Length of what the journal holds between the start of each stage and that of the next. */
function bytesPerStage(text) {
  const starts = [...text.matchAll(/"kind":"stage-started"/g)].map((match) => match.index);
  return starts.slice(1).map((start, i) => start - starts[i]);
}

const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
const samples = [];
const timer = setInterval(() => {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  if (kilobytes > 0) samples.push(kilobytes / 1024);
}, 100);
let output = '';
child.stdout.setEncoding('utf8').on('data', (text) => {
  output += text;
});
let live = '';
child.stdio[3].setEncoding('utf8').on('data', (text) => {
  live += text;
});
child.on('close', (code) => {
  clearInterval(timer);
  if (code !== 0) throw new Error(`the run ended with ${code}`);
  const { steps, stages: done, seconds } = JSON.parse(output);
  const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
  console.log(`${steps.total} steps, ${done.length} stages, ${seconds.total.toFixed(0)} s`);
  console.log(`resident memory: peak ${Math.max(...samples).toFixed(0)} MB`);
  const quarter = (list, i) => list.slice((i * list.length) / 4, ((i + 1) * list.length) / 4);
  const ofQuarters = (list, digits) =>
    [0, 1, 2, 3].map((i) => `${mean(quarter(list, i)).toFixed(digits)} MB`).join(', ');
  console.log(`mean of each quarter of the run: ${ofQuarters(samples, 0)}`);
  if (values.live) {
    const heap = live.trim().split('\n').map(Number);
    console.log(`heap after a collection, the same: ${ofQuarters(heap, 1)}`);
  }
  const journal = join(runDir, 'journal.jsonl');
  const bytes = statSync(journal).size;
  const perStage = bytesPerStage(readFileSync(journal, 'utf8'));
  const tenth = Math.floor(perStage.length / 10);
  const middle = perStage.slice(tenth, 2 * tenth);
  console.log(
    `journal bytes a stage, mean: second tenth ${kilo(mean(middle))}, last tenth ${kilo(mean(perStage.slice(-tenth)))}`,
  );
  const files = readdirSync(join(runDir, 'checkpoints')).length;
  console.log(`checkpoints left: ${files}`);
  console.log(
    `journal: ${(bytes / 1e6).toFixed(1)} MB, ${(bytes / steps.total).toFixed(1)} bytes a step`,
  );
  rmSync(dir, { recursive: true });
});
