/** Ask and tell in Python, held to the door of the library: the same arithmetic, the same decisions and LRs. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/core/conversation/command.js';
import { createTuner, type ToldReply } from '../../src/core/create-tuner.js';
import { ROOT, temporaryDirectory } from '../support/cli.js';
import { hasPythonModules, PYTHON } from '../support/python.js';
import { essenceOf, readRun } from '../support/read-run.js';

const ADAPTER = join(ROOT, 'adapters', 'python');
const SEED = 3;
const BUDGET = 1600;

/** As `Line` of adapters/python/tests/own_trainer.py does it, operation by operation. */
class Line {
  #state = { step: 0, slope: 0, offset: 0 };
  readonly #saved = new Map<string, { step: number; slope: number; offset: number }>();

  carryOut(command: Command): ToldReply {
    switch (command.kind) {
      case 'save':
        this.#saved.set(command.checkpoint, this.#state);
        return { kind: 'saved' };
      case 'restore':
        this.#state = this.#saved.get(command.checkpoint) ?? this.#state;
        return { kind: 'restored' };
      case 'discard':
        this.#saved.delete(command.checkpoint);
        return { kind: 'discarded' };
      case 'validate':
        return { kind: 'validated', loss: this.#evaluate(1_000_000, 500).loss };
      case 'train': {
        const { lr, steps } = command;
        const lrs = typeof lr === 'number' ? Array.from({ length: steps }, () => lr) : lr;
        return { kind: 'trained', losses: lrs.map((one) => this.#update(one)) };
      }
      default:
        throw new Error(`not asked of a loop like this: ${command.kind}`);
    }
  }

  #update(lr: number): number {
    const { step, slope, offset } = this.#state;
    const { loss, bySlope, byOffset } = this.#evaluate(16 * step, 16);
    this.#state = { step: step + 1, slope: slope - lr * bySlope, offset: offset - lr * byOffset };
    return loss;
  }

  #evaluate(first: number, count: number) {
    const { slope, offset } = this.#state;
    let [loss, bySlope, byOffset] = [0, 0, 0];
    for (let k = first; k < first + count; k++) {
      const x = ((k * k * 7) % 2003) / 1001 - 1;
      const noise = ((k * k * 11) % 3001) / 1500 - 1;
      const error = slope * x + offset - (3 * x - 1 + noise);
      loss += (error * error) / count;
      bySlope += (2 * error * x) / count;
      byOffset += (2 * error) / count;
    }
    return { loss, bySlope, byOffset };
  }
}

function python(cwd: string, args: readonly string[]) {
  const { AUTOLRS_STRATEGY: _, ...env } = process.env;
  return spawnSync(PYTHON, args, {
    cwd,
    encoding: 'utf8',
    env: {
      ...env,
      AUTOLRS_COMMAND: `"${process.execPath}" "${join(ROOT, 'bin', 'autolrs.js')}"`,
      PYTHONPATH: `${ADAPTER}:${join(ADAPTER, 'tests')}`,
    },
  });
}

describe('autolrs.ask_tell', () => {
  it.each(['horizon', 'paper'] as const)('decides with %s as createTuner does', (strategy) => {
    const line = new Line();
    const tuner = createTuner({
      strategy,
      budget: BUDGET,
      seed: SEED,
      trainer: { lr: 0.1, canValidate: true },
    });
    for (let command = tuner.ask(); command !== undefined; command = tuner.ask()) {
      tuner.tell(line.carryOut(command));
    }

    const cwd = temporaryDirectory();
    const script = `
import autolrs
from own_trainer import Line

line = Line()
options = dict(strategy="${strategy}", budget=${BUDGET}, seed=${SEED}, run_dir="run")
with autolrs.ask_tell(lr=0.1, can_validate=True, can_write_files=True, **options) as tuner:
    while (request := tuner.ask()) is not None:
        tuner.tell(line.carry_out(request))
`;
    const { status, stderr } = python(cwd, ['-c', script]);
    expect(status, stderr).toBe(0);
    const { decisions, schedule, total, loss } = essenceOf(readRun(join(cwd, 'run')));
    expect(decisions.length).toBeGreaterThan(5);
    expect(decisions).toEqual(tuner.decisions);
    expect(schedule).toEqual(tuner.result.schedule);
    expect([total, loss]).toEqual([tuner.result.steps.total, tuner.result.loss]);
  });
});

describe.skipIf(!hasPythonModules('numpy'))('examples/library/own_loop.py', () => {
  it('trains a network of NumPy within its budget', () => {
    const cwd = temporaryDirectory();
    const { status, stdout, stderr } = python(cwd, [
      join(ROOT, 'examples', 'library', 'own_loop.py'),
    ]);
    expect(status, stderr).toBe(0);
    const [, committed, search] = /(\d+) steps committed, (\d+) in the search/.exec(stdout) ?? [];
    expect(Number(committed) + Number(search)).toBe(1000);
    expect(Number(/accuracy (.+)/.exec(stdout)?.[1])).toBeGreaterThan(0.95);
  });
});
