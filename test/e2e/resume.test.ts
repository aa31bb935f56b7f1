/** `autolrs resume` with real processes: killed, interrupted, held by another, extended. `npm run test:faults` does more. */

import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CliEnd, fixture, ROOT, runCli, temporaryDirectory } from '../support/cli.js';
import { readRun } from '../support/read-run.js';

const DIGITS = [process.execPath, join(ROOT, 'examples', 'demo', 'digits.js')];
const FLAGS =
  '--steps 200 --tau 60 --candidates 3 --min-lr 1e-3 --max-lr 1 --checkpoint-steps 25'.split(' ');

/** Starts a run, and kills it once stderr says `cue`. */
async function run(dir: string, cue?: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<CliEnd> {
  let isSent = false;
  return runCli(['run', '--run-dir', dir, ...FLAGS, '--', ...DIGITS], {
    onStderr(text, kill) {
      if (isSent || cue === undefined || !text.includes(cue)) return;
      isSent = true;
      kill(signal);
    },
  });
}

const resume = (dir: string, ...flags: string[]) => runCli(['resume', ...flags, dir]);

const newDirectory = () => join(temporaryDirectory(), 'run');

describe('autolrs resume', () => {
  it('after a SIGKILL ends with the same weights, schedule and steps as an undisturbed run', async () => {
    const undisturbed = newDirectory();
    expect((await run(undisturbed)).code).toBe(0);
    for (const cue of ['stage 0 probe 2', 'stage 0 commit', 'stage 1 ended']) {
      const dir = newDirectory();
      expect((await run(dir, cue)).code).toBeNull();
      const { code, stderr } = await resume(dir);
      expect(code, stderr).toBe(0);
      expect(readRun(dir).essence).toEqual(readRun(undisturbed).essence);
    }
  });

  it('after Ctrl-C goes on as well, with the command that was printed', async () => {
    const dir = newDirectory();
    const interrupted = await run(dir, 'stage 1 probe 1', 'SIGINT');
    expect(interrupted.code).toBe(130);
    expect(interrupted.stderr).toContain(`resume with: autolrs resume ${dir}`);
    expect((await resume(dir)).code).toBe(0);
    expect(readRun(dir).result.status).toBe('finished');
  });

  it.skipIf(process.platform !== 'linux')(
    'shows on a terminal what was there before, from its first picture on',
    async () => {
      const dir = newDirectory();
      expect((await run(dir, 'stage 1 commit')).code).toBeNull();
      const words = [process.execPath, join(ROOT, 'bin', 'autolrs.js'), 'resume', dir];
      const command = `stty cols 80 rows 24; ${words.map((word) => `'${word}'`).join(' ')}`;
      const { status, stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
        encoding: 'utf8',
        env: { ...process.env, TERM: 'xterm' },
      });
      expect(status, stdout).toBe(0);
      const [, first = ''] = stdout.split('resuming run');
      const end = first.indexOf('\x1b[?2026l');
      expect(first.slice(0, end)).toContain('committed steps');
      expect(first.slice(0, end)).toMatch(/stage 1 .*\s+\S.* \d+ committed /);
    },
  );

  it('leaves a run that is over alone, with exit code 0', async () => {
    const dir = newDirectory();
    await run(dir);
    const before = readFileSync(join(dir, 'journal.jsonl'));
    const { code, stderr, stdout } = await resume(dir, '--json');
    expect(code).toBe(0);
    expect(stderr).toContain('the run is over');
    expect(JSON.parse(stdout).status).toBe('finished');
    expect(readFileSync(join(dir, 'journal.jsonl')).equals(before)).toBe(true);
  });

  it('extends a finished run to a larger total, and refuses one that is none', async () => {
    const dir = newDirectory();
    await run(dir);
    const refused = await resume(dir, '--steps', '200');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('--steps 200 is a total, and the run has committed 200 steps');
    expect((await resume(dir, '--steps', '300')).code).toBe(0);
    const { result, records } = readRun(dir);
    expect(result.steps.committed).toBe(300);
    expect(result.stages.at(-1).from).toBe(200);
    expect(records.filter((record) => record.kind === 'extension')).toHaveLength(1);
  });

  it('refuses a script that cannot do what the run needs, and leaves no process', async () => {
    const dir = newDirectory();
    await run(dir, 'stage 0 commit');
    const end = await runCli(['resume', dir, '--', ...fixture('trains.mjs')]);
    expect(end.code, end.stderr).toBe(2);
    expect(end.stderr).toContain('could save to disk when the run began and no longer can');
    expect((await resume(dir)).code).toBe(0);
  });

  it('does not extend a run that is not finished', async () => {
    const dir = newDirectory();
    await run(dir, 'stage 0 commit');
    const { code, stderr } = await resume(dir, '--steps', '400');
    expect([code, stderr]).toEqual([2, expect.stringContaining('the run is not finished')]);
  });

  it('takes another command, and starts it where the run was begun', async () => {
    const dir = newDirectory();
    await run(dir, 'stage 0 commit');
    const end = await runCli(['resume', dir, '--', ...DIGITS, '--lr', '0.02'], { cwd: '/' });
    expect(end.code, end.stderr).toBe(0);
    expect(readRun(dir).records.find((r) => r.kind === 'resume').command).toContain('0.02');
  });

  it('keeps two checkpoints, a journal and no lock, all for their owner alone', async () => {
    const dir = newDirectory();
    await run(dir, 'stage 0 commit');
    await resume(dir);
    expect(readdirSync(dir).toSorted()).toEqual(
      'checkpoints journal.jsonl result.json schedule.json tensorboard trainer.log'.split(' '),
    );
    expect(readdirSync(join(dir, 'checkpoints'))).toHaveLength(2);
    expect(statSync(join(dir, 'checkpoints')).mode & 0o777).toBe(0o700);
  });

  it('says in one sentence what it cannot go on with', async () => {
    const nothing = await resume(join(temporaryDirectory(), 'nothing'));
    expect([nothing.code, nothing.stderr]).toEqual([
      5,
      expect.stringContaining('holds no journal'),
    ]);
    const altered = newDirectory();
    await run(altered);
    const path = join(altered, 'journal.jsonl');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"stage-0"', '"stage-9"'));
    const end = await resume(altered);
    expect(end.code).toBe(5);
    expect(end.stderr).toMatch(/line \d+ of .* is torn or was altered/);
  });

  it('says as run and show do that a run never began, and what to do makes room for another', async () => {
    const dir = newDirectory();
    await run(dir);
    const path = join(dir, 'journal.jsonl');
    const first = readFileSync(path).indexOf('\n');
    for (const length of [0, 1, first]) {
      const begun = newDirectory();
      mkdirSync(begun);
      writeFileSync(join(begun, 'journal.jsonl'), readFileSync(path).subarray(0, length));
      const ends = [await resume(begun), await runCli(['show', begun]), await run(begun)];
      const sentence = `autolrs: the run in "${begun}" never began: its journal.jsonl holds no whole record; remove that file and start anew\n`;
      for (const { code, stderr } of ends) expect([code, stderr]).toEqual([5, sentence]);
      rmSync(join(begun, 'journal.jsonl'));
      expect((await run(begun)).code).toBe(0);
    }
  });

  it('refuses as run does a directory that another tuner uses, naming it, which show calls running', async () => {
    const dir = newDirectory();
    let others: readonly CliEnd[] = [];
    let isAsked = false;
    const first = await runCli(['run', '--run-dir', dir, ...FLAGS, '--', ...fixture('hangs.mjs')], {
      onStderr(text, kill) {
        if (isAsked || !text.includes('the fixture hangs')) return;
        isAsked = true;
        const show = [runCli(['show', dir]), runCli(['show', '--json', dir])];
        void Promise.all([resume(dir), run(dir), ...show]).then((ends) => {
          others = ends;
          kill('SIGINT');
          kill('SIGTERM');
        });
      },
    });
    expect(first.code).toBe(130);
    const [resumed, begun, shown, document] = others;
    for (const end of [resumed, begun]) {
      expect(end?.code, end?.stderr).toBe(5);
      expect(end?.stderr).toMatch(/is in use by process \d+ on /);
    }
    const pid = /^running: process (\d+)$/m.exec(shown?.stdout ?? '')?.[1];
    expect(JSON.parse(document?.stdout ?? '')).toMatchObject({
      status: 'unfinished',
      process: { pid: Number(pid) },
    });
    expect(existsSync(join(dir, 'lock'))).toBe(false);
    expect((await runCli(['show', dir])).stdout).toMatch(/^interrupted$/m);
    const over: object = JSON.parse((await runCli(['show', '--json', dir])).stdout);
    expect(over).not.toHaveProperty('process');
  });
});

describe('a script that fails in the middle', () => {
  it('is told when it is started again that its run goes on', async () => {
    const script = join(ROOT, 'test', 'fixtures', 'trainers', 'dies-once.mjs');
    const marker = join(temporaryDirectory(), 'died');
    const tell = 'echo "continues: $AUTOLRS_CONTINUES" >&2; exec "$0" "$1"';
    const { stderr } = await runCli(
      [
        'run',
        '--run-dir',
        newDirectory(),
        ...FLAGS,
        '--',
        'sh',
        '-c',
        tell,
        process.execPath,
        script,
      ],
      { env: { DIES_ONCE_MARKER: marker } },
    );
    expect(stderr.match(/continues: \d/g)).toEqual(['continues: 0', 'continues: 1']);
  });

  it('is started again, and its run ends as an undisturbed one', async () => {
    const script = join(ROOT, 'test', 'fixtures', 'trainers', 'dies-once.mjs');
    const dir = newDirectory();
    const marker = join(temporaryDirectory(), 'died');
    const { code, stderr } = await runCli(
      ['run', '--run-dir', dir, ...FLAGS, '--', process.execPath, script],
      { env: { DIES_ONCE_MARKER: marker } },
    );
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('by signal SIGKILL');
    expect(stderr).toContain('starting it again (1 of 3)');
    const undisturbed = newDirectory();
    await run(undisturbed);
    expect(readRun(dir).essence).toEqual(readRun(undisturbed).essence);
  });
});
