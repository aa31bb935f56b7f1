/** `--keep-schedule` with real scripts: their schedule stays, and a factor on it is tuned. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixture, ROOT, runCli, temporaryDirectory } from '../support/cli.js';
import { hasPythonModules, PYTHON } from '../support/python.js';
import { readRun } from '../support/read-run.js';

const SCHEDULE = join(ROOT, 'test', 'fixtures', 'pytorch', 'schedule.py');
const DIGITS = [process.execPath, join(ROOT, 'examples', 'demo', 'digits.js')];

const newDirectory = () => join(temporaryDirectory(), 'run');

function run(dir: string, script: readonly string[], flags: readonly string[], cue?: string) {
  let isSent = false;
  return runCli(['run', '--run-dir', dir, ...flags, '--', ...script], {
    env: { AUTOLRS_STRATEGY: 'horizon' },
    onStderr(text, kill) {
      if (isSent || cue === undefined || !text.includes(cue)) return;
      isSent = true;
      kill('SIGKILL');
    },
  });
}

const endOf = (text: string) => /^the end .*$/m.exec(text)?.[0];

function scriptOf(peak: number, when: 'in time' | 'late'): readonly string[] {
  return [PYTHON, SCHEDULE, String(peak), when];
}

describe('--keep-schedule', () => {
  it('is refused before the first step where the adapter has no such thing', async () => {
    const { code, stderr } = await run(newDirectory(), DIGITS, ['--keep-schedule']);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /--keep-schedule needs an adapter that.*"digits\.js".*leave out --keep-schedule/,
    );
  });

  it('refuses a script that comes back without it, started again or resumed, and loses nothing', async () => {
    const script = fixture('loses-its-base.mjs');
    const flags = ['--keep-schedule', '--strategy', 'horizon', '--checkpoint-steps', '300'];
    const env = { MARKER: join(temporaryDirectory(), 'old-adapter') };
    const dir = newDirectory();
    const startedAgain = await runCli(['run', '--run-dir', dir, ...flags, '--', ...script], {
      env,
    });
    const resumed = await runCli(['resume', dir], { env });
    const withAnother = await runCli(['resume', dir, '--', ...DIGITS]);
    for (const { code, stderr } of [startedAgain, resumed, withAnother]) {
      expect(code, stderr).toBe(2);
      expect(stderr.trim().split('\n').at(-1)).toBe(
        'autolrs: the script could leave the LR to its own schedule when the run began, as --keep-schedule asks, and no longer can; give it back the adapter that it had, or start a new run',
      );
    }
    const goneOn = await runCli(['resume', dir]);
    expect(goneOn.code, goneOn.stderr).toBe(0);
    const undisturbed = newDirectory();
    await runCli(['run', '--run-dir', undisturbed, ...flags, '--', ...script]);
    expect(readRun(dir).essence).toEqual(readRun(undisturbed).essence);
  });

  it('takes no value: what follows it belongs to the command line', async () => {
    const { code, stderr } = await run(newDirectory(), DIGITS, ['--keep-schedule=mine']);
    expect(code).toBe(2);
    expect(stderr).toContain('--keep-schedule=mine');
  });
});

describe.skipIf(!hasPythonModules('torch'))(
  '--keep-schedule, with a cosine in PyTorch',
  { timeout: 240_000 },
  () => {
    it('finds a peak in a process that is thrown away, and trains the script from its beginning at one factor', async () => {
      const dir = newDirectory();
      const flags = ['--keep-schedule', '--checkpoint-steps', '100'];
      const { code, stderr } = await run(dir, scriptOf(0.0002, 'in time'), flags);
      expect(code, stderr).toBe(0);
      const { keepSchedule, steps, schedule } = JSON.parse(
        readFileSync(join(dir, 'result.json'), 'utf8'),
      );
      expect({ keepSchedule, committed: steps.committed }).toEqual({
        keepSchedule: true,
        committed: 900,
      });
      expect(schedule).toEqual([{ step: 0, lr: expect.any(Number) }]);
      expect(schedule[0].lr).toBeGreaterThan(2);
      expect(stderr).toMatch(/stage 0 probe 3: LR [\d.e-]+, loss/);
      expect(stderr).toMatch(/factor [\d.]+ on \w+LR: peak LR [\d.e-]+ for its own 2\.00e-4/);
      expect(endOf(stderr)).toMatch(/ 900$/);

      for (const cue of ['stage 0 probe 2', 'stage 1 commit']) {
        const killed = newDirectory();
        expect((await run(killed, scriptOf(0.0002, 'in time'), flags, cue)).code).toBeNull();
        const resumed = await runCli(['resume', killed]);
        expect(resumed.code, resumed.stderr).toBe(0);
        expect(endOf(resumed.stderr)).toBe(endOf(stderr));
      }
    });

    it('searched inside, lets the schedule come to its own end, and writes factors for people and programs', async () => {
      const dir = newDirectory();
      const flags = ['--keep-schedule', '--search', 'inside', '--checkpoint-steps', '100'];
      const { code, stderr } = await run(dir, scriptOf(0.0002, 'in time'), flags);
      expect(code, stderr).toBe(0);
      const read = (name: string) => JSON.parse(readFileSync(join(dir, name), 'utf8'));
      const { keepSchedule, steps, schedule } = read('result.json');
      expect(keepSchedule).toBe(true);
      expect(steps.committed).toBe(900);
      expect(schedule[0]).toEqual({ step: 0, lr: 1 });
      expect(schedule[1].step).toBe(90);
      expect(schedule[1].lr).toBeGreaterThan(2);
      expect(read('schedule.json')).toMatchObject({ keepSchedule: true, schedule });
      expect(stderr).toMatch(/stage 0 probe 3: factor 3\.00, loss/);
      expect(stderr).toMatch(/schedule {4}factor {5}1\.00 from step 0/);
      expect(stderr).not.toMatch(/\bLR \d/);
      // The cosine has had its 900 steps, whatever was tried and taken back.
      expect(endOf(stderr)).toMatch(/ 900$/);

      for (const cue of ['stage 0 probe 2', 'stage 1 commit']) {
        const killed = newDirectory();
        expect((await run(killed, scriptOf(0.0002, 'in time'), flags, cue)).code).toBeNull();
        const resumed = await runCli(['resume', killed]);
        expect(resumed.code, resumed.stderr).toBe(0);
        expect(endOf(resumed.stderr)).toBe(endOf(stderr));
      }
    });

    it('ends a script that steps its scheduler too late with the sentence that says so', async () => {
      const flags = ['--keep-schedule', '--restarts', '0'];
      const { code, stderr } = await run(newDirectory(), scriptOf(0.01, 'late'), flags);
      expect(code).toBe(3);
      expect(stderr).toMatch(
        /autolrs: .*step the \w+LR between optimizer\.step\(\) and tuner\.step\(\)/,
      );
    });

    it('is what the refusal of a second scheduler names as the other way out', async () => {
      const { code, stderr } = await run(newDirectory(), scriptOf(0.01, 'in time'), []);
      expect(code).toBe(3);
      expect(stderr).toContain('or run with --keep-schedule');
    });
  },
);
