/**
 * The trainers that speak the wire without a library, each in a language of its own, under the real CLI. All four do the
 * same arithmetic in the same order, so each is held to the same bits as the one in JavaScript.
 */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseResult } from '../../src/protocol/parse.js';
import { runCli, temporaryDirectory } from '../support/cli.js';
import { canRun, commandOf, LANGUAGES, type Language } from '../support/protocol-examples.js';
import { readRun } from '../support/read-run.js';

const FLAGS = '--seed 1 --checkpoint-steps 250'.split(' ');
const SHUTDOWN = request(99, 'shutdown');

const home = mkdtempSync(join(tmpdir(), 'autolrs-test-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

function request(id: number, method: string, params: object = {}) {
  return { jsonrpc: '2.0', id, method, params };
}

/** Sends lines to a trainer and waits for its end. */
async function talk(language: Language, lines: readonly (object | string)[]) {
  const [file = '', ...args] = commandOf(language, home);
  const child = spawn(file, args, { env: { ...process.env, AUTOLRS: '1' } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  for (const line of lines) {
    child.stdin.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
  }
  child.stdin.end();
  const [code] = await once(child, 'close');
  const written = stdout.trim().split('\n');
  return {
    code,
    stderr,
    messages: written.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)),
    printed: written.filter((line) => !line.startsWith('{')),
  };
}

/** The loss that a trainer prints at its end, without a tuner. */
function lossAlone(language: Language): number {
  const [file = '', ...args] = commandOf(language, home);
  const { AUTOLRS: _, ...env } = process.env;
  const { status, stdout } = spawnSync(file, args, { encoding: 'utf8', env });
  expect(status).toBe(0);
  return Number(/^validation loss (\S+)\n$/.exec(stdout)?.[1]);
}

const runs = new Map<string, Promise<string>>();

/** The directory of a run that nobody disturbs; each is run once, for all tests that read it. */
function undisturbed(language: Language, strategy: string): Promise<string> {
  const name = `${language}-${strategy}`;
  const known = runs.get(name) ?? run(language, strategy, join(home, name));
  runs.set(name, known);
  return known;
}

async function run(language: Language, strategy: string, dir: string): Promise<string> {
  const flags = ['--run-dir', dir, '--strategy', strategy, ...FLAGS];
  const end = await runCli(['run', ...flags, '--', ...commandOf(language, home)]);
  expect(end.code, end.stderr).toBe(0);
  expect(end.stderr).toMatch(/\nvalidation loss 0\.36/);
  return dir;
}

/** A run by the published method to which something happens in the second stage. */
async function runDisturbed(
  language: Language,
  dir: string,
  disturb: (kill: (signal: NodeJS.Signals) => void) => void,
) {
  let isDone = false;
  return runCli(['run', '--run-dir', dir, ...FLAGS, '--', ...commandOf(language, home)], {
    onStderr(text, kill) {
      if (isDone || !text.includes('stage 1 probe 2')) return;
      isDone = true;
      disturb(kill);
    },
  });
}

/** The LRs that were asked for, and the losses that came back. */
function conversation(dir: string) {
  return readRun(dir).records.flatMap(({ command, reply }) => {
    const said = { lr: command?.lr, losses: reply?.losses, loss: reply?.loss };
    return Object.values(said).every((value) => value === undefined) ? [] : [said];
  });
}

describe.each(LANGUAGES)('the trainer in %s', { timeout: 120_000 }, (language) => {
  const test = it.skipIf(!canRun(language));

  test('trains by itself without a tuner, to the bits of the one in JavaScript', () => {
    expect(lossAlone(language)).toBe(lossAlone('javascript'));
    expect(lossAlone(language)).toBeLessThan(0.4);
  });

  test('is found fit by the doctor, to the bit', async () => {
    const args = ['doctor', '--json', '--', ...commandOf(language, home)];
    const { code, stdout } = await runCli(args);
    expect(code, stdout).toBe(0);
    const { findings } = JSON.parse(stdout);
    expect(findings.filter(({ verdict }: { verdict: string }) => verdict !== 'ok')).toEqual([]);
    expect(stdout).toContain('31 losses bit-equal from a file');
  });

  test.each(['horizon', 'paper'])(
    'is steered by %s as the one in JavaScript is',
    async (strategy) => {
      const mine = conversation(await undisturbed(language, strategy));
      expect(mine.length).toBeGreaterThan(20);
      expect(mine).toEqual(conversation(await undisturbed('javascript', strategy)));
    },
  );

  test('goes on after a SIGKILL of the tuner as if nothing had happened', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const killed = await runDisturbed(language, dir, (kill) => kill('SIGKILL'));
    expect(killed.code, killed.stderr).toBeNull();
    const resumed = await runCli(['resume', dir]);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(readRun(dir).essence).toEqual(readRun(await undisturbed(language, 'paper')).essence);
  });

  test('is started again after a SIGKILL of its own, and ends the same', async () => {
    const dir = join(temporaryDirectory(), 'run');
    const { code, stderr } = await runDisturbed(language, dir, () => {
      const journal = readFileSync(join(dir, 'journal.jsonl'), 'utf8');
      process.kill(Number(/"process":\{[^}]*"pid":(\d+)/.exec(journal)?.[1]), 'SIGKILL');
    });
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('starting it again (1 of 3)');
    expect(readRun(dir).essence).toEqual(readRun(await undisturbed(language, 'paper')).essence);
  });

  test('answers what it cannot do with an error, and a notification not at all', async () => {
    const path = join(temporaryDirectory(), 'damaged');
    writeFileSync(path, 'no checkpoint\n');
    const cases: readonly (readonly [code: number, method: string, params: object])[] = [
      [-32601, 'dance', {}],
      [-32601, 'toString', {}],
      [-32001, 'restore', { id: 'a', path: `${path}-not` }],
      [-32002, 'save', { id: 'a' }],
      [-32004, 'save', { id: 'a', path: join(path, 'a') }],
      [-32004, 'restore', { id: 'a', path }],
      [-32602, 'train', { steps: 2, lr: [0.1] }],
      [-32602, 'train', { steps: 2, lr: [0.1, 0.1, 0.1] }],
      [-32602, 'train', { steps: 2, lr: 'high' }],
      [-32602, 'train', { steps: 2 }],
      [-32602, 'train', { lr: 0.1 }],
    ];
    const { code, messages, printed } = await talk(language, [
      ...cases.map(([, method, params], id) => request(id, method, params)),
      { jsonrpc: '2.0', method: 'cancel' },
      { jsonrpc: '2.0', method: 'news', params: { id: 5 } },
      SHUTDOWN,
    ]);
    const answers = messages.map(({ id, error }) => [id, error?.code]);
    expect(answers).toEqual([...cases.map(([expected], id) => [id, expected]), [99, undefined]]);
    expect(messages.at(-1).result.step).toBe(0); // nothing was trained
    expect([code, printed.length]).toEqual([0, 1]);
  });

  test('reads fields in any order and spacing, unknown ones, and names with escapes', async () => {
    const dir = temporaryDirectory();
    const id = '\u00e4 "quoted" \\ {name}, [1]: \u{1f600}\n';
    const path = join(dir, 'a "quoted" \\ \u00e4');
    const where = JSON.stringify({ id, path }).slice(1, -1);
    const { messages } = await talk(language, [
      '{ "params" : { "of":{"steps":9,"lr":[7]},"lr" : [ 0.1 ,0.2,3e-1 ] , "steps":3 } ,"method":"train","id" : 1}',
      `{"id":2,"method":"save","params":{"note":"\\"path\\":\\"x\\"}","list":[{"id":3}],${where}},"id2":7}`,
      request(3, 'train', { steps: 2, lr: 0.1 }),
      `{"jsonrpc":"2.0","other":{"path":"x"},"id":4,"method":"restore","params":{${where}}}`,
      request(5, 'train', { steps: 2, lr: 0.1 }),
      request(6, 'discard', { id, path }),
      request(7, 'discard', { id, path }),
      SHUTDOWN,
    ]);
    const [trained, saved, first, restored, again, ...discarded] = messages.map((m) => m.result);
    expect(trained).toMatchObject({ steps: 3, lr: 0.3, step: 3 });
    expect(parseResult('save', saved)).toMatchObject({ id, step: 3 });
    expect(parseResult('restore', restored)).toMatchObject({ id, step: 3, lr: 0.3 });
    expect(again.losses).toEqual(first.losses);
    expect(discarded).toMatchObject([{ id }, { id }, { step: 5 }]);
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(dir)).toEqual([]);
  });

  test('ends a request where the losses are too high, or not finite any more', async () => {
    const { messages } = await talk(language, [
      request(1, 'initialize', { protocol: 1 }),
      request(2, 'train', { steps: 9, lr: 0, halt: 1 }),
      request(3, 'train', { steps: 3, lr: 0.01, halt: 1e9 }),
      request(4, 'train', { steps: 200, lr: 1e30 }),
      request(5, 'validate'),
      SHUTDOWN,
    ]);
    const [handshake, halted, on, diverged, validated] = messages.map(({ result }) => result);
    const can = { validate: true, disk: true, memory: false, rewind: true, cancel: false };
    expect(parseResult('initialize', handshake).can).toEqual(can);
    expect(parseResult('train', halted)).toMatchObject({ steps: 1, end: 'halt', step: 1 });
    expect(parseResult('train', on).end).toBeUndefined();
    expect(diverged.end).toBe('diverged');
    expect(diverged.losses).toHaveLength(diverged.steps);
    expect(diverged.losses.indexOf(null)).toBe(diverged.steps - 1);
    expect(validated.loss).toBeNull();
  });

  test('fails without a word on stdout when the tuner is gone', async () => {
    const { code, stderr, messages, printed } = await talk(language, [request(1, 'validate')]);
    expect(code).toBe(1);
    expect(stderr).toContain('the tuner is gone without a shutdown');
    expect([messages.length, printed]).toEqual([1, []]);
  });
});
