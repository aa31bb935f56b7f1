/** `autolrs doctor` as a process, on scripts that are well and on others. */

import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixture, ROOT, runCli, temporaryDirectory } from '../support/cli.js';
import { hasPythonModules, PYTHON } from '../support/python.js';

const hasImages =
  existsSync('/usr/share/datasets/fashion-mnist') ||
  process.env['AUTOLRS_REQUIRE_FRAMEWORKS'] === '1';
const DIGITS = [process.execPath, join(ROOT, 'examples', 'demo', 'digits.js')];

async function examine(script: readonly string[], ...flags: readonly string[]) {
  const { code, stdout, stderr } = await runCli(['doctor', '--json', ...flags, '--', ...script]);
  const document = JSON.parse(stdout);
  const causes: string[] = document.findings
    .filter(({ verdict }: { verdict: string }) => verdict === 'defect' || verdict === 'note')
    .map(({ cause }: { cause: string }) => cause);
  return { code, document, causes, stderr };
}

describe('autolrs doctor', () => {
  it('finds the demo fit, in 80 columns, and leaves nothing behind', async () => {
    const dir = temporaryDirectory();
    for (const name of ['tmp', 'cwd']) mkdirSync(join(dir, name));
    const { code, stdout, stderr } = await runCli(['doctor', '--', ...DIGITS], {
      cwd: join(dir, 'cwd'),
      env: { TMPDIR: join(dir, 'tmp') },
    });
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(/\nok {6}resume {6}31 losses bit-equal in a new process/);
    expect(stdout).toMatch(/\nfit for a run\n$/);
    for (const line of `${stdout}${stderr}`.split('\n')) expect(line.length).toBeLessThan(81);
    expect(readdirSync(join(dir, 'tmp'))).toEqual([]);
    expect(readdirSync(join(dir, 'cwd'))).toEqual([]);
  });

  it('does not let the script take its training for done, and save it', async () => {
    const model = join(temporaryDirectory(), 'model');
    const { code } = await examine([...fixture('saves-at-the-end.mjs'), model]);
    expect(code).toBe(0);
    expect(existsSync(model)).toBe(false);
  });

  it('finds what is printed between the messages, unless a socket carries them', async () => {
    const { code, causes } = await examine(fixture('noisy.mjs'));
    expect([code, causes]).toEqual([3, ['prints-between-messages', 'no-disk']]);
    const overSocket = await examine(fixture('tears.mjs').concat('train'), '--transport', 'unix');
    expect([overSocket.code, overSocket.causes]).toEqual([0, ['no-disk']]);
  });

  it('notes what is printed before the handshake', async () => {
    const { code, causes } = await examine(fixture('trains.mjs'));
    expect([code, causes]).toEqual([0, ['prints-before-handshake', 'no-disk']]);
  });

  it('does not wait for an answer that was torn', async () => {
    const { code, causes } = await examine([...fixture('tears.mjs'), 'train']);
    expect(code).toBe(3);
    expect(causes).toContain('tears-messages');
  });

  it('takes a handshake behind text that has no newline for what it is', async () => {
    const { code, causes } = await examine([...fixture('tears.mjs'), 'initialize']);
    expect([code, causes]).toEqual([0, ['prints-before-handshake', 'no-disk']]);
  });

  it('starts the script once more, and tells why that fails', async () => {
    const once = join(temporaryDirectory(), 'once');
    const words = ['sh', '-c', 'mkdir "$0" && exec "$@"', once, ...DIGITS];
    const { code, causes, document } = await examine(words);
    expect([code, causes]).toEqual([3, ['resume-fails']]);
    expect(document.fitness).toBe('unfit');
    expect(JSON.stringify(document.findings)).toContain('exit code 1 before it connected');
  });

  it('ends a script that hangs', async () => {
    const { code, causes } = await examine(fixture('hangs.mjs'), '--timeout', '1');
    expect([code, causes]).toEqual([3, ['out-of-time', 'no-disk']]);
  });

  it('tells why a script fails, in its own last words', async () => {
    const before = await runCli(['doctor', '--', ...fixture('ends-before-handshake.mjs')]);
    expect(before.code).toBe(3);
    expect(before.stdout).toContain('exit code 7 before it connected');
    expect(before.stdout).toContain('  Traceback: no module named numpyy');
    const later = await runCli(['doctor', '--', ...fixture('ends-midway.mjs')]);
    expect(later.code).toBe(3);
    expect(later.stdout).toContain('  out of memory');
    expect((await examine(['nosuch-command'])).causes).toEqual(['not-started']);
  });

  it('finds a second scheduler by the LR that the script reports', async () => {
    const { code, causes } = await examine([...fixture('answers-wrongly.mjs'), 'other-lr']);
    expect([code, causes]).toEqual([3, ['no-disk', 'other-scheduler']]);
  });

  it('is interrupted with 130 and ends the script', async () => {
    let isSent = false;
    const { code, stdout } = await runCli(['doctor', '--', ...fixture('hangs.mjs')], {
      onStderr(text, kill) {
        if (isSent || !text.includes('examining')) return;
        isSent = true;
        kill('SIGINT');
      },
    });
    expect([code, stdout]).toEqual([130, '']);
  });

  it('asks for a command, for times that can be waited for and for an address of this machine', async () => {
    const wrong = ['--timeout 0 -- x', '--timeout soon -- x', '--transport tcp:192.0.2.1:9 -- x'];
    for (const args of [[], ...wrong.map((words) => words.split(' '))]) {
      expect((await runCli(['doctor', ...args])).code).toBe(2);
    }
  });
});

describe.skipIf(!hasPythonModules('torch', 'numpy'))(
  'autolrs doctor on PyTorch',
  { timeout: 120_000 },
  () => {
    const AILING = [PYTHON, join(ROOT, 'test', 'fixtures', 'pytorch', 'ailing.py')];

    it('finds a network with BatchNorm, dropout, AdamW and shuffled data fit, to the bit', async () => {
      const { code, causes, document } = await examine(AILING);
      expect([code, causes], JSON.stringify(document)).toEqual([0, []]);
      expect(document.findings).toContainEqual({
        check: 'groups',
        verdict: 'ok',
        cause: null,
        message: 'ratios kept: 1 : 0.1',
        fix: null,
      });
    });

    it.skipIf(!hasImages)('finds the example fit', async () => {
      const script = join(ROOT, 'examples', 'pytorch', 'fashion_mnist.py');
      const sizes = '--train-size 6000 --validation-size 1000 --threads 1'.split(' ');
      const { code, causes, document } = await examine([PYTHON, script, ...sizes]);
      expect([code, causes], JSON.stringify(document)).toEqual([0, []]);
    });

    it.each([
      ['scheduler', 3, ['not-started']],
      ['own generator', 3, ['data-or-rng']],
      ['loop of its own', 0, ['data']],
      ['evaluates now and then', 0, ['own-counter']],
      ['shuffles by a generator of its own', 0, ['resume-data']],
    ])('finds what is wrong with one: %s', async (ailment, expected, found) => {
      const { code, causes } = await examine([...AILING, ailment]);
      expect([code, causes]).toEqual([expected, found]);
    });

    it.each(['sets the LR', 'one LR for all groups'])(
      'says of one what its adapter says of it: %s',
      async (ailment) => {
        const { code, causes, document } = await examine([...AILING, ailment]);
        expect([code, causes]).toEqual([3, ['failed']]);
        expect(JSON.stringify(document.findings)).toContain('take the line that sets the learning');
      },
    );

    it('gives the line that mends a second scheduler', async () => {
      const { document } = await examine([...AILING, 'scheduler']);
      expect(document.findings[0].fix).toContain('None if autolrs.is_driven() else');
    });
  },
);
