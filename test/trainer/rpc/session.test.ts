import { describe, expect, it } from 'vitest';
import { AutolrsError } from '../../../src/core/errors.js';
import { Session } from '../../../src/trainer/rpc/session.js';

const SHUTDOWN = { method: 'shutdown', params: {} } as const;
const TRAIN = { method: 'train', params: { steps: 1, lr: 0.1 } } as const;

/** Long enough for any test; a test that waits for it fails by its own timeout. */
const PATIENCE = {
  timeoutMs: () => 60_000,
  onTimeout: () => new AutolrsError('TRAINER_TIMEOUT', 'timed out'),
};

function open() {
  const sent: unknown[] = [];
  const progress: unknown[] = [];
  const logs: string[] = [];
  const session = new Session({
    send: (line) => sent.push(JSON.parse(line)),
    onProgress: (each) => progress.push(each),
    onLog: (level, message) => logs.push(`${level}: ${message}`),
  });
  const answer = (message: object) =>
    session.receive(JSON.stringify({ jsonrpc: '2.0', ...message }));
  return { session, sent, progress, logs, answer };
}

describe('Session', () => {
  it('counts its requests from 1 and hands each its own answer', async () => {
    const { session, sent, answer } = open();
    for (const id of [1, 2]) {
      const waiting = session.request(SHUTDOWN, PATIENCE);
      expect(answer({ id, result: { step: id } })).toBe(true);
      expect(await waiting).toEqual({ step: id });
    }
    expect(sent).toMatchObject([{ id: 1 }, { id: 2 }]);
  });

  it('tells the user’s own output from the conversation', () => {
    const { session } = open();
    expect(session.receive('{"loss": 1}')).toBe(false);
    expect(session.receive('{not json')).toBe(false);
  });

  it('takes a second request while one waits, for a bug in the tuner', async () => {
    const { session, answer } = open();
    const first = session.request(TRAIN, PATIENCE);
    await expect(session.request(SHUTDOWN, PATIENCE)).rejects.not.toBeInstanceOf(AutolrsError);
    answer({ id: 1, result: 'still answered' });
    expect(await first).toBe('still answered');
  });

  it('sends cancel during train alone', async () => {
    const { session, sent, answer } = open();
    session.cancel();
    const saving = session.request({ method: 'save', params: { id: 'a' } }, PATIENCE);
    session.cancel();
    answer({ id: 1, result: {} });
    await saving;
    const training = session.request(TRAIN, PATIENCE);
    session.cancel();
    answer({ id: 2, result: {} });
    await training;
    expect(sent.map((each) => (each as { method: string }).method)).toEqual([
      'save',
      'train',
      'cancel',
    ]); // what was parsed from our own lines
  });

  const faults: readonly (readonly [string, object, object])[] = [
    ['an answer to another question', { id: 7, result: {} }, { code: 'PROTOCOL_BAD_MESSAGE' }],
    ['a wrong shape', { id: 1 }, { code: 'PROTOCOL_BAD_MESSAGE' }],
    ['wrong progress', { method: 'progress', params: {} }, { code: 'PROTOCOL_BAD_MESSAGE' }],
    [
      'an error',
      { id: 1, error: { code: -32004, message: 'no space' } },
      { code: 'TRAINER_FAILED' },
    ],
    [
      'an error for null',
      { id: null, error: { code: -32700, message: 'm' } },
      { code: 'TRAINER_FAILED' },
    ],
  ];
  for (const [what, message, cause] of faults) {
    it(`rejects with ${what}, and all later requests with the same cause`, async () => {
      const { session, answer } = open();
      const waiting = session.request(TRAIN, PATIENCE);
      answer(message);
      session.fail(new AutolrsError('TRAINER_EXITED', 'a later cause'));
      await expect(waiting).rejects.toMatchObject(cause);
      await expect(session.request(SHUTDOWN, PATIENCE)).rejects.toMatchObject(cause);
    });
  }

  it('refuses an answer when nothing was asked', async () => {
    const { session, answer } = open();
    answer({ id: 1, result: {} });
    await expect(session.request(TRAIN, PATIENCE)).rejects.toThrow('nothing was asked');
  });

  it('takes a second answer to one question for one to nothing, although both come at once', async () => {
    const { session, answer } = open();
    const waiting = session.request(TRAIN, PATIENCE);
    answer({ id: 1, result: 'the first' });
    answer({ id: 1, result: 'the second' });
    expect(await waiting).toBe('the first');
    await expect(session.request(SHUTDOWN, PATIENCE)).rejects.toThrow('nothing was asked');
  });

  it('lets no error message of the trainer’s fake a line or move the cursor', async () => {
    const { session, answer } = open();
    const waiting = session.request(TRAIN, PATIENCE);
    const error = { code: -32003, message: 'x\nautolrs: all is well\u001b[1A' };
    answer({ id: 1, error: { ...error, data: { traceback: 'a\u001b[31m\nb\u0007' } } });
    await expect(waiting).rejects.toMatchObject({
      message: expect.stringContaining('x\\u000aautolrs: all is well\\u001b[1A'),
      facts: { stderrTail: ['a', 'b\\u0007'] },
    });
  });

  it('tells what its adapter calls permanent by its remedy alone, whole', async () => {
    const { session, answer } = open();
    const waiting = session.request(TRAIN, PATIENCE);
    const remedy = `take the scheduler out of the script\u001b, or ${'give --keep-schedule '.repeat(20)}`;
    const message = `autolrs.errors.SecondSchedulerError: ${remedy}`;
    answer({ id: 1, error: { code: -32003, message, data: { permanent: true } } });
    await expect(waiting).rejects.toMatchObject({
      code: 'TRAINER_FAILED',
      message: remedy.replace('\u001b', '\\u001b'),
      facts: { isPermanent: true },
    });
  });

  it('shows of a traceback its last lines, however long it is', async () => {
    const { session, answer } = open();
    const waiting = session.request(TRAIN, PATIENCE);
    const traceback = `${'x'.repeat(1_000_000)}\nValueError: bad batch\n`;
    answer({ id: 1, error: { code: -32003, message: 'ValueError', data: { traceback } } });
    const error = await waiting.catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(AutolrsError);
    if (!(error instanceof AutolrsError)) return;
    const lines = error.facts.stderrTail ?? [];
    expect(lines.at(-1)).toBe('ValueError: bad batch');
    expect(lines.join('\n').length).toBeLessThanOrEqual(8192);
  });

  it('restarts the clock at every sign of life, and times out without one', async () => {
    const { session, answer, progress, logs } = open();
    let asked = 0;
    const waiting = session.request(TRAIN, {
      timeoutMs: () => (++asked < 4 ? 60_000 : 1),
      onTimeout: (ms) => new AutolrsError('TRAINER_TIMEOUT', `${ms}`),
    });
    answer({ method: 'progress', params: { step: 1, losses: [1] } });
    answer({ method: 'log', params: { level: 'info', message: 'hi' } });
    answer({ method: 'of-a-later-version', params: 1 });
    await expect(waiting).rejects.toMatchObject({ code: 'TRAINER_TIMEOUT', message: '1' });
    expect({ progress, logs }).toEqual({
      progress: [{ step: 1, losses: [1] }],
      logs: ['info: hi'],
    });
  });
});
