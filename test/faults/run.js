// @ts-check
/**
 * `npm run test:faults`: real processes, killed and starved at every moment; after `autolrs resume`, all must be as if
 * nothing had happened. Prints what was tried; fails if a single run ends otherwise.
 *
 * The reference is a run with a checkpoint at every step. A disturbed run may differ in nothing that counts: its
 * schedule and steps are the reference's, and each of its checkpoints holds the reference's state at that step. So the
 * last one has the same weights, and none has a probe's. JavaScript's are compared byte for byte; PyTorch packs the same
 * content in more than one way, so there a digest of the content is taken, of all files that lie there after the fault
 * and at the end.
 *
 * `--every N` tries every N-th moment alone, `--pytorch N` draws N a kind, with `--seed`: a sample for CI.
 */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = join(import.meta.dirname, '..', '..');
const CLI = join(ROOT, 'bin', 'autolrs.js');
const DIGEST = join(import.meta.dirname, 'digest.py');
const INJECT = new URL('inject.mjs', import.meta.url).href;
const INJECT_PYTHON = join(import.meta.dirname, 'python');
const PYTHON = process.env.AUTOLRS_PYTHON ?? 'python3';
/** A run and its resumes take seconds; more is a hang. */
const PATIENCE_MS = 120_000;
/** One fault, so one resume is enough; a few more find a run that never ends. */
const MOST_RESUMES = 3;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    every: { type: 'string', default: '1' },
    pytorch: { type: 'string', default: '5' },
  },
});

/** torch.save writes a file in some forty pieces. */
const TORCH_WRITES = 700;

const FLAGS =
  '--strategy paper --steps 60 --tau 24 --tau-max 48 --candidates 2 --warmup-steps 6 --min-lr 1e-3 --max-lr 1'.split(
    ' ',
  );
const DIGITS = [process.execPath, join(ROOT, 'examples', 'demo', 'digits.js')];
const DROPOUT = [PYTHON, join(ROOT, 'test', 'fixtures', 'pytorch', 'dropout.py')];

const home = mkdtempSync(join(tmpdir(), 'autolrs-faults-'));
let runs = 0;

/** Starts the CLI; `after` so many milliseconds sends it `signal`, or kills the trainer of the run in `dir`. */
function runCli(args, { env = {}, signal, after, dir }) {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { ...process.env, OMP_NUM_THREADS: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.resume();
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  const strike = () => (signal === 'TRAINER' ? killTrainer(dir) : child.kill(signal));
  const disturbance = signal && setTimeout(strike, after);
  return new Promise((resolve) => {
    child.on('close', (code, by) => {
      clearTimeout(patience);
      clearTimeout(disturbance);
      resolve({ code, by, said });
    });
  });
}

/** Kills the trainer that was started last, if one was. */
function killTrainer(dir) {
  const trainer = readText(join(dir, 'journal.jsonl'))
    .split('\n')
    .findLast((line) => line.includes('"kind":"trainer"'));
  try {
    if (trainer) process.kill(JSON.parse(trainer).process.pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

function readRun(dir) {
  const path = join(dir, 'journal.jsonl');
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
  const records = lines.map((line) => JSON.parse(line));
  const checkpoints = records
    .filter((record) => record.kind === 'checkpoint')
    .map((record) => record.checkpoint);
  const resultPath = join(dir, 'result.json');
  return {
    records,
    checkpoints,
    result: existsSync(resultPath) ? JSON.parse(readFileSync(resultPath, 'utf8')) : undefined,
  };
}

/** What must be the same. */
function essence({ steps, schedule, stages }) {
  const { lost: _, ...counted } = steps;
  return JSON.stringify({ steps: counted, schedule, stages });
}

/** The content of all files in a run's folder of checkpoints, by step. */
function digestsOf(dir) {
  const folder = join(dir, 'checkpoints');
  const files = existsSync(folder)
    ? readdirSync(folder).filter((name) => !name.endsWith('.tmp'))
    : [];
  const paths = files.map((name) => join(folder, name));
  const { stdout, stderr, status } = spawnSync(PYTHON, [DIGEST, ...paths], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`a checkpoint cannot be read: ${stderr}`);
  const digests = stdout.trim().split('\n');
  return files.map((name, i) => [Number(/step-(\d+)/.exec(name)?.[1]), digests[i]]);
}

async function createReference(command) {
  const dir = join(home, `reference-${runs++}`);
  const end = await runCli(
    ['run', '--run-dir', dir, '--checkpoint-steps', '1', ...FLAGS, '--', ...command],
    { env: { NODE_OPTIONS: `--import ${INJECT}`, AUTOLRS_KEEP: '1' } },
  );
  const { checkpoints, result } = readRun(dir);
  if (end.code !== 0) throw new Error(`the undisturbed run failed: ${end.said}`);
  return {
    essence: essence(result),
    sums: new Map(checkpoints.map(({ step, sha256 }) => [step, sha256])),
    digests: command === DROPOUT ? new Map(digestsOf(dir)) : undefined,
  };
}

/** How often a fault could fire in an undisturbed run: its number of records, requests or writes. */
async function countMoments(command, count) {
  const dir = join(home, `count-${runs++}`);
  await runCli(
    ['run', '--run-dir', dir, '--checkpoint-steps', '8', ...FLAGS, '--', ...command],
    {},
  );
  return count(readRun(dir).records);
}

/** Disturbs one run, resumes it until it ends, and says what is wrong with it; undefined if nothing is. */
async function disturb(command, reference, { fault, signal, after }) {
  const dir = join(home, `run-${runs++}`);
  const fired = `${dir}.fired`;
  const injected = fault
    ? {
        NODE_OPTIONS: `--import ${INJECT}`,
        PYTHONPATH: INJECT_PYTHON,
        AUTOLRS_FAULT: fault,
        AUTOLRS_FAULT_FIRED: fired,
      }
    : {};
  const care = ['--checkpoint-steps', '8', '--quiet'];
  let end = await runCli(['run', '--run-dir', dir, ...care, ...FLAGS, '--', ...command], {
    env: injected,
    signal,
    after,
    dir,
  });
  const first = end;
  const strayBefore = reference.digests && strayOf(dir, reference);
  for (let resumes = 0; end.code !== 0 && resumes < MOST_RESUMES; resumes++) {
    // Without a whole first record there is no run yet: the user does as he is told, and starts it again.
    const journal = join(dir, 'journal.jsonl');
    const hasBegun = readText(journal).includes('\n');
    if (!hasBegun) rmSync(journal, { force: true });
    const args = hasBegun
      ? ['resume', ...care, dir]
      : ['run', '--run-dir', dir, ...care, ...FLAGS, '--', ...command];
    end = await runCli(args, {});
  }
  const didFire = fault === undefined || existsSync(fired);
  const wrongAtEnd =
    end.code === 0 ? faultsOf(dir, reference) : `it ended with ${end.code ?? end.by}: ${end.said}`;
  const saysBug = /bug of ours|\n\s+at /.test(first.said) ? `it said: ${first.said}` : undefined;
  rmSync(dir, { recursive: true, force: true });
  return { didFire, wrong: strayBefore ?? wrongAtEnd ?? saysBug };
}

function readText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function faultsOf(dir, reference) {
  const { checkpoints, result } = readRun(dir);
  if (result === undefined) return 'it left no result';
  const files = readdirSync(join(dir, 'checkpoints'));
  const kept = checkpoints.map(({ file }) => file);
  const litter = files.find((name) => !kept.includes(name));
  if (litter) return `it left ${litter}, which is no checkpoint of the run`;
  if (files.length > 2) return `it left ${files.length} checkpoints`;
  if (essence(result) !== reference.essence) return `its result differs: ${essence(result)}`;
  if (reference.digests) {
    const stray = strayOf(dir, reference);
    if (stray) return stray;
  } else {
    const stray = checkpoints.find(({ step, sha256 }) => reference.sums.get(step) !== sha256);
    if (stray) return `its ${stray.file} is not the reference's state at step ${stray.step}`;
  }
  if (checkpoints.at(-1)?.step !== 60) return 'its last checkpoint is not the whole run';
  return undefined;
}

function strayOf(dir, { digests }) {
  const stray = digestsOf(dir).find(([step, digest]) => digests.get(step) !== digest);
  return stray && `a file of step ${stray[0]} does not hold the reference's state at that step`;
}

/** A small generator, so that a printed seed repeats a sample. */
function createRandom(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const failures = [];

/** Tells at once: the rest takes minutes. */
function fail(what) {
  failures.push(what);
  console.log(`FAILED ${what}`);
}

/** Tries all cases, as many at a time as there are cores. */
async function tryAll(title, command, reference, cases) {
  const startedAt = performance.now();
  const queue = [...cases];
  let fired = 0;
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { didFire, wrong } = await disturb(command, reference, next);
      if (didFire) fired++;
      if (!wrong) continue;
      const moment = next.fault ?? `${next.signal} after ${next.after} ms`;
      fail(`${title}, ${moment}: ${wrong}`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  const losses = failures.filter((failure) => failure.startsWith(`${title},`)).length;
  console.log(
    `${title.padEnd(52)} ${String(fired).padStart(4)} points, ${losses} losses (${seconds} s)`,
  );
  if (fired === 0) fail(`${title}: nothing was tried`);
}

function upTo(count, fault) {
  const every = Number(values.every);
  return Array.from({ length: Math.ceil(count / every) }, (_, i) => ({
    fault: `${fault} ${i * every + 1}`,
  }));
}

console.log(`seed ${values.seed}`);
const random = createRandom(Number(values.seed));
const reference = await createReference(DIGITS);
const records = await countMoments(DIGITS, (all) => all.length);
const requests = await countMoments(
  DIGITS,
  (all) =>
    2 + all.filter(({ kind }) => ['command', 'slice', 'checkpoint-begun'].includes(kind)).length,
);
await tryAll(
  'JavaScript: kill -9 of the tuner at every record',
  DIGITS,
  reference,
  upTo(records, 'tuner kill-at-record'),
);
await tryAll(
  'JavaScript: kill -9 of the tuner in every record',
  DIGITS,
  reference,
  upTo(records, 'tuner kill-in-record'),
);
await tryAll(
  'JavaScript: kill -9 of the trainer at every request',
  DIGITS,
  reference,
  upTo(requests, 'trainer kill-at-request'),
);
await tryAll(
  'JavaScript: kill -9 of the trainer in every reply',
  DIGITS,
  reference,
  upTo(requests, 'trainer kill-in-reply'),
);
// Every record is a write; beside those there are the lock, fsyncs, folders and results.
await tryAll(
  'JavaScript: disk full at every write of the tuner',
  DIGITS,
  reference,
  upTo(records + 60, 'tuner disk-full'),
);
await tryAll(
  'JavaScript: disk full at every write of the trainer',
  DIGITS,
  reference,
  upTo(60, 'trainer disk-full'),
);
await tryAll('JavaScript: each sync takes 200 ms longer', DIGITS, reference, [
  { fault: 'tuner slow-disk 200' },
  { fault: 'trainer slow-disk 200' },
]);
const interrupts = (count, most) =>
  Array.from({ length: count }, () => ({
    signal: 'SIGINT',
    after: 200 + Math.floor(random() * most),
  }));
await tryAll(
  'JavaScript: SIGINT at random moments',
  DIGITS,
  reference,
  interrupts(Math.ceil(30 / Number(values.every)), 800),
);

const hasTorch = spawnSync(PYTHON, ['-c', 'import torch']).status === 0;
if (hasTorch) {
  const count = Number(values.pytorch);
  const torch = await createReference(DROPOUT);
  const sample = (most, fault) =>
    Array.from({ length: count }, () => ({ fault: `${fault} ${1 + Math.floor(random() * most)}` }));
  const parts = [
    ['kill -9 of the tuner at sampled records', records, 'tuner kill-at-record'],
    ['disk full at sampled writes of the tuner', records, 'tuner disk-full'],
    ['kill -9 of the trainer at sampled requests', requests, 'trainer kill-at-request'],
    ['kill -9 of the trainer in sampled replies', requests, 'trainer kill-in-reply'],
    ['disk full at sampled writes of the trainer', TORCH_WRITES, 'trainer disk-full'],
  ];
  for (const [title, most, fault] of parts) {
    await tryAll(`PyTorch: ${title}`, DROPOUT, torch, sample(most, fault));
  }
  await tryAll('PyTorch: SIGINT at random moments', DROPOUT, torch, interrupts(count, 5000));
  const kills = Array.from({ length: count }, () => ({
    signal: 'SIGKILL',
    after: 1000 + Math.floor(random() * 5000),
  }));
  await tryAll('PyTorch: kill -9 of the tuner at random moments', DROPOUT, torch, kills);
  const trainerKills = kills.map(({ after }) => ({ signal: 'TRAINER', after: after + 1000 }));
  await tryAll('PyTorch: kill -9 of the trainer at random moments', DROPOUT, torch, trainerKills);
} else {
  console.log(`skipped: PyTorch (${PYTHON} has no torch)`);
  if (process.env.AUTOLRS_REQUIRE_FRAMEWORKS === '1') fail('PyTorch is required and missing');
}

rmSync(home, { recursive: true, force: true });
console.log(`${failures.length === 0 ? 'nothing was lost' : `${failures.length} losses`}`);
process.exitCode = failures.length === 0 ? 0 : 1;
