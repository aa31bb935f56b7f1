/** `--strategy ./mine.js`: a strategy of the user's, run, killed and resumed. */

import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixture, ROOT, runCli, temporaryDirectory } from '../support/cli.js';
import { readRun } from '../support/read-run.js';

const DIGITS = [process.execPath, join(ROOT, 'examples', 'demo', 'digits.js')];
const EXAMPLE = join(ROOT, 'examples', 'library', 'three-probes.js');

/** A folder with a strategy in it. */
function project(source = readFileSync(EXAMPLE, 'utf8')) {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, 'package.json'), '{"type":"module"}');
  writeFileSync(join(cwd, 'mine.js'), source);
  return { cwd, dir: join(cwd, 'run'), file: join(cwd, 'mine.js') };
}

function run(cwd: string, { cue, flags = [] }: { cue?: string; flags?: string[] } = {}) {
  let isSent = false;
  const words = ['run', '--strategy', './mine.js', '--steps', '200', '--checkpoint-steps', '25'];
  return runCli([...words, '--run-dir', 'run', ...flags, '--', ...DIGITS], {
    cwd,
    onStderr(text, kill) {
      if (isSent || cue === undefined || !text.includes(cue)) return;
      isSent = true;
      kill('SIGKILL');
    },
  });
}

describe('a strategy of one’s own', () => {
  it('trains, is named, and is killed and resumed to the same end', async () => {
    const undisturbed = project();
    const { code, stderr } = await run(undisturbed.cwd);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(`(strategy ${undisturbed.file}, seed 0)`);
    expect(readRun(undisturbed.dir).result).toMatchObject({
      strategy: 'own',
      steps: { committed: 200, search: 15 },
    });
    const report = await runCli(['report', '--json', undisturbed.dir]);
    expect(JSON.parse(report.stdout).runs[0].origin.reproduce).toContain(
      `--strategy ${undisturbed.file}`,
    );
    const killed = project();
    expect((await run(killed.cwd, { cue: 'stage 1 commit' })).code).toBeNull();
    // Another text, and the same strategy.
    writeFileSync(killed.file, `${readFileSync(killed.file, 'utf8')}\n// a remark\n`);
    const resumed = await runCli(['resume', 'run'], { cwd: killed.cwd });
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stderr).toContain('mine.js has changed since the run began');
    expect(readRun(killed.dir).essence).toEqual(readRun(undisturbed.dir).essence);
    const again = await run(killed.cwd, { flags: ['--or-resume'] });
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('the run is over')]);
  });

  it('goes by a metric, in its result and in compare, and ends at its target', async () => {
    const source = `export function* strategy(options, facts, { evaluate, train }) {
      for (let part = 0; part < 6; part++) {
        yield* train({ purpose: 'commit', steps: 50, lr: 0.1 });
        yield* evaluate(options);
      }
    }`;
    const { cwd, dir } = project(source);
    const by = ['--metric', 'accuracy', '--maximize'];
    const words = ['--strategy', './mine.js', ...by, '--', ...fixture('overfits.mjs')];
    const whole = await runCli(['run', '--run-dir', 'run', ...words], { cwd });
    expect(whole.code, whole.stderr).toBe(0);
    const { metric } = JSON.parse(readFileSync(join(dir, 'result.json'), 'utf8'));
    expect(metric).toMatchObject({ name: 'accuracy', step: 300, best: metric.value });
    const target = ['run', '--run-dir', 'short', '--target', '0.44', ...words];
    const short = await runCli(target, { cwd });
    expect(short.code, short.stderr).toBe(0);
    expect(short.stderr).toContain('the target is reached');
    const compared = await runCli(['compare', '--json', 'run', 'short'], { cwd });
    expect(JSON.parse(compared.stdout)).toMatchObject({
      loss: 'metric',
      metric: { name: 'accuracy' },
    });
    const other = [
      'run',
      '--run-dir',
      'other',
      '--strategy',
      './mine.js',
      '--metric',
      'top',
      '--no-maximize',
    ];
    const refused = await runCli([...other, '--', ...fixture('overfits.mjs')], { cwd });
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining('a loss and "accuracy", "wer"'),
    ]);
  });

  it('goes on from its target where it is extended, as one of ours', async () => {
    const source = `export function* strategy({ steps }, facts, { finish, train, validate }) {
      for (let done = 0; steps !== undefined; ) {
        for (; done < steps; done += 25) {
          yield* train({ purpose: 'commit', steps: 25, lr: 0.1 });
          yield* validate('commit');
        }
        steps = (yield* finish('budget', { diverged: [] }))?.steps;
      }
    }`;
    const { cwd, dir } = project(source);
    const first = await run(cwd, { flags: ['--target-loss', '1000'] });
    expect(first.code, first.stderr).toBe(0);
    const over = await runCli(['resume', 'run'], { cwd });
    expect([over.code, over.stderr]).toEqual([
      0,
      expect.stringContaining('the run is over (finished: the target is reached); give --steps'),
    ]);
    const extended = await runCli(['resume', '--steps', '300', 'run'], { cwd });
    expect(extended.code, extended.stderr).toBe(0);
    const { result, records } = readRun(dir);
    expect([result.status, result.steps.committed]).toEqual(['finished', 300]);
    const decisions = records.flatMap(({ decision }) => decision ?? []);
    expect(decisions.map(({ reason }) => reason)).toEqual(['target', 'budget']);
    const further = await runCli(['resume', '--steps', '400', 'run'], { cwd });
    expect(further.code, further.stderr).toBe(0);
    expect(readRun(dir).result.steps.committed).toBe(400);
  });

  it('does not go on as another, nor without its file', async () => {
    const { cwd, file } = project();
    expect((await run(cwd, { cue: 'stage 1 commit' })).code).toBeNull();
    const source = readFileSync(file, 'utf8');
    writeFileSync(file, source.replace('total / 50', 'total / 20'));
    const other = await runCli(['resume', 'run'], { cwd });
    expect([other.code, other.stderr]).toEqual([
      5,
      expect.stringContaining('the journal does not fit'),
    ]);
    writeFileSync(file, source);
    copyFileSync(file, join(cwd, 'other.js'));
    const renamed = await run(cwd, { flags: ['--or-resume', '--strategy', './other.js'] });
    expect([renamed.code, renamed.stderr]).toEqual([
      2,
      expect.stringContaining('was begun with another --strategy'),
    ]);
    rmSync(file);
    const gone = await runCli(['resume', 'run'], { cwd });
    expect([gone.code, gone.stderr]).toEqual([
      2,
      expect.stringContaining('mine.js cannot be read'),
    ]);
  });

  it.each([
    ['export const nothing = 1;', 'exports no generator'],
    ['this is no JavaScript', 'cannot be loaded: SyntaxError'],
    ['export function* strategy() { yield 3; }', 'yields 3: a turn is an object'],
    ['export function* strategy() { no.such(); }', 'has failed: ReferenceError: no is not defined'],
  ])('that is %j ends with one sentence', async (source, sentence) => {
    const { cwd } = project(source);
    const { code, stderr } = await run(cwd);
    expect([code, stderr]).toEqual([2, expect.stringContaining(sentence)]);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('is found from the folder of a file with settings', async () => {
    const { cwd, file } = project();
    writeFileSync(join(cwd, 'autolrs.toml'), 'strategy = "./mine.js"\n');
    const { stdout } = await runCli(['config', '--json'], { cwd, env: { AUTOLRS_STRATEGY: '' } });
    const settings: { key: string; value: unknown }[] = JSON.parse(stdout).settings;
    expect(settings.find(({ key }) => key === 'strategy')?.value).toBe(file);
  });
});
