/** The event file of a run, as the real TensorBoard reads it. */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lrAt } from '../../src/core/record/committed-schedule.js';
import type { RunResult } from '../../src/core/record/result.js';
import { BoardWriter } from '../../src/journal/tensorboard/board.js';
import { fixture, ROOT, runCli, temporaryDirectory } from '../support/cli.js';
import { hasPythonModule, pythonOf } from '../support/python.js';

const PYTHON = pythonOf('trackers');
const isThere = hasPythonModule(PYTHON, 'tensorboard');

type Tags = Readonly<Record<string, readonly (readonly [step: number, value: number])[]>>;

/** By the folder of the run within the directory. */
function read(dir: string): Readonly<Record<string, Tags>> {
  const script = join(ROOT, 'test', 'fixtures', 'trackers', 'read_board.py');
  const { stdout, stderr, status } = spawnSync(PYTHON, [script, dir], { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout);
}

const committed = (step: number, loss: number) =>
  ({ kind: 'committed', step, values: { 'train/loss': loss } }) as const;

const FLAGS = ['--strategy', 'paper', '--steps', '120', '--tau', '40', '--candidates', '3'];
const INTERVAL = ['--min-lr', '1e-3', '--max-lr', '0.5', '--checkpoint-steps', '20'];

async function run(...more: readonly string[]) {
  const dir = join(temporaryDirectory(), 'run');
  const args = ['run', '--quiet', '--run-dir', dir, ...FLAGS, ...INTERVAL, ...more];
  const { code, stderr } = await runCli([...args, '--', ...fixture('trains.mjs')]);
  expect(code, stderr).toBe(0);
  return dir;
}

function expectCommittedPath(tags: Tags | undefined, dir: string): void {
  const { schedule, steps }: RunResult = JSON.parse(readFileSync(join(dir, 'result.json'), 'utf8'));
  const lrs = tags?.['learning_rate'] ?? [];
  expect(lrs.map(([step]) => step)).toEqual(
    Array.from({ length: steps.committed }, (_, i) => i + 1),
  );
  for (const [step, lr] of lrs) expect(lr).toBeCloseTo(lrAt(schedule, step - 1) ?? 0, 6);
  expect(tags?.['train/loss']?.length).toBe(steps.committed);
}

describe('tensorboard/', () => {
  it('has LR, losses and validation of the committed path alone', async ({ skip }) => {
    if (!isThere) return skip('tensorboard is not installed');
    const dir = await run();
    const runs = read(join(dir, 'tensorboard'));
    expect(Object.keys(runs)).toEqual(['.']);
    expectCommittedPath(runs['.'], dir);
    const validation = runs['.']?.['validation/loss'] ?? [];
    const { loss }: RunResult = JSON.parse(readFileSync(join(dir, 'result.json'), 'utf8'));
    expect(validation.at(-1)?.[1]).toBeCloseTo(loss.validation ?? 0, 5);
  });

  it('has the trials too, each by itself, if they are asked for', async ({ skip }) => {
    if (!isThere) return skip('tensorboard is not installed');
    const dir = await run('--tensorboard', 'all');
    const runs = read(join(dir, 'tensorboard'));
    expectCommittedPath(runs['.'], dir);
    const trials = Object.keys(runs)
      .filter((name) => name.startsWith('trial-'))
      .toSorted();
    expect(trials.length).toBe(6);
    expect(trials[0]).toMatch(/^trial-000-lr-/);
    expect(runs[trials[0] ?? '']?.['train/loss']?.[0]?.[0]).toBe(1);
  });

  it('is not there if it is not wanted, then and after a resume', async () => {
    const dir = await run('--tensorboard', 'off');
    expect(existsSync(join(dir, 'tensorboard'))).toBe(false);
    await runCli(['resume', '--quiet', dir, '--steps', '160']);
    expect(existsSync(join(dir, 'tensorboard'))).toBe(false);
  });

  it('is whole after a resume', async ({ skip }) => {
    if (!isThere) return skip('tensorboard is not installed');
    const dir = await run();
    const { code, stderr } = await runCli(['resume', '--quiet', dir, '--steps', '200']);
    expect(code, stderr).toBe(0);
    expect(readdirSync(join(dir, 'tensorboard'))).toHaveLength(1);
    expectCommittedPath(read(join(dir, 'tensorboard'))['.'], dir);
  });

  it('tells TensorBoard what was taken back', ({ skip }) => {
    if (!isThere) return skip('tensorboard is not installed');
    const dir = temporaryDirectory();
    const lost: unknown[] = [];
    const writer = new BoardWriter(dir, 'committed', (error) => lost.push(error));
    writer.add([committed(1, 9), committed(2, 8), committed(3, 7)]);
    expect(writer.hasVoid).toBe(false);
    writer.add([{ kind: 'taken-back', step: 1 }, committed(2, 5)]);
    expect(writer.hasVoid).toBe(true);
    writer.close();
    expect(lost).toEqual([]);
    expect(read(dir)['tensorboard']?.['train/loss']).toEqual([
      [1, 9],
      [2, 5],
    ]);
  });

  it('ends without ending the run where it cannot be written', () => {
    const dir = temporaryDirectory();
    const said: string[] = [];
    const writer = new BoardWriter(join(dir, 'a\0b'), 'committed', ({ message }) =>
      said.push(message),
    );
    writer.add([committed(1, 9)]);
    writer.add([committed(2, 9)]);
    writer.close();
    expect(said).toHaveLength(1);
  });

  it('refuses another word', async () => {
    const { code, stderr } = await runCli(['run', '--tensorboard', 'some', '--', 'true']);
    expect(code).toBe(2);
    expect(stderr).toContain('--tensorboard is "some"; give one of: committed, all, off');
  });
});
