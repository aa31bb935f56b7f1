/** `autolrs compare` on real runs of the digits: tuned, interrupted and resumed, still running, and a user's own log. */

import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture, ROOT, runCli, temporaryDirectory } from '../support/cli.js';

const DIGITS = [process.execPath, join(ROOT, 'examples', 'demo', 'digits.js')];
const FLAGS = '--steps 400 --tau 100 --candidates 3 --min-lr 1e-3 --max-lr 1'.split(' ');

async function train(dir: string, ...flags: string[]): Promise<void> {
  const args = ['run', '--quiet', '--run-dir', dir, ...FLAGS, ...flags, '--', ...DIGITS];
  const { code, stderr } = await runCli(args);
  expect(code, stderr).toBe(0);
}

async function compareAsJson(...args: string[]) {
  const { code, stdout, stderr } = await runCli(['compare', '--json', ...args]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

interface JournalLine {
  readonly kind: string;
  readonly decision?: { readonly kind: string };
}

function readJournal(dir: string) {
  const lines = readFileSync(join(dir, 'journal.jsonl'), 'utf8').trimEnd().split('\n');
  return { lines, records: lines.map((line): JournalLine => JSON.parse(line)) };
}

/** A run directory with another run's journal up to a record. */
function cutJournal(dir: string, isLast: (record: JournalLine) => boolean): string {
  const { lines, records } = readJournal(dir);
  const last = records.findIndex(isLast);
  expect(last).toBeGreaterThan(0);
  const cut = join(temporaryDirectory(), 'cut');
  mkdirSync(cut);
  writeFileSync(join(cut, 'journal.jsonl'), `${lines.slice(0, last + 1).join('\n')}\n`);
  return cut;
}

describe('autolrs compare', () => {
  // Made once: the tests only read them.
  let home = '';
  let tuned = '';
  let other = '';
  const baseline = () => {
    const path = join(temporaryDirectory(), 'baseline.csv');
    const rows = Array.from({ length: 600 }, (_, i) => `${i + 1},${2.3 - i / 400}`);
    writeFileSync(path, `step,loss\n${rows.join('\n')}\n`);
    return path;
  };

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'autolrs-test-'));
    tuned = join(home, 'tuned');
    other = join(home, 'other');
    await train(tuned);
    await train(other, '--seed', '5', '--max-lr', '0.01');
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  it('compares two runs by their validation losses, at the steps that `show` counts', async () => {
    const document = await compareAsJson(tuned, other);
    expect(document).toMatchObject({ version: 1, loss: 'validation', window: null, reference: 0 });
    for (const [i, dir] of [tuned, other].entries()) {
      const shown = JSON.parse((await runCli(['show', '--json', dir])).stdout);
      expect(document.runs[i]).toMatchObject({
        path: dir,
        kind: 'run',
        status: 'finished',
        steps: shown.steps,
        seconds: shown.seconds.total,
        searchShare: shown.steps.search / shown.steps.total,
        final: {
          loss: shown.loss.validation,
          total: shown.steps.total,
          committed: 400,
        },
      });
    }
    expect(document.targets[2].reached[0]).toMatchObject({ total: document.runs[0].steps.total });
  });

  it('compares a run with a baseline of the user’s own by smoothed training losses', async () => {
    const document = await compareAsJson(baseline(), tuned, '--target', '1.5');
    expect(document).toMatchObject({
      loss: 'training',
      window: 20,
      runs: [
        { kind: 'file', status: null, seconds: null, searchShare: 0, versus: null },
        { kind: 'run' },
      ],
    });
    // 2.3 - i / 400, the mean of i from 580 to 599
    expect(document.runs[0].final.loss).toBeCloseTo(2.3 - 589.5 / 400, 9);
    const [own, its] = document.targets[3].reached;
    // the mean of i - 19 to i is 1.5 or less from i - 9.5 = 320 on, which is step 331
    expect(own).toEqual({ total: 331, committed: 331, speedup: null });
    expect(its.speedup.total).toBeCloseTo(331 / its.total, 12);
    expect(its.total).toBeGreaterThan(its.committed);
  });

  it('finds no difference between a run and itself', async () => {
    const { runs } = await compareAsJson(tuned, tuned);
    expect(runs[1].versus).toMatchObject({ verdict: 'no-clear-difference', speed: 'same' });
  });

  it('reads a run that was killed and resumed as the run that it became', async () => {
    const dir = join(temporaryDirectory(), 'run');
    let isSent = false;
    const args = ['run', '--run-dir', dir, ...FLAGS, '--checkpoint-steps', '25', '--', ...DIGITS];
    await runCli(args, {
      onStderr(text, kill) {
        if (isSent || !text.includes('stage 1 probe 2')) return;
        isSent = true;
        kill('SIGKILL');
      },
    });
    expect((await compareAsJson(tuned, dir)).runs[1].status).toBe('unfinished');
    expect((await runCli(['resume', '--quiet', dir])).code).toBe(0);
    const { runs, targets } = await compareAsJson(tuned, dir, '--loss', 'training');
    expect(runs[1].final).toEqual(runs[0].final);
    expect(runs[1].versus).toMatchObject({ verdict: 'no-clear-difference' });
    for (const { reached } of targets) expect(reached[1]?.total).toBe(reached[0]?.total);
    await runCli(['resume', '--quiet', dir, '--steps', '500']);
    const longer = await compareAsJson(tuned, dir, '--loss', 'training');
    expect(longer.runs[1].steps.committed).toBe(500);
    expect(longer.runs[1].final.committed).toBe(500);
  });

  it('reads a run that still goes on, in the middle of a line that is being written', async () => {
    const cut = cutJournal(tuned, ({ decision }) => decision?.kind === 'stage-ended');
    appendFileSync(join(cut, 'journal.jsonl'), '{"seq":');
    const { code, stdout, stderr } = await runCli(['compare', '--json', tuned, cut]);
    expect(code).toBe(0);
    expect(stderr).toContain('the journal ends in the middle of a line, which was left out');
    const [whole, part] = JSON.parse(stdout).runs;
    expect(part.status).toBe('unfinished');
    expect(part.steps.total).toBeLessThan(whole.steps.total);
    // It is the same run: up to where it got, there is nothing between them.
    expect(part.versus).toMatchObject({
      verdict: 'no-clear-difference',
      speed: 'not-yet',
      atEqualSteps: { total: part.steps.total, standing: 'even' },
    });
  });

  it('says it in text of 80 columns on stdout, without colour, by the same figures', async () => {
    const { code, stdout, stderr } = await runCli(['compare', baseline(), tuned]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^A {2}baseline.csv \(the reference\)\nB {2}tuned \(finished: /);
    expect(stdout).toContain('training losses, running mean over 20 committed steps');
    expect(stdout).toMatch(/\nB {2}tuned: (worth it here|not worth it here|no clear|better in)/);
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(stdout).not.toContain(String.fromCharCode(27));
  });

  it('takes --baseline for the reference, named among the runs or beside them', async () => {
    const own = baseline();
    expect((await compareAsJson(tuned, own, '--baseline', own)).reference).toBe(1);
    const beside = await compareAsJson('--baseline', own, tuned);
    expect(beside.reference).toBe(0);
    expect(beside.runs.map((run: { path: string }) => run.path)).toEqual([own, tuned]);
  });

  it('refuses what it cannot compare in one sentence, with 2 for a bad file and 5 for a bad run', async () => {
    const dir = temporaryDirectory();
    const bad = join(dir, 'bad.csv');
    writeFileSync(bad, 'step,loss\n1,two\n');
    const unsorted = join(dir, 'unsorted.csv');
    writeFileSync(unsorted, 'step,loss\n2,1\n1,2\n');
    const empty = join(dir, 'empty');
    mkdirSync(empty);
    const torn = join(dir, 'torn');
    mkdirSync(torn);
    copyFileSync(bad, join(torn, 'journal.jsonl'));
    const unborn = cutJournal(tuned, (record) => record.kind === 'trainer');
    const cases: readonly (readonly [args: string[], code: number, sentence: RegExp])[] = [
      [[], 2, /^error: missing required argument 'run'/],
      [
        [tuned],
        2,
        /^autolrs: only ".*tuned" was given; give two runs or more, the baseline first$/m,
      ],
      [[tuned, join(dir, 'gone')], 2, /gone" cannot be read: there is no such file or directory; /],
      [[tuned, '/dev/zero'], 2, /"\/dev\/zero" is a device; give a run directory, or a CSV/],
      [[tuned, bad], 2, /^autolrs: line 2 of ".*bad.csv" has the loss "two", which is not a num/],
      [[tuned, unsorted], 2, /^autolrs: line 3 of .* has a loss of step 1 after one of step 2/],
      [[tuned, other, '--target', 'low'], 2, /^autolrs: --target is "low", which is not a number/],
      [[tuned, other, '--loss', 'both'], 2, /^autolrs: --loss is "both"; give one of/],
      [[baseline(), tuned, '--loss', 'validation'], 2, /has no validation losses/],
      [[tuned, empty], 5, /^autolrs: ".*empty" holds no journal.jsonl; give the directory/],
      [[tuned, torn], 5, /^autolrs: line 1 of ".*" is torn or was altered/],
      [[tuned, unborn], 5, /^autolrs: the run in ".*" has no committed step, so there is nothing/],
    ];
    for (const [args, code, sentence] of cases) {
      const end = await runCli(['compare', ...args]);
      expect(end, args.join(' ')).toMatchObject({ code, stdout: '' });
      expect(end.stderr).toMatch(sentence);
      expect(end.stderr).not.toMatch(/^ +at /m);
    }
    const asJson = await runCli(['compare', '--json', tuned, bad]);
    expect(JSON.parse(asJson.stdout)).toMatchObject({ error: { code: 'USAGE', exitCode: 2 } });
  });

  it('reads a trainer that cannot validate by its training losses', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const args = ['run', '--quiet', '--run-dir', dir, '--steps', '50', '--validation', 'never'];
    await runCli([...args, '--min-lr', '1e-3', '--max-lr', '1', '--', ...fixture('trains.mjs')]);
    expect((await compareAsJson(tuned, dir)).loss).toBe('training');
  });
});
