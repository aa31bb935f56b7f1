/**
 * The tuner's resident memory over a long run: a trainer that computes nothing, many stages, the tuner's RSS read from
 * /proc while it runs. Flat means that the last quarter needs no more than the second.
 *
 *     npm run build && node bench/memory.js [--steps 1000000]
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { steps: { type: 'string', default: '1000000' } } });
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'autolrs-bench-'));
const runDir = join(dir, 'run');
const options = ['--quiet', '--json', '--run-dir', runDir, '--steps', values.steps];
const lrs = ['--min-lr', '1e-3', '--max-lr', '1', '--tau', '1000', '--tau-max', '5000'];
const trainer = path('../test/fixtures/trainers/trains.mjs');
const args = [
  path('../bin/autolrs.js'),
  'run',
  ...options,
  ...lrs,
  '--',
  process.execPath,
  trainer,
];

const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
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
child.on('close', (code) => {
  clearInterval(timer);
  if (code !== 0) throw new Error(`the run ended with ${code}`);
  const { steps, stages, seconds } = JSON.parse(output);
  const quarter = (i) => samples.slice((i * samples.length) / 4, ((i + 1) * samples.length) / 4);
  const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
  console.log(`${steps.total} steps, ${stages.length} stages, ${seconds.total.toFixed(0)} s`);
  console.log(`resident memory: peak ${Math.max(...samples).toFixed(0)} MB`);
  console.log(
    `mean of each quarter of the run: ${[0, 1, 2, 3].map((i) => `${mean(quarter(i)).toFixed(0)} MB`).join(', ')}`,
  );
  const bytes = statSync(join(runDir, 'journal.jsonl')).size;
  console.log(
    `journal: ${(bytes / 1e6).toFixed(1)} MB, ${(bytes / steps.total).toFixed(1)} bytes a step`,
  );
  rmSync(dir, { recursive: true });
});
