// @ts-check
/**
 * `npm run test:faults`: real processes, killed, starved and cut off at every moment; after `autolrs resume`, all must be
 * as if nothing had happened. Prints what was tried; fails if a single run ends otherwise.
 *
 * The reference is a run with a checkpoint at every step. A disturbed run may differ in nothing that counts: its
 * schedule and steps are the reference's, and each of its checkpoints holds the reference's state at that step. So the
 * last one has the same weights, and none has a probe's. JavaScript's are compared byte for byte; PyTorch packs the same
 * content in more than one way, so there a digest of the content is taken, of all files that lie there after the fault
 * and at the end.
 *
 * `--every N` tries every N-th moment alone, `--pytorch N` draws N a kind, `--states N` draws N kinds of state, all with
 * `--seed`: a sample for CI. `--only TEXT` tries the kinds whose title has it.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PYTHON, readText, runCommand } from './command.js';
import { faultOf, readReference, readRun, strayOf } from './verify.js';

const ROOT = join(import.meta.dirname, '..', '..');
const INJECT = new URL('inject.mjs', import.meta.url).href;
const INJECT_PYTHON = join(import.meta.dirname, 'python');
/** One fault, so one resume is enough; a few more find a run that never ends. */
const MOST_RESUMES = 3;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    every: { type: 'string', default: '1' },
    pytorch: { type: 'string', default: '5' },
    states: { type: 'string', default: String(Number.MAX_SAFE_INTEGER) },
    only: { type: 'string', default: '' },
  },
});

/** torch.save writes a file in some forty pieces. */
const TORCH_WRITES = 700;

const PAPER =
  '--strategy paper --steps 60 --tau 24 --tau-max 48 --candidates 2 --warmup-steps 6 --min-lr 1e-3 --max-lr 1';
/** Searched in a process of its own, and trained in another. Without validation nothing is rolled back: a step has one state. */
const APART =
  '--strategy horizon --search apart --steps 400 --min-lr 1e-3 --max-lr 1 --validation never';
const DIGITS = [process.execPath, join(ROOT, 'examples', 'demo', 'digits.js')];
const FIXTURES = join(ROOT, 'test', 'fixtures', 'pytorch');
const DROPOUT = [PYTHON, join(FIXTURES, 'dropout.py')];

/** A script under a strategy: what is disturbed. */
function subjectOf(command, flags = PAPER, checkpointSteps = 8) {
  return { command, flags: flags.split(' '), checkpointSteps: String(checkpointSteps) };
}

const DEMO = subjectOf(DIGITS);
const DEMO_APART = subjectOf(DIGITS, APART, 50);
const NET = subjectOf(DROPOUT);
const STATES = [
  'adam',
  'bfloat16',
  'numbers',
  'in-place',
  'generator',
  'average',
  'two',
  'accumulated',
];

const home = mkdtempSync(join(tmpdir(), 'autolrs-faults-'));
let runs = 0;

async function createReference({ command, flags }) {
  const dir = join(home, `reference-${runs++}`);
  const end = await runCommand(
    ['run', '--run-dir', dir, '--checkpoint-steps', '1', ...flags, '--', ...command],
    { env: { NODE_OPTIONS: `--import ${INJECT}`, AUTOLRS_KEEP: '1' } },
  );
  if (end.code !== 0) throw new Error(`the undisturbed run failed: ${end.said}`);
  return readReference(dir, command !== DIGITS);
}

/** How often a fault could fire in an undisturbed run: its number of records, requests or writes. */
async function countMoments({ command, flags, checkpointSteps }, count) {
  const dir = join(home, `count-${runs++}`);
  await runCommand(
    ['run', '--run-dir', dir, '--checkpoint-steps', checkpointSteps, ...flags, '--', ...command],
    {},
  );
  return count(readRun(dir).records);
}

/**
 * Disturbs one run, resumes it until it ends, and says what is wrong with it; undefined if nothing is.
 *
 * `ends` are the exit codes with which the disturbed run itself may end; all of them, if it is left out.
 */
async function disturb(subject, reference, { fault, isVisited, ends, ...how }) {
  const dir = join(home, `run-${runs++}`);
  const fired = `${dir}.fired`;
  const env = fault
    ? {
        NODE_OPTIONS: `--import ${INJECT}`,
        PYTHONPATH: INJECT_PYTHON,
        AUTOLRS_FAULT: fault,
        AUTOLRS_FAULT_FIRED: fired,
      }
    : {};
  // A display that nobody sees is a display all the same where it lies on a terminal or a full disk.
  const display = how.terminal || how.isFull ? [] : ['--quiet'];
  const { command, flags, checkpointSteps } = subject;
  const care = ['--checkpoint-steps', checkpointSteps];
  let visited;
  const visit =
    isVisited &&
    (async () => {
      visited = await runCommand(['resume', '--quiet', dir], { isContainer: true });
    });
  const start = ['run', '--run-dir', dir, ...care, ...flags, '--', ...command];
  let end = await runCommand([...start.slice(0, 1), ...display, ...start.slice(1)], {
    env,
    dir,
    visit,
    ...how,
  });
  const first = end;
  const didBegin = readText(join(dir, 'journal.jsonl')).includes('\n');
  const strayBefore = strayOf(dir, reference);
  for (let resumes = 0; end.code !== 0 && resumes < MOST_RESUMES; resumes++) {
    // Without a whole first record there is no run yet: the user does as he is told, and starts it again.
    const journal = join(dir, 'journal.jsonl');
    const hasBegun = readText(journal).includes('\n');
    if (!hasBegun) rmSync(journal, { force: true });
    end = await runCommand(hasBegun ? ['resume', '--quiet', ...care, dir] : start, {});
  }
  const didFire = fault === undefined || existsSync(fired);
  const wrong = [
    strayBefore,
    end.code === 0 ? faultOf(dir, reference) : `it ended with ${end.code ?? end.by}: ${end.said}`,
    /bug in autolrs|\n\s+at /.test(first.said) ? `it said: ${first.said}` : undefined,
    // A signal that comes before there is a run may end the command as it ends any other.
    didBegin && ends && !ends.includes(first.code ?? first.by)
      ? `it ended with ${first.code ?? first.by}`
      : undefined,
    visited && ![0, 5].includes(visited.code)
      ? `the visitor ended with ${visited.code}`
      : undefined,
  ].find(Boolean);
  rmSync(dir, { recursive: true, force: true });
  return { didFire, wrong };
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
async function tryAll(title, subject, reference, cases) {
  if (!title.includes(values.only)) return;
  const startedAt = performance.now();
  const expected = await reference().catch((error) => fail(`${title}: ${error.message}`));
  if (expected === undefined) return;
  const queue = [...cases];
  let fired = 0;
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { didFire, wrong } = await disturb(subject, expected, next);
      if (didFire) fired++;
      if (!wrong) continue;
      fail(`${title}, ${momentOf(next)}: ${wrong}`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  const losses = failures.filter((failure) => failure.startsWith(`${title},`)).length;
  console.log(
    `${title.padEnd(62)} ${String(fired).padStart(4)} points, ${losses} losses (${seconds} s)`,
  );
  if (fired === 0) fail(`${title}: nothing was tried`);
}

/** At most `count` of `all`. */
function drawn(all, count) {
  const left = [...all];
  while (left.length > count) left.splice(Math.floor(random() * left.length), 1);
  return left;
}

function momentOf({ fault, record, after = 0 }) {
  return fault ?? (record === undefined ? `after ${after} ms` : `at record ${record}`);
}

/** Made when it is first needed, and once. */
function lazily(make) {
  let made;
  return () => {
    made ??= make();
    return made;
  };
}

const every = Number(values.every);

function upTo(count, fault) {
  return Array.from({ length: Math.ceil(count / every) }, (_, i) => ({
    fault: `${fault} ${i * every + 1}`,
  }));
}

console.log(`seed ${values.seed}`);
const random = createRandom(Number(values.seed));
const reference = lazily(() => createReference(DEMO));
const requestsIn = (all) =>
  2 + all.filter(({ kind }) => ['command', 'slice', 'checkpoint-begun'].includes(kind)).length;
const records = await countMoments(DEMO, (all) => all.length);
const requests = await countMoments(DEMO, requestsIn);

/** `count` strikes at random moments of a run. */
const atRandom = (count, least, most, how) =>
  Array.from({ length: count }, () => ({ ...how, after: least + Math.floor(random() * most) }));
/** As many as `--every` leaves of thirty. */
const some = Math.ceil(30 / every);

const javascript = [
  ['kill -9 of the tuner at every record', upTo(records, 'tuner kill-at-record')],
  ['kill -9 of the tuner in every record', upTo(records, 'tuner kill-in-record')],
  ['kill -9 of the trainer at every request', upTo(requests, 'trainer kill-at-request')],
  ['kill -9 of the trainer in every reply', upTo(requests, 'trainer kill-in-reply')],
  // Every record is a write; beside those there are the lock, fsyncs, folders and results.
  ['disk full at every write of the tuner', upTo(records + 60, 'tuner disk-full')],
  ['disk full at every write of the trainer', upTo(60, 'trainer disk-full')],
  [
    'each sync takes 200 ms longer',
    [{ fault: 'tuner slow-disk 200' }, { fault: 'trainer slow-disk 200' }],
  ],
];
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2']) {
  const strike = { signal, to: ['tuner'] };
  javascript.push([
    `${signal} at random moments`,
    atRandom(some, 300, 800, { strike, ends: [0, 130] }),
  ]);
}
for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL']) {
  const strike = { signal, to: ['trainer', 'tuner'] };
  javascript.push([`${signal} to the whole step`, atRandom(some, 300, 800, { strike })]);
}
/** Each happens to the terminal at a record of the journal. */
const TERMINALS = {
  closed: { title: 'the terminal is closed', ends: [0, 130] },
  twice: { title: 'the terminal is closed, and a shell says so too', ends: [0, 130] },
  halted: { title: 'the terminal is halted, then SIGTERM', ends: [0, 130] },
  disowned: { title: 'the terminal is gone, and nobody says so', ends: [0] },
  nohup: { title: 'the terminal is closed, under nohup', ends: [0] },
};
for (const [terminal, { title, ends }] of Object.entries(TERMINALS)) {
  const cases = Array.from({ length: some }, () => ({
    terminal,
    record: 2 + Math.floor(random() * (records - 4)),
    ends,
  }));
  javascript.push([title, cases]);
}
javascript.push(['stdout and stderr on a full disk', [{ isFull: true, ends: [0] }]]);
if (spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0) {
  javascript.push([
    'a tuner in another container',
    atRandom(some, 300, 600, { isVisited: true, ends: [0] }),
  ]);
} else {
  console.log('skipped: containers (no right to make a namespace)');
}
for (const [title, cases] of javascript) {
  await tryAll(`JavaScript: ${title}`, DEMO, reference, cases);
}

const referenceApart = lazily(() => createReference(DEMO_APART));
const recordsApart = await countMoments(DEMO_APART, (all) => all.length);
const requestsApart = await countMoments(DEMO_APART, requestsIn);
const apart = [
  ['kill -9 of the tuner at every record', upTo(recordsApart, 'tuner kill-at-record')],
  ['kill -9 of the trainer at every request', upTo(requestsApart, 'trainer kill-at-request')],
  ['disk full at every write of the tuner', upTo(recordsApart + 60, 'tuner disk-full')],
  [
    'SIGTERM at random moments',
    atRandom(some, 300, 1500, { strike: { signal: 'SIGTERM', to: ['tuner'] }, ends: [0, 130] }),
  ],
  [
    'SIGKILL to the whole step',
    atRandom(some, 300, 1500, { strike: { signal: 'SIGKILL', to: ['trainer', 'tuner'] } }),
  ],
];
for (const [title, cases] of apart) {
  await tryAll(`JavaScript, searched apart: ${title}`, DEMO_APART, referenceApart, cases);
}

const hasTorch = spawnSync(PYTHON, ['-c', 'import torch']).status === 0;
if (hasTorch) {
  const count = Number(values.pytorch);
  const torch = lazily(() => createReference(NET));
  const sample = (most, fault) =>
    Array.from({ length: count }, () => ({ fault: `${fault} ${1 + Math.floor(random() * most)}` }));
  const strikes = (signal, ...to) => atRandom(count, 1500, 5000, { strike: { signal, to } });
  const pytorch = [
    ['kill -9 of the tuner at sampled records', sample(records, 'tuner kill-at-record')],
    ['disk full at sampled writes of the tuner', sample(records, 'tuner disk-full')],
    ['kill -9 of the trainer at sampled requests', sample(requests, 'trainer kill-at-request')],
    ['kill -9 of the trainer in sampled replies', sample(requests, 'trainer kill-in-reply')],
    ['disk full at sampled writes of the trainer', sample(TORCH_WRITES, 'trainer disk-full')],
    ['SIGINT at random moments', strikes('SIGINT', 'tuner')],
    ['kill -9 of the tuner at random moments', strikes('SIGKILL', 'tuner')],
    ['kill -9 of the trainer at random moments', strikes('SIGKILL', 'trainer')],
    ['SIGTERM to the whole step', strikes('SIGTERM', 'trainer', 'tuner')],
    ['kill -9 of the whole step', strikes('SIGKILL', 'trainer', 'tuner')],
  ];
  for (const [title, cases] of pytorch) await tryAll(`PyTorch: ${title}`, NET, torch, cases);
  for (const state of drawn(STATES, Number(values.states))) {
    const subject = subjectOf([PYTHON, join(FIXTURES, 'states.py'), state]);
    const own = lazily(() => createReference(subject));
    const cases = sample(requests, 'trainer kill-at-request');
    await tryAll(`PyTorch: a new process, state of kind ${state}`, subject, own, cases);
  }
} else {
  console.log(`skipped: PyTorch (${PYTHON} has no torch)`);
  if (process.env.AUTOLRS_REQUIRE_FRAMEWORKS === '1') fail('PyTorch is required and missing');
}

rmSync(home, { recursive: true, force: true });
console.log(`${failures.length === 0 ? 'nothing was lost' : `${failures.length} losses`}`);
process.exitCode = failures.length === 0 ? 0 : 1;
