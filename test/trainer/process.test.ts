import { describe, expect, it, onTestFinished } from 'vitest';
import type { Command } from '../../src/core/tuner/command.js';
import { startTrainer, type TrainerOptions } from '../../src/trainer/process.js';
import { FIXTURES } from '../support/cli.js';

const TRAIN: Command = { kind: 'train', purpose: 'search', steps: 2, lr: 0.05 };

async function start(name: string, options: Partial<TrainerOptions> = {}) {
  const trainer = await startTrainer({
    command: [process.execPath, `${FIXTURES}/${name}`],
    env: {},
    run: { id: 'r', dir: 'd', seed: 0 },
    version: '0.1.0',
    startTimeoutMs: 30_000,
    hintAfterMs: 30_000,
    onOutput: () => {},
    ...options,
  });
  onTestFinished(() => trainer.kill());
  return trainer;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('startTrainer', () => {
  it('shakes hands and answers one command after the other', async () => {
    const trainer = await start('trains.mjs');
    expect(trainer.facts).toMatchObject({ name: 'fixture', total: 600, lr: 0.1 });
    expect(await trainer.ask({ kind: 'save', checkpoint: 'a' })).toMatchObject({
      kind: 'saved',
      step: 0,
    });
    expect(await trainer.ask(TRAIN)).toMatchObject({ kind: 'trained', steps: 2, step: 2 });
    expect(await trainer.ask({ kind: 'restore', checkpoint: 'a' })).toMatchObject({ step: 0 });
    expect(await trainer.shutdown()).toEqual({ exitCode: 0, signal: undefined });
  });

  it('gives a hint when the script takes long to say hello, once', async () => {
    let hints = 0;
    const starting = start('never-says-hello.mjs', {
      hintAfterMs: 1,
      startTimeoutMs: 200,
      onHint: () => hints++,
    });
    await expect(starting).rejects.toMatchObject({ code: 'TRAINER_SILENT' });
    expect(hints).toBe(1);
  });

  it('is interrupted by its signal before the hello', async () => {
    const signal = AbortSignal.timeout(100);
    await expect(start('never-says-hello.mjs', { signal })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
  });
});

describe('a trainer', () => {
  it('that hangs is given up on, and killed although it ignores SIGTERM', {
    timeout: 30_000,
  }, async () => {
    const trainer = await start('ignores-signals.mjs', { leastPatienceMs: 100 });
    await expect(trainer.ask(TRAIN)).rejects.toMatchObject({ code: 'TRAINER_TIMEOUT' });
    expect(await trainer.abandon()).toMatchObject({ signal: 'SIGKILL' });
    expect(isAlive(trainer.pid)).toBe(false);
  });

  it('that dies while somebody else holds its pipes is known to be dead at once', async () => {
    const trainer = await start('leaves-a-child.mjs');
    await expect(trainer.ask(TRAIN)).rejects.toMatchObject({
      code: 'TRAINER_EXITED',
      facts: { exitCode: 5 },
    });
  });

  it('keeps the first cause of its end for every later command', async () => {
    const trainer = await start('answers-wrongly.mjs', {
      command: [process.execPath, `${FIXTURES}/answers-wrongly.mjs`, 'stale-id'],
    });
    await expect(trainer.ask(TRAIN)).rejects.toThrow('"id" is');
    await expect(trainer.ask({ kind: 'validate', purpose: 'commit' })).rejects.toThrow('"id" is');
  });

  it('answers a cancelled train with what is done', async () => {
    const interrupt = new AbortController();
    const trainer = await start('slow.mjs', { onProgress: () => interrupt.abort() });
    const reply = await trainer.ask({ ...TRAIN, steps: 1_000_000 }, interrupt.signal);
    expect(reply).toMatchObject({ kind: 'trained', end: 'cancel' });
  });

  it('is refused when it restores to another step than it saved', async () => {
    const trainer = await start('restores-elsewhere.mjs');
    await trainer.ask({ kind: 'save', checkpoint: 'a' });
    await trainer.ask(TRAIN);
    await expect(trainer.ask({ kind: 'restore', checkpoint: 'a' })).rejects.toThrow(
      '"step" is 2 when 0 steps are done',
    );
  });
});
