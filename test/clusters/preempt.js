/**
 * Real Slurm: a job of examples/clusters is preempted at random steps, on two nodes in turn, and ends as an undisturbed run.
 *
 *   npm run build && node test/clusters/preempt.js [times] [seed]
 *
 * Needs root and Slurm (slurm-lab.sh says which packages); AUTOLRS_PYTHON is a Python with PyTorch. Skips in so many words.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireSlurm, textOf, until } from './slurm.js';

const HERE = import.meta.dirname;
const ROOT = join(HERE, '..', '..');
const PYTHON = process.env.AUTOLRS_PYTHON ?? 'python3';
const TIMES = Number(process.argv[2] ?? 20);
const EPOCHS = Math.max(2, Math.ceil((TIMES * 200) / 512));
const STEPS = EPOCHS * 512;

let seed = Number(process.argv[3] ?? 1);
/** Park and Miller's: the same steps with the same seed. */
const random = () => {
  seed = (seed * 48271) % 2147483647;
  return seed / 2147483647;
};

requireSlurm([[PYTHON, ['-c', 'import torch']]]);

const folder = mkdtempSync(join(tmpdir(), 'autolrs-slurm-'));
const lab = join(folder, 'lab');
const dir = join(folder, 'run');
const stepsFile = join(folder, 'steps');
mkdirSync(join(folder, 'bin'));
const cli = join(ROOT, 'bin', 'autolrs.js');
writeFileSync(
  join(folder, 'bin', 'autolrs'),
  `#!/bin/sh\nexec "${process.execPath}" "${cli}" "$@"\n`,
  { mode: 0o755 },
);
const env = {
  ...process.env,
  PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
  SLURM_CONF: join(lab, 'slurm.conf'),
  RUN_DIR: dir,
  OMP_NUM_THREADS: '1',
};
const script = [PYTHON, join(HERE, 'train.py'), '--epochs', String(EPOCHS)];

const run = (program, ...args) =>
  execFileSync(program, args, { env, cwd: folder, encoding: 'utf8', maxBuffer: 1e9 });
const show = (of) => JSON.parse(run('autolrs', 'show', '--json', of));

const stateOf = (job) => {
  const text = run('scontrol', 'show', 'job', '-o', job);
  const [, state] = /JobState=(\S+)/.exec(text);
  return { state, node: / NodeList=(node\d)/.exec(text)?.[1], text };
};

/** Committed steps of the process that trains last, and whether it is the search's. */
const place = () => {
  const [phase = '', step = '0'] = textOf(stepsFile).trim().split('\n').at(-1).split(' ');
  return { phase, step: Number(step) };
};

let failures = 0;
const expect = (what, isSo) => {
  if (isSo) return;
  failures++;
  console.log(`FAILED: ${what}`);
};

const began = Date.now();
try {
  const undisturbed = join(folder, 'undisturbed');
  const line = ['run', '--or-resume', '--run-dir', undisturbed, '--', ...script];
  const bare = spawnSync('autolrs', line, { env, cwd: folder, encoding: 'utf8' });
  const digest = /^digest (\w+)$/m.exec(bare.stdout + bare.stderr)?.[1];
  if (bare.status !== 0 || !digest) throw new Error(`the undisturbed run failed:\n${bare.stderr}`);
  console.log(`undisturbed: ${STEPS} steps, digest ${digest.slice(0, 16)}`);

  console.log(run(join(HERE, 'slurm-lab.sh'), 'start', lab).trim());
  const targets = Array.from({ length: TIMES }, () => Math.floor(random() * STEPS * 0.8) + 20);
  targets.sort((a, b) => a - b);
  const output = join(folder, 'job.out');
  const sbatch = join(ROOT, 'examples', 'clusters', 'preemptible.sbatch');
  const job = run(
    'sbatch',
    '--parsable',
    `--output=${output}`,
    sbatch,
    ...script,
    '--sleep',
    '0.02',
    '--steps-file',
    stepsFile,
  ).trim();
  let lost = 0;
  const nodes = [];
  for (const [i, target] of targets.entries()) {
    // The first one comes in the search.
    const isInSearch = i === 0;
    writeFileSync(stepsFile, '');
    await until('the step', 900, () => {
      if (/^autolrs: finished/m.test(textOf(output)))
        throw new Error('the job has come to its end');
      const { phase, step } = place();
      return isInSearch ? phase === 'search' && step > 3 : phase === 'commit' && step >= target;
    });
    const { node } = stateOf(job);
    nodes.push(node);
    const restarts = Number(/Restarts=(\d+)/.exec(stateOf(job).text)[1]);
    run(
      'sbatch',
      '--parsable',
      '--partition=urgent',
      '-w',
      node,
      '-N',
      '1',
      '--exclusive',
      '--output=/dev/null',
      '--wrap',
      'sleep 3',
    );
    await until('the requeue', 120, () => {
      const { text } = stateOf(job);
      return Number(/Restarts=(\d+)/.exec(text)[1]) > restarts && !/JobState=COMPLETING/.test(text);
    });
    const { steps, status } = show(dir);
    const unsaved = steps.unsaved ?? 0;
    lost += unsaved;
    console.log(
      `${i + 1}: preempted on ${node} ${isInSearch ? 'in the search' : `at step ${target}`}; ${status} at ${steps.committed} committed, ${unsaved} not on disk`,
    );
    expect(`${i + 1}: the end is an interrupt`, status === 'interrupted');
    // Slurm makes a job that was preempted wait two minutes.
    spawnSync('scontrol', ['update', `jobid=${job}`, 'StartTime=now'], { env });
  }
  await until('the end of the job', 600, () => /COMPLETED|FAILED/.test(stateOf(job).state));
  const result = show(dir);
  const end = show(undisturbed);
  const ended = [...readFileSync(output, 'utf8').matchAll(/^digest (\w+)$/gm)].at(-1)?.[1];
  expect('the job has ended well', stateOf(job).state === 'COMPLETED');
  expect('the weights are those of the undisturbed run', ended === digest);
  expect(
    'so are schedule and committed steps',
    JSON.stringify([result.schedule, result.steps.committed, result.loss]) ===
      JSON.stringify([end.schedule, end.steps.committed, end.loss]),
  );
  expect('no committed step was lost', lost === 0);
  expect('both nodes took part', TIMES < 4 || new Set(nodes).size === 2);
  console.log(
    `${TIMES} preemptions on ${[...new Set(nodes)].join(' and ')}; ${lost} committed steps not on disk at an end; ${result.steps.lost} steps done again; digest ${ended?.slice(0, 16)}; ${Math.round((Date.now() - began) / 1000)} s`,
  );
} catch (error) {
  failures++;
  console.log(`FAILED: ${error.message}`);
  console.log(textOf(join(folder, 'job.out')).slice(-3000));
} finally {
  if (existsSync(env.SLURM_CONF)) spawnSync(join(HERE, 'slurm-lab.sh'), ['stop', lab], { env });
  if (failures === 0) rmSync(folder, { recursive: true, force: true });
  else console.log(`kept: ${folder}`);
}
console.log(failures === 0 ? 'passed' : `${failures} failed`);
process.exit(failures === 0 ? 0 : 1);
