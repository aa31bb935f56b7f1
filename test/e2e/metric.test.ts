/** `autolrs run --metric` with real processes: a script whose loss and accuracy disagree. */

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixture, runCli, temporaryDirectory } from '../support/cli.js';
import { readRun } from '../support/read-run.js';

const BY_ACCURACY = ['--metric', 'accuracy', '--maximize'];

function newFolder(): string {
  const folder = join(temporaryDirectory(), 'work');
  mkdirSync(folder);
  return folder;
}

/** A run in `run` of a folder of its own. */
function run(
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = newFolder(),
) {
  const args = ['run', '--run-dir', 'run', ...flags, '--', ...fixture('overfits.mjs')];
  const end = runCli(args, { cwd, env: { AUTOLRS_STRATEGY: '', ...env } });
  return end.then((ended) => ({ ...ended, dir: join(cwd, 'run'), cwd }));
}

const resultOf = (dir: string) => JSON.parse(readFileSync(join(dir, 'result.json'), 'utf8'));

describe('autolrs run --metric', () => {
  it('keeps the weights of the best accuracy, where the loss would go back for its rise', async () => {
    const byLoss = await run([]);
    expect(byLoss.code, byLoss.stderr).toBe(0);
    expect(resultOf(byLoss.dir).returned).toBeDefined();
    const { code, stderr, dir } = await run(BY_ACCURACY);
    expect(code, stderr).toBe(0);
    const { metric, returned, steps } = resultOf(dir);
    expect(returned).toBeUndefined();
    expect(steps.committed).toBe(600);
    const value = { value: 0.9, step: 600, best: 0.9, bestStep: 600 };
    expect(metric).toEqual({ name: 'accuracy', maximize: true, ...value });
    expect(stderr).toContain(
      'autolrs: going by accuracy (higher is better, 0.3000 at first); the LR is still chosen by the loss, which is finer\n',
    );
    expect(stderr).toContain(
      'metric      accuracy 0.9000, best 0.9000 at step 600; higher is better',
    );
    const shown = await runCli(['show', dir, '--json']);
    expect(JSON.parse(shown.stdout).metric).toEqual(metric);
    const listed = await runCli(['list', dir]);
    expect(listed.stdout).toMatch(/metric +LR +age/);
    expect(listed.stdout).toContain('accuracy 0.9000');
    const compared = await runCli(['compare', byLoss.dir, dir, ...BY_ACCURACY, '--json']);
    const document = JSON.parse(compared.stdout);
    expect(document).toMatchObject({ loss: 'metric', metric: { name: 'accuracy' } });
    expect(document.runs[1].final.loss).toBeCloseTo(0.9, 12);
  });

  it('ends plainly where the metric only gets worse, with the script’s own weights', async () => {
    const { code, stderr, dir } = await run(BY_ACCURACY, { PEAK: '0' });
    expect(code, stderr).toBe(0);
    const { metric, returned, steps, schedule } = resultOf(dir);
    const value = { value: 0.9, step: 0, best: 0.9, bestStep: 0 };
    expect(metric).toEqual({ name: 'accuracy', maximize: true, ...value });
    expect({ to: returned.to, committed: steps.committed, schedule }).toEqual({
      to: 0,
      committed: 0,
      schedule: [],
    });
    // As often as rollbacks are allowed, and not for ever.
    expect(stderr.match(/accuracy gets worse/g)?.length).toBeLessThanOrEqual(3);
    expect(stderr).toContain(
      "finished: nothing was better than before the first step, so the weights are the script's own; ",
    );
    expect(stderr.replace(/\s+/g, ' ')).toContain(
      'accuracy 0.9000, best 0.9000 at step 0; higher is better; if lower is better after all, give --no-maximize',
    );
  });

  it('goes back to the best accuracy of a run that gets worse, the same after a kill and a resume', async () => {
    const flags = [...BY_ACCURACY, '--checkpoint-steps', '25'];
    const undisturbed = await run(flags, { PEAK: '450' });
    expect(undisturbed.code, undisturbed.stderr).toBe(0);
    const { metric, steps } = resultOf(undisturbed.dir);
    expect(metric.value).toBe(metric.best);
    expect(metric.bestStep).toBe(steps.committed);
    expect(Math.abs(steps.committed - 450)).toBeLessThan(40);
    for (const at of ['100', '470']) {
      const env = { PEAK: '450', STRIKE_AT: at };
      const struck = await run(flags, env);
      expect(struck.code).toBeNull();
      const resumed = await runCli(['resume', 'run'], { cwd: struck.cwd, env });
      expect(resumed.code, resumed.stderr).toBe(0);
      expect(resultOf(struck.dir).metric).toEqual(metric);
      expect(readRun(struck.dir).essence).toEqual(readRun(undisturbed.dir).essence);
    }
  });

  it('ends at a target, and does not go on with another metric', async () => {
    const flags = [...BY_ACCURACY, '--target', '0.5'];
    const { code, stderr, dir, cwd } = await run(flags);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('finished: the target is reached');
    const { status, steps, metric } = resultOf(dir);
    expect(status).toBe('target-reached');
    expect(metric.value).toBeGreaterThanOrEqual(0.5);
    expect(steps.committed).toBeLessThan(300);
    const other = await run(['--or-resume', '--metric', 'wer'], {}, cwd);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain('was begun with --metric accuracy, and it is wer now');
  });

  it.each([
    [
      ['--metric', 'f1', '--maximize'],
      '--metric is "f1", and the script\'s validate returned a loss and "accuracy", "wer"; give one of those',
    ],
    [
      ['--metric', 'accuracy'],
      '--metric is "accuracy", of which more is usually better; give --maximize, or --no-maximize if less of it is better',
    ],
    [['--maximize'], '--maximize is about a metric; give --metric too, its name'],
    [
      ['--target', '0.9'],
      '--target is a value of a metric; give --metric too, its name, or --target-loss',
    ],
    [
      ['--metric', 'wer', '--target-loss', '1'],
      '--target-loss is of the loss, and the run goes by --metric; give --target',
    ],
  ])('refuses %j in a sentence, before anything is trained', async (flags, sentence) => {
    const { code, stderr } = await run(flags);
    expect(code).toBe(2);
    expect(stderr).toContain(`autolrs: ${sentence}\n`);
    expect(stderr).not.toContain('range test');
  });

  it('takes it from the environment, and a report spells it', async () => {
    const env = { AUTOLRS_METRIC: 'accuracy', AUTOLRS_MAXIMIZE: '1' };
    const { code, stderr, dir } = await run([], env);
    expect(code, stderr).toBe(0);
    const report = await runCli(['report', dir, '--markdown']);
    expect(report.stdout).toContain('| accuracy | 0.9000 | best 0.9000 at step 600;');
    expect(report.stdout).toContain('autolrs run --metric accuracy --maximize --seed 0');
  });

  it('goes by what a script prints, where it has no validate function', async () => {
    const start = (cwd: string, ...flags: string[]) =>
      runCli(['run', '--run-dir', 'run', ...flags, '--', ...fixture('prints-accuracy.mjs')], {
        cwd,
        env: { AUTOLRS_STRATEGY: '' },
      });
    const refused = await start(newFolder(), ...BY_ACCURACY);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(
      'give --validation-pattern to find it in what the script prints',
    );
    const cwd = newFolder();
    const pattern = ['--validation-pattern', 'val acc ([0-9.]+)'];
    const { code, stderr } = await start(cwd, ...BY_ACCURACY, ...pattern);
    expect(code, stderr).toBe(0);
    expect(stderr).not.toContain('validate must return a loss');
    const { metric, loss } = resultOf(join(cwd, 'run'));
    expect(loss.validation).toBeUndefined();
    expect(metric).toMatchObject({ name: 'accuracy', maximize: true });
    expect(metric.best).toBeGreaterThan(0.85);
    expect(stderr).not.toContain('no line that the script printed');
    const other = ['--validation-pattern', 'test acc ([0-9.]+)'];
    const unread = await start(newFolder(), ...BY_ACCURACY, ...other);
    expect(unread.code, unread.stderr).toBe(0);
    expect(unread.stderr).toContain('no line that the script printed has a number where');
  });
});
