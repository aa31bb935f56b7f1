/**
 * Real Slurm: workers that srun starts on two nodes give the run that one process gives, also where their steps are cancelled,
 * and leave nothing.
 *
 *   npm run build && node test/clusters/workers.js
 *
 * Needs root and Slurm (slurm-lab.sh says which packages). Skips in so many words.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireSlurm, textOf, until } from './slurm.js';

const HERE = import.meta.dirname;
const ROOT = join(HERE, '..', '..');
/** How long a step of a search lasts. */
const STEP_MS = 100;

requireSlurm();

const folder = mkdtempSync(join(tmpdir(), 'autolrs-slurm-'));
const lab = join(folder, 'lab');
const env = { ...process.env, SLURM_CONF: join(lab, 'slurm.conf') };
const trainer = join(ROOT, 'test', 'fixtures', 'trainers', 'ails-as-worker.mjs');
/** Its node is the first word of its output. */
const script = (pids, stepMs) => [
  'sh',
  '-c',
  `echo "node $SLURMD_NODENAME" >&2; exec "$@"`,
  'sh',
  process.execPath,
  trainer,
  '{}',
  join(folder, pids),
  String(stepMs),
];

const run = (program, ...args) =>
  execFileSync(program, args, { env, cwd: folder, encoding: 'utf8', maxBuffer: 1e9 });

let failures = 0;
const expect = (what, isSo) => {
  if (isSo) return;
  failures++;
  console.log(`FAILED: ${what}`);
};

const SRUN = 'srun --ntasks=1 --nodes=1 --exact';

/** @param how Where workers are started by srun: by the words before them, or by the command itself. */
function commandOf(name, workers, how) {
  const given = ['--strategy', 'horizon', '--run-dir', join(folder, name), '--workers', workers];
  const cli = [process.execPath, join(ROOT, 'bin', 'autolrs.js'), 'run', ...given];
  const flags = how === 'prefix' ? ['--worker-prefix', SRUN] : [];
  const launcher = how === 'command' ? SRUN.split(' ') : [];
  const words = script(`${name}.pids`, workers === '1' ? 0 : STEP_MS);
  return [...cli, ...flags, '--', ...launcher, ...words];
}

/** What must not depend on who has probed. */
function essenceOf(name) {
  const result = JSON.parse(textOf(join(folder, name, 'result.json')));
  const records = textOf(join(folder, name, 'journal.jsonl'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const decisions = records.flatMap(({ decision }) => decision ?? []);
  const weights = records.findLast(({ kind }) => kind === 'checkpoint').checkpoint.sha256;
  const { committed, search } = result.steps;
  const essence = JSON.stringify([result.schedule, decisions, weights, committed, search]);
  return { essence, workers: result.workers, status: result.status };
}

/** A job of two nodes whose workers are steps of it. */
async function submit(name, how, disturb) {
  const output = join(folder, `${name}.out`);
  const words = commandOf(name, '4', how).map((word) => `'${word}'`);
  const wrapped = `--wrap=exec ${words.join(' ')}`;
  const size = ['--nodes=2', '--ntasks=4', '--ntasks-per-node=2'];
  const job = run('sbatch', '--parsable', `--output=${output}`, ...size, wrapped).trim();
  await disturb?.(job, output);
  const state = await until('the end of the job', 300, () => {
    const text = run('scontrol', 'show', 'job', '-o', job);
    return /JobState=(COMPLETED|FAILED|CANCELLED|TIMEOUT)/.exec(text)?.[1];
  });
  expect(`${name}: the job has ended well`, state === 'COMPLETED');
  if (state !== 'COMPLETED') console.log(textOf(output).slice(-3000));
  const steps = run('squeue', '-h', '-s', '-j', job).trim();
  expect(`${name}: no step is left`, steps === '');
  const log = textOf(join(folder, name, 'trainer.log'));
  const nodes = new Set([...log.matchAll(/^\[worker \d+\] node (\w+)$/gm)].map(([, node]) => node));
  return { ...essenceOf(name), nodes, log };
}

/** Cancels the steps of workers, one after the other, once each has joined. */
async function cancelSteps(job) {
  const journal = () => textOf(join(folder, 'disturbed', 'journal.jsonl'));
  const admitted = () => [...journal().matchAll(/"worker":\d,"state":"admitted"/g)].length;
  await until('a worker', 120, () => admitted() > 0);
  const steps = run('squeue', '-h', '-s', '-j', job, '-o', '%i').trim().split('\n');
  const numbered = steps.filter((step) => /\.\d+$/.test(step));
  numbered.sort((a, b) => Number(a.split('.')[1]) - Number(b.split('.')[1]));
  // The first is the process that trains.
  for (const step of numbered.slice(1, 3)) spawnSync('scancel', [step], { env });
}

const began = Date.now();
try {
  const [program, ...args] = commandOf('alone', '1');
  run(program, ...args);
  const alone = essenceOf('alone');
  console.log(run(join(HERE, 'slurm-lab.sh'), 'start', lab).trim());
  const helped = await submit('helped', 'prefix');
  expect('workers have probed', helped.workers.probes > 0);
  expect('both nodes took part', helped.nodes.size === 2);
  expect('the run is that of one process', helped.essence === alone.essence);
  const disturbed = await submit('disturbed', 'command', cancelSteps);
  expect('steps were cancelled', disturbed.workers.gone > 0);
  expect('the run is that of one process, still', disturbed.essence === alone.essence);
  const tell = ({ workers, nodes }) =>
    `${workers.probes} of ${workers.ofProbes} probes on ${[...nodes].join(' and ')}, ${workers.gone} lost`;
  console.log(`helped: ${tell(helped)}; disturbed: ${tell(disturbed)}`);
  console.log(`${Math.round((Date.now() - began) / 1000)} s`);
} catch (error) {
  failures++;
  console.log(`FAILED: ${error.stderr ?? error.message}`);
  console.log(textOf(join(folder, 'helped.out')).slice(-3000));
} finally {
  const controller = textOf(join(lab, 'ctld.pid')).trim();
  if (existsSync(env.SLURM_CONF)) spawnSync(join(HERE, 'slurm-lab.sh'), ['stop', lab], { env });
  // It writes its state once more.
  if (controller) await until('its end', 20, () => !existsSync(join('/proc', controller)));
  if (failures === 0) rmSync(folder, { recursive: true, force: true });
  else console.log(`kept: ${folder}`);
}
console.log(failures === 0 ? 'passed' : `${failures} failed`);
process.exit(failures === 0 ? 0 : 1);
