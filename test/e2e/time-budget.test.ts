/** Budgets of time and of epochs, under the whole command and real clocks. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixture, runCli, temporaryDirectory } from '../support/cli.js';

const env = { AUTOLRS_STRATEGY: 'horizon' };

const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

describe('autolrs run with a time budget', () => {
  it('ends with it, its LR at zero, and says what it comes to', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const { code, stderr } = await runCli(
      ['run', '--budget', '15s', '--run-dir', dir, '--', ...fixture('slow.mjs')],
      { env },
    );
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/budget: 15 s, about [\d,]+ steps with the search included/);
    const { status, seconds, schedule, stages } = readJson(join(dir, 'result.json'));
    expect(status).toBe('finished');
    expect(seconds.total).toBeGreaterThan(10);
    expect(seconds.total).toBeLessThan(30); // what else the machine does is not known
    const peak = Math.max(...stages.map(({ lr }: { lr: number }) => lr));
    expect(schedule.at(-1).lr).toBeLessThan(0.05 * peak);
  });

  it('goes on after a kill with the time that is left', async () => {
    const dir = join(temporaryDirectory(), 'run');
    let isKilled = false;
    const killed = await runCli(
      ['run', '--budget', '15s', '--run-dir', dir, '--', ...fixture('slow.mjs')],
      {
        env,
        onStderr: (text, kill) => {
          if (isKilled || !text.includes('commit:')) return;
          isKilled = true;
          kill('SIGKILL');
        },
      },
    );
    expect(killed.code).not.toBe(0);
    const { code, stderr } = await runCli(['resume', dir], { env });
    expect(code, stderr).toBe(0);
    const { status, seconds } = readJson(join(dir, 'result.json'));
    expect(status).toBe('finished');
    expect(seconds.total).toBeLessThan(40);
  });

  it('ends at a time of day', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const until = new Date(Date.now() + 15_000).toISOString();
    const { code, stderr } = await runCli(
      ['run', '--until', until, '--run-dir', dir, '--', ...fixture('slow.mjs')],
      { env },
    );
    expect(code, stderr).toBe(0);
    expect(Math.abs(Date.now() - Date.parse(until))).toBeLessThan(15_000);
    const [first] = readFileSync(join(dir, 'journal.jsonl'), 'utf8').split('\n');
    expect(JSON.parse(first ?? '').until).toBe(Date.parse(until));
  });

  it('may be given another end where it goes on, and no other run may', async () => {
    const dir = join(temporaryDirectory(), 'run');
    let isSent = false;
    const first = await runCli(
      ['run', '--budget', '1h', '--run-dir', dir, '--', ...fixture('slow.mjs')],
      {
        env,
        onStderr: (text, kill) => {
          if (isSent || !text.includes('commit:')) return;
          isSent = true;
          kill('SIGINT');
        },
      },
    );
    expect(first.code).toBe(130);
    const until = new Date(Date.now() + 8000).toISOString();
    const second = await runCli(['resume', '--until', until, dir], { env });
    expect(second.code, second.stderr).toBe(0);
    expect(readJson(join(dir, 'result.json')).status).toBe('finished');
    const plain = join(temporaryDirectory(), 'plain');
    await runCli(['run', '--budget', '300', '--run-dir', plain, '--', ...fixture('trains.mjs')]);
    const refused = await runCli(['resume', '--until', '18:00', plain]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('the run has no time budget');
  });

  it.each([
    [['--budget', '5 parsecs'], '--budget is "5 parsecs"; give one of: 5000 (steps), 90s'],
    [['--until', 'tonight'], '--until is "tonight"'],
    [['--until', '18:00', '--budget', '2h'], 'are both a time'],
    [['--budget', '2h', '--strategy', 'paper'], 'a budget in time belongs to strategy horizon'],
    [['--budget', '2h', '--keep-schedule'], 'a budget in time moves the end of the schedule'],
    [['--budget', '5ep'], 'does not say how many steps an epoch has; give --budget in steps'],
    [['--budget', '0.01s'], 'give it more time'],
  ])('refuses %j in one sentence', async (flags, sentence) => {
    const dir = join(temporaryDirectory(), 'run');
    const { code, stderr } = await runCli(
      ['run', '--quiet', '--run-dir', dir, ...flags, '--', ...fixture('slow.mjs')],
      { env },
    );
    expect(code, stderr).toBe(2);
    expect(stderr).toContain(sentence);
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
  });
});
