import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DEMO, Driver } from './driver.js';

const HANDSHAKE = { protocol: 1, tuner: { name: 'autolrs', version: '0.1.0' }, run: { id: 'r' } };

/** A script that has been greeted. */
async function start(script: string, args: readonly string[] = []): Promise<Driver> {
  const driver = new Driver(script, args);
  await driver.get('initialize', HANDSHAKE);
  return driver;
}

function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), 'autolrs-node-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

describe('without a tuner', () => {
  test('a script does its total of steps at its own LR and keeps its stdout', async () => {
    const driver = new Driver('fixtures/plain.mjs', [], {});
    expect(await driver.ended).toMatchObject({ code: 0, stdout: 'done 5 at 0.1\n', stderr: '' });
  });

  test('the demo is bit-equal from run to run with one seed', async () => {
    const run = () => new Driver(DEMO, ['--steps', '200'], {}).ended;
    const [first, second] = await Promise.all([run(), run()]);
    expect(first).toEqual(second);
    expect(first.stdout).toMatch(/validation loss \d/);
  });
});

describe('the handshake', () => {
  test('says what the script is, means to do and can', async () => {
    const driver = new Driver('fixtures/validates.mjs');
    expect(await driver.get('initialize', HANDSHAKE)).toEqual({
      protocol: 1,
      trainer: {
        name: 'validates.mjs',
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        framework: `node ${process.versions.node}`,
      },
      step: 0,
      total: 5,
      lr: 0.1,
      groups: [1, 0.1],
      world: 1,
      can: { validate: true, disk: true, rewind: true, cancel: true },
      holds: ['model'],
    });
  });

  test('claims nothing that the script did not give', async () => {
    const driver = new Driver('fixtures/plain.mjs');
    expect(await driver.get('initialize', HANDSHAKE)).toMatchObject({
      can: { validate: false, rewind: false },
      groups: [1],
      holds: [],
    });
  });
});

describe('train', () => {
  test('sets the LR before the first step and answers with every loss', async () => {
    const driver = await start('fixtures/plain.mjs');
    expect(await driver.get('train', { steps: 3, lr: 0.5 })).toEqual({
      steps: 3,
      losses: [0.5, 0.5, 0.5],
      lr: 0.5,
      step: 3,
      seconds: expect.any(Number),
    });
  });

  test('takes an LR a step from an array', async () => {
    const driver = await start('fixtures/plain.mjs');
    const reply = await driver.get('train', { steps: 3, lr: [0.3, 0.2, 0.1] });
    expect(reply).toMatchObject({ losses: [0.3, 0.2, 0.1], lr: 0.1, step: 3 });
  });

  test('does nothing and changes nothing when no step is asked for', async () => {
    const driver = await start('fixtures/plain.mjs');
    const reply = await driver.get('train', { steps: 0, lr: 0.7 });
    expect(reply).toMatchObject({ steps: 0, losses: [], lr: 0.1, step: 0 });
  });

  test.each([
    ['NaN', null],
    ['Infinity', null],
    ['-Infinity', null],
  ])('ends as diverged at a loss of %s and writes it as null', async (text, written) => {
    const driver = await start('fixtures/losses.mjs', ['2', text, '1']);
    const reply = await driver.get('train', { steps: 3, lr: 0.5 });
    expect(reply).toMatchObject({ steps: 2, losses: [2, written], end: 'diverged', step: 2 });
  });

  test('halts when the bias-corrected average with decay 0.9 exceeds the bound', async () => {
    // After 1, 1, 5 it is (0.09 * 0.9 * 1 + 0.09 * 1 + 0.1 * 5) / (1 - 0.9^3) = 0.671 / 0.271 = 2.476.
    const losses = ['1', '1', '5', '1'];
    const above = await start('fixtures/losses.mjs', losses);
    const halted = await above.get('train', { steps: 4, lr: 0.5, halt: 2.47 });
    expect(halted).toMatchObject({ steps: 3, losses: [1, 1, 5], end: 'halt' });
    const below = await start('fixtures/losses.mjs', losses);
    const reply = await below.get('train', { steps: 4, lr: 0.5, halt: 2.48 });
    expect(reply).toMatchObject({ steps: 4 });
    expect(reply).not.toHaveProperty('end');
  });

  test('tells its progress meanwhile and answers a cancel with what is done', async () => {
    const driver = await start('fixtures/plain.mjs');
    const id = driver.send('train', { steps: 1e9, lr: 0.5 });
    const first = await driver.nextProgress();
    driver.notify('cancel');
    const { result } = await driver.answerTo(id);
    expect(result).toMatchObject({ end: 'cancel', lr: 0.5 });
    expect(first.params.losses.length).toBe(first.params.step);
    expect(result?.['steps']).toBeGreaterThanOrEqual(first.params.step);
    expect(result?.['losses']).toHaveLength(Number(result?.['steps']));
    // The cancelled request alone is cancelled.
    expect(await driver.get('train', { steps: 2, lr: 0.1 })).not.toHaveProperty('end');
  });

  test('is cancelled by a cancel that comes in the same chunk', async () => {
    const driver = await start('fixtures/plain.mjs');
    const cancel = [{ method: 'cancel' }];
    const id = driver.send('train', { steps: 1e9, lr: 0.5 }, cancel);
    expect((await driver.answerTo(id)).result).toMatchObject({ end: 'cancel' });
  });

  test('ignores a cancel that comes when nothing trains', async () => {
    const driver = await start('fixtures/plain.mjs');
    driver.notify('cancel');
    const reply = await driver.get('train', { steps: 2, lr: 0.1 });
    expect(reply).not.toHaveProperty('end');
  });

  test('ends for want of data when the script leaves its loop, and later requests are answered', async () => {
    const driver = await start('fixtures/leaves.mjs');
    const reply = await driver.get('train', { steps: 5, lr: 0.5 });
    expect(reply).toMatchObject({ steps: 2, losses: [1, 1], end: 'data', step: 2 });
    expect(await driver.get('train', { steps: 5, lr: 0.5 })).toMatchObject({
      steps: 0,
      end: 'data',
    });
    expect((await driver.shutdown()).code).toBe(0);
  });
});

describe('checkpoints', () => {
  test('a restore brings back the LR it was saved at, and the next step runs at the new one', async () => {
    const driver = await start('fixtures/plain.mjs');
    await driver.get('train', { steps: 2, lr: 0.5 });
    expect(await driver.get('save', { id: 'a' })).toMatchObject({ id: 'a', step: 2 });
    await driver.get('train', { steps: 3, lr: 0.7 });
    const restored = await driver.get('restore', { id: 'a' });
    expect(restored).toMatchObject({ id: 'a', step: 2, lr: 0.5 });
    const reply = await driver.get('train', { steps: 1, lr: 0.9 });
    expect(reply).toMatchObject({ losses: [0.9], lr: 0.9, step: 3 });
  });

  test('neither training nor a restored script changes what is saved', async () => {
    const driver = await start('fixtures/live-arrays.mjs');
    await driver.get('save', { id: 'a' });
    for (const id of ['first', 'second', 'third']) {
      const reply = await driver.get('train', { steps: 2, lr: 0.5 });
      expect(reply, id).toMatchObject({ losses: [1, 2] });
      await driver.get('restore', { id: 'a' });
    }
  });

  test('the demo repeats its losses bit for bit after a restore, across an epoch', async () => {
    const driver = await start(DEMO);
    const probe = { steps: 100, lr: 0.1 };
    await driver.get('train', { steps: 30, lr: 0.05 });
    await driver.get('save', { id: 'a' });
    const { losses } = await driver.get('train', probe);
    const { loss } = await driver.get('validate');
    await driver.get('restore', { id: 'a' });
    expect((await driver.get('train', probe))['losses']).toEqual(losses);
    expect((await driver.get('validate'))['loss']).toBe(loss);
    await driver.get('restore', { id: 'a' });
    expect((await driver.get('train', { ...probe, lr: 0.2 }))['losses']).not.toEqual(losses);
  });

  test('one on disk is restored bit for bit by another process', async () => {
    const path = join(scratch(), 'stage.ckpt');
    const probe = { steps: 60, lr: 0.1 };
    const first = await start(DEMO);
    await first.get('train', { steps: 30, lr: 0.05 });
    const { bytes } = await first.get('save', { id: 'a', path });
    expect(bytes).toBeGreaterThan(10_000);
    const { losses } = await first.get('train', probe);
    const second = await start(DEMO);
    await second.get('train', { steps: 7, lr: 0.3 }); // a state of its own, to be replaced
    const restored = await second.get('restore', { id: 'b', path });
    expect(restored).toMatchObject({ id: 'b', step: 30, lr: 0.05 });
    expect((await second.get('train', probe))['losses']).toEqual(losses);
  });

  test('a save to disk replaces the file whole and leaves nothing beside it', async () => {
    const dir = scratch();
    const path = join(dir, 'stage.ckpt');
    const driver = await start('fixtures/plain.mjs');
    await driver.get('save', { id: 'a', path });
    const before = readFileSync(path);
    await driver.get('train', { steps: 4, lr: 0.5 });
    await driver.get('save', { id: 'a', path });
    expect(readFileSync(path).equals(before)).toBe(false);
    expect(readdirSync(dir)).toEqual(['stage.ckpt']);
    expect(await driver.get('discard', { id: 'a', path })).toEqual({ id: 'a' });
    expect(existsSync(path)).toBe(false);
  });

  test('an unknown id is -32001, in memory, after its discard, and on disk', async () => {
    const driver = await start('fixtures/plain.mjs');
    await driver.get('save', { id: 'a' });
    expect(await driver.get('discard', { id: 'a' })).toEqual({ id: 'a' });
    const path = join(scratch(), 'none');
    for (const [method, params] of [
      ['restore', { id: 'a' }],
      ['discard', { id: 'a' }],
      ['restore', { id: 'a', path }],
    ] as const) {
      const { error } = await driver.ask(method, params);
      expect(error, method).toMatchObject({
        code: -32001,
        message: expect.stringContaining('"a"'),
      });
    }
  });

  test('a storage that fails is -32004 and the conversation goes on', async () => {
    const dir = scratch();
    const strange = join(dir, 'strange');
    writeFileSync(strange, 'not a checkpoint');
    const driver = await start('fixtures/plain.mjs');
    const save = await driver.ask('save', { id: 'a', path: join(dir, 'missing', 'file') });
    expect(save.error).toMatchObject({ code: -32004, message: expect.stringContaining('ENOENT') });
    const restore = await driver.ask('restore', { id: 'a', path: strange });
    expect(restore.error?.code).toBe(-32004);
    expect(await driver.get('train', { steps: 1, lr: 0.5 })).toMatchObject({ step: 1 });
  });

  test('a torn file on disk is -32004', async () => {
    const path = join(scratch(), 'torn');
    const driver = await start(DEMO);
    await driver.get('save', { id: 'a', path });
    writeFileSync(path, readFileSync(path).subarray(0, 2000));
    expect((await driver.ask('restore', { id: 'a', path })).error?.code).toBe(-32004);
  });
});

describe('validate', () => {
  test('answers with the loss and metrics, one that is not finite as null', async () => {
    const driver = await start('fixtures/validates.mjs');
    const reply = await driver.get('validate');
    expect(reply).toMatchObject({ loss: 0.5, metrics: { top1: 0.9, odd: null } });
    expect(await driver.get('validate', { batches: 3 })).toMatchObject({ loss: 3 });
  });

  test('is -32002 when the script gave no hook for it', async () => {
    const driver = await start('fixtures/plain.mjs');
    expect((await driver.ask('validate')).error?.code).toBe(-32002);
  });
});

describe('errors', () => {
  test.each([
    ['setLr', 'train', { steps: 2, lr: 0.5 }],
    ['getLr', 'train', { steps: 2, lr: 0.5 }],
    ['save', 'save', { id: 'b' }],
    ['restore', 'restore', { id: 'a' }],
    ['validate', 'validate', {}],
  ])(
    'a throwing %s is -32003 with its traceback and the next request is answered',
    async (hook, method, params) => {
      const driver = await start('fixtures/broken-hook.mjs', [hook]);
      if (hook === 'restore') await driver.get('save', { id: 'a' });
      const { error } = await driver.ask(method, params);
      expect(error).toMatchObject({ code: -32003, message: 'RangeError: out of paper' });
      expect(error?.data?.traceback).toContain('broken-hook.mjs');
      const again = await driver.get('train', { steps: 2, lr: 0.25 });
      expect(again).toMatchObject({ steps: 2, losses: [0.25, 0.25], lr: 0.25 });
    },
  );

  test('a script that raises in a step answers -32003 before it dies of it', async () => {
    const driver = await start('fixtures/dies.mjs');
    const { error } = await driver.ask('train', { steps: 5, lr: 0.5 });
    expect(error).toMatchObject({ code: -32003, message: 'RangeError: bad batch' });
    const { code, stderr } = await driver.ended;
    expect(code).toBe(1);
    expect(stderr).toContain('RangeError: bad batch');
  });

  test('a snapshot that cannot be copied is -32003 and says so', async () => {
    const driver = await start('fixtures/uncopyable.mjs');
    const { error } = await driver.ask('save', { id: 'a' });
    expect(error).toMatchObject({ code: -32003, message: expect.stringContaining('"save"') });
  });

  test('an unknown request is -32601', async () => {
    const driver = await start('fixtures/plain.mjs');
    expect((await driver.ask('dance')).error?.code).toBe(-32601);
  });

  test.each([
    ['steps', 'train', { steps: -1, lr: 0.1 }],
    ['steps', 'train', { steps: 1.5, lr: 0.1 }],
    ['lr', 'train', { steps: 1, lr: -0.1 }],
    ['lr', 'train', { steps: 2, lr: [0.1] }],
    ['lr', 'train', { steps: 1 }],
    ['halt', 'train', { steps: 1, lr: 0.1, halt: 'soon' }],
    ['batches', 'validate', { batches: 0 }],
    ['id', 'save', {}],
    ['path', 'save', { id: 'a', path: 7 }],
  ])('a wrong "%s" in %s %j is -32602 and named', async (field, method, params) => {
    const driver = await start('fixtures/validates.mjs');
    const { error } = await driver.ask(method, params);
    expect(error).toMatchObject({ code: -32602, message: expect.stringContaining(`"${field}"`) });
    expect(await driver.get('train', { steps: 1, lr: 0.1 })).toMatchObject({ step: 1 });
  });

  test('a line that is no JSON is -32700, one that is no request -32600', async () => {
    const driver = await start('fixtures/plain.mjs');
    driver.write('{"jsonrpc":\n');
    expect((await driver.answerTo(null)).error?.code).toBe(-32700);
    driver.write('{"jsonrpc":"1.0","method":"train"}\n');
    expect((await driver.answerTo(null)).error?.code).toBe(-32600);
    expect(await driver.get('train', { steps: 1, lr: 0.1 })).toMatchObject({ step: 1 });
  });
});

describe('where training stands', () => {
  const REFUSED = 'tuner.every takes a whole number of steps, 1 or more, and got 0';

  test('is told to a script that trains alone by its own steps', async () => {
    const { stdout } = await new Driver('fixtures/where.mjs', [], {}).ended;
    expect(stdout.trim().split('\n')).toEqual([
      '1 false false false',
      '2 false true false',
      '3 false false false',
      '4 false true false',
      REFUSED,
    ]);
  });

  test('is the committed path for "every", and after a rollback the step of the checkpoint', async () => {
    const driver = await start('fixtures/where.mjs');
    await driver.get('save', { id: 'a' });
    await driver.get('train', { steps: 2, lr: 1, purpose: 'search' });
    await driver.get('restore', { id: 'a' });
    await driver.get('train', { steps: 3, lr: 1, purpose: 'commit' });
    await driver.get('train', { steps: 1, lr: 1 }); // as a tuner of old asks
    const { stderr } = await driver.shutdown();
    expect(stderr.trim().split('\n')).toEqual([
      '1 true false false',
      '2 true false false',
      '1 false false false',
      '2 false true false',
      '3 false false false',
      '4 false true false',
      REFUSED,
    ]);
  });
});

describe('the wire', () => {
  test("carries nothing of the script's own output, which goes to stderr", async () => {
    const driver = await start('fixtures/chatty.mjs');
    const reply = await driver.get('train', { steps: 2, lr: 0.5 });
    expect(reply).toMatchObject({ losses: [0.5, 0.5] });
    const { stdout, stderr, code } = await driver.shutdown();
    expect(driver.stray).toEqual([]);
    expect(stdout).not.toContain('mine');
    expect(stderr.match(/"mine"/g)).toHaveLength(2);
    expect(stderr.match(/half a line/g)).toHaveLength(2);
    expect(code).toBe(0);
  });

  test('a request may come in pieces, and several in one', async () => {
    const driver = await start('fixtures/plain.mjs');
    driver.write('{"jsonrpc":"2.0","id":70,"method":"tr');
    driver.write(
      'ain","params":{"steps":1,"lr":0.5}}\r\n\n{"jsonrpc":"2.0","id":"b","method":"shutdown"}\n',
    );
    expect((await driver.answerTo(70)).result).toMatchObject({ step: 1 });
    expect((await driver.ended).code).toBe(0);
  });
});

describe('the end', () => {
  test('shutdown leaves the loop, and the script ends with status 0 after its own last lines', async () => {
    const driver = await start('fixtures/plain.mjs');
    await driver.get('train', { steps: 2, lr: 0.5 });
    expect(await driver.get('shutdown')).toEqual({ step: 2 });
    const { code, stderr } = await driver.ended; // stdin is still open
    expect(code).toBe(0);
    expect(stderr).toBe('done 2 at 0.5\n');
  });

  test('the end of stdin while it waits ends the script with one sentence and status 1', async () => {
    const driver = await start('fixtures/plain.mjs');
    await driver.get('train', { steps: 2, lr: 0.5 });
    driver.endStdin();
    const { code, stderr } = await driver.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^autolrs: the tuner is gone[^\n]*\n$/);
  });

  test('the end of stdin while it trains ends the script between two steps', async () => {
    const driver = await start('fixtures/plain.mjs');
    driver.send('train', { steps: 1e9, lr: 0.5 });
    await driver.nextProgress();
    driver.endStdin();
    const { code, stderr } = await driver.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^autolrs: the tuner is gone[^\n]*\n$/);
  });
});

describe('a signal that asks for an end', () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) {
    test(`is left to the tuner while the script is steered: ${signal}`, async () => {
      const driver = await start('fixtures/plain.mjs');
      await driver.get('train', { steps: 2, lr: 0.1 });
      for (let i = 0; i < 3; i++) driver.signal(signal);
      await driver.hears('came to the script');
      expect(await driver.get('save', { id: 'a' })).toMatchObject({ step: 2 });
      const { code, stderr } = await driver.shutdown();
      expect([code, stderr.split('\n')]).toEqual([
        0,
        [expect.stringMatching(`^autolrs: ${signal} came to the script`), 'done 2 at 0.1', ''],
      ]);
    });
  }
});
