/** The default: `autolrs run` without a strategy, real processes, real files. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixture, ROOT, runCli, temporaryDirectory } from '../support/cli.js';

/** An empty variable is an unset one. */
const env = { AUTOLRS_STRATEGY: '' };
const readResult = (dir: string) => JSON.parse(readFileSync(join(dir, 'result.json'), 'utf8'));

describe('autolrs run, by default', () => {
  it("trains the script's own total, searches on top in another process, and says what it plans and forecasts", async () => {
    const dir = join(temporaryDirectory(), 'run');
    const script = ['--', ...fixture('trains.mjs')];
    const { code, stderr } = await runCli(['run', '--run-dir', dir, ...script], { env });
    expect(code, stderr).toBe(0);
    const { strategy, status, steps, stages } = readResult(dir);
    expect({ strategy, status }).toEqual({ strategy: 'horizon', status: 'finished' });
    expect(steps.search - (steps.rolledBack ?? 0)).toBeLessThanOrEqual(65);
    expect(stages[0].lr).toBeGreaterThan(0);
    expect(stderr).toContain('budget: 600 committed steps, as the script means to do');
    expect(stderr).toMatch(/search: \d+ of 652 steps, at most 65/);
    expect(stderr).toContain('the search is over; the script begins anew');
    const log = readFileSync(join(dir, 'trainer.log'), 'utf8');
    expect(log.match(/^=== autolrs: .*/gm)).toEqual([
      '=== autolrs: the search: a process that is thrown away ===',
      '=== autolrs: the search is over, its process was ended; the run: the script from its beginning ===',
    ]);
  });

  it("spends the script's own total, search included, where it searches inside", async () => {
    const dir = join(temporaryDirectory(), 'run');
    const script = ['--search', 'inside', '--', ...fixture('trains.mjs')];
    const { code, stderr } = await runCli(['run', '--run-dir', dir, ...script], { env });
    expect(code, stderr).toBe(0);
    const { strategy, status, steps, stages } = readResult(dir);
    expect({ strategy, status }).toEqual({ strategy: 'horizon', status: 'finished' });
    expect(steps.total).toBe(600);
    expect(steps.search - (steps.rolledBack ?? 0)).toBeLessThanOrEqual(60);
    expect(stages[0].lr).toBeGreaterThan(0);
    expect(stderr).toContain(
      'budget: 600 steps with the search included, as the script means to do',
    );
    expect(stderr).toMatch(/search: \d+ of 600 steps, at most 60/);
  });

  it('goes on after an interrupt to the same end, and past it when it is extended', async () => {
    const [whole, cut] = [join(temporaryDirectory(), 'run'), join(temporaryDirectory(), 'run')];
    const digits = join(ROOT, 'examples', 'demo', 'digits.js');
    const rest = ['--budget', '3000', '--', process.execPath, digits];
    await runCli(['run', '--run-dir', whole, ...rest], { env });
    let isStopped = false;
    const stopped = await runCli(['run', '--run-dir', cut, ...rest], {
      env,
      onStderr: (text, kill) => {
        if (!isStopped && text.includes('stage 0 commit')) kill('SIGINT');
        isStopped ||= text.includes('stage 0 commit');
      },
    });
    expect(stopped.code, stopped.stderr).toBe(130);
    expect((await runCli(['resume', cut], { env })).code).toBe(0);
    const { schedule, stages, forecasts } = readResult(cut);
    expect({ schedule, stages, forecasts }).toEqual({
      schedule: readResult(whole).schedule,
      stages: readResult(whole).stages,
      forecasts: readResult(whole).forecasts,
    });
    expect((await runCli(['resume', cut, '--budget', '3500'], { env })).code).toBe(0);
    const { steps, unused = 0 } = readResult(cut);
    expect(steps.total + unused).toBe(3500);
  });

  it("refuses the other strategy's options in a sentence, and takes them with --strategy paper", async () => {
    const args = ['--tau', '100', '--', ...fixture('trains.mjs')];
    const refused = await runCli(['run', ...args], { env });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toBe(
      "autolrs: --tau belongs to strategy paper, and this run's is horizon; leave it out, or give --strategy paper\n",
    );
    const dir = join(temporaryDirectory(), 'run');
    const given = await runCli(['run', '--strategy', 'paper', '--run-dir', dir, ...args], { env });
    expect(given.code, given.stderr).toBe(0);
    expect(readResult(dir).strategy).toBe('paper');
  });
});
