/** `autolrs range`: what it prints, what it leaves, and how it ends. */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixture, ROOT, runCli, temporaryDirectory } from '../support/cli.js';
import { hasPythonModules, PYTHON } from '../support/python.js';

const TRAINS = ['--', ...fixture('trains.mjs')];

describe('autolrs range', () => {
  it('prints its numbers on stdout, and leaves nothing', async () => {
    const tmp = temporaryDirectory();
    const { code, stdout, stderr } = await runCli(['range', ...TRAINS], {
      cwd: tmp,
      env: { TMPDIR: tmp },
    });
    expect(code, stderr).toBe(0);
    const labels = stdout.split('\n').flatMap((line) => /^(\w+) {2}/.exec(line)?.[1] ?? []);
    expect(labels).toEqual(['interval', 'peak', 'why', 'took']);
    expect(stdout).toMatch(/peak +[\d.e-]+, band [\d.e-]+ to [\d.e-]+\n/);
    expect(stderr).toContain('probe 5: LR');
    expect(readdirSync(tmp)).toEqual([]);
  });

  it('has one document for programs, the same for the same seed', async () => {
    const args = ['range', '--json', '--quiet', '--steps', '2000', ...TRAINS];
    const [one, other] = await Promise.all([runCli(args), runCli(args)]);
    expect(one.stderr).toBe('');
    const document = JSON.parse(one.stdout);
    expect(document).toMatchObject({ version: 1, status: 'finished', basis: expect.any(String) });
    const { peak, band, interval, probes, ramp, seconds } = document;
    expect(band.low).toBeLessThan(peak);
    expect(peak).toBeLessThan(band.high);
    expect(interval.max).toBeGreaterThan(peak);
    expect(probes.length).toBeGreaterThanOrEqual(5);
    expect(ramp.lrs).toHaveLength(ramp.losses.length);
    expect(seconds.training).toBeLessThan(seconds.total);
    const { seconds: _, ...again } = JSON.parse(other.stdout);
    expect({ ...again, seconds }).toEqual(document);
  });

  it('keeps a run directory that is named, of which `show` and `report` tell and nothing goes on', async () => {
    const dir = join(temporaryDirectory(), 'kept');
    const svg = join(temporaryDirectory(), 'range.svg');
    const end = await runCli(['range', '--run-dir', dir, '--svg', svg, '--json', ...TRAINS]);
    expect(end.code, end.stderr).toBe(0);
    const { peak, run } = JSON.parse(end.stdout);
    expect(run.dir).toBe(dir);
    expect(readFileSync(svg, 'utf8')).toContain('suggested peak');
    const shown = JSON.parse((await runCli(['show', '--json', dir])).stdout);
    expect(shown).toMatchObject({ strategy: 'range', range: { peak }, steps: { committed: 0 } });
    const text = (await runCli(['show', dir])).stdout;
    expect(text).toContain('nothing was committed');
    const page = await runCli(['report', '--json', dir]);
    expect(JSON.parse(page.stdout).runs[0].origin.reproduce).toContain('autolrs range --seed 0');
    const resumed = await runCli(['resume', dir]);
    expect(resumed.code).toBe(2);
    expect(resumed.stderr).toContain('holds a range test');
  });

  it.each([
    [['range'], 'no command to start'],
    [['range', '--svg', 'no/such/place.svg', ...TRAINS], 'lies in no directory that is there'],
    [['range', '--svg', '/', ...TRAINS], 'is a directory'],
    [['range', '--min-lr', '1', '--max-lr', '0.1', ...TRAINS], '--min-lr 1 is not below'],
    [['range', '--steps', 'many', ...TRAINS], '--steps is "many"'],
    [['run', '--strategy', 'range', ...TRAINS], 'which is a command'],
  ])('refuses %j in one sentence', async (args, sentence) => {
    const { code, stdout, stderr } = await runCli(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(sentence);
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
  });

  it('ends as a run does where the script fails, and shows its last lines', async () => {
    const { code, stdout, stderr } = await runCli([
      'range',
      '--json',
      '--',
      ...fixture('raises.mjs'),
    ]);
    expect(code).toBe(3);
    const { status, peak, error } = JSON.parse(stdout);
    expect({ status, peak }).toEqual({ status: 'failed', peak: null });
    expect(error.exitCode).toBe(3);
    expect(stderr).not.toContain('resume with');
  });

  it('stops at an interrupt with 130, and leaves nothing', async () => {
    const tmp = temporaryDirectory();
    let isSent = false;
    const { code, stdout } = await runCli(['range', '--', ...fixture('slow.mjs')], {
      env: { TMPDIR: tmp },
      onStderr: (text, kill) => {
        if (isSent || !text.includes('range test')) return;
        isSent = true;
        kill('SIGINT');
      },
    });
    expect(code).toBe(130);
    expect(stdout).toBe('');
    expect(readdirSync(tmp)).toEqual([]);
  });

  it.skipIf(!hasPythonModules('torch'))(
    'finds the range of a PyTorch script that does not know of it, which writes nothing by then',
    async () => {
      const folder = temporaryDirectory();
      const text = readFileSync(
        join(ROOT, 'adapters', 'python', 'tests', 'unmodified', 'epochs.py'),
        'utf8',
      );
      writeFileSync(join(folder, 'train.py'), text.replace('range(1, 4)', 'range(1, 121)'));
      const { code, stdout, stderr } = await runCli(['range', '--json', '--', PYTHON, 'train.py'], {
        cwd: folder,
        env: { OMP_NUM_THREADS: '1' },
      });
      expect(code, stderr).toBe(0);
      expect(stderr).toContain('does not attach; steering its optimizer directly\n');
      expect(JSON.parse(stdout).peak).toBeGreaterThan(0);
      expect(existsSync(join(folder, 'autolrs-runs'))).toBe(false);
    },
  );
});
