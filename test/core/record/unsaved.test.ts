/** Committed steps that are in no file, as the end of a run tells of them. */

import { describe, expect, it } from 'vitest';
import type { Command, Reply, TrainedReply } from '../../../src/core/conversation/command.js';
import type { RunStatus } from '../../../src/core/record/result.js';
import { ResultBuilder } from '../../../src/core/record/result-builder.js';
import { describeEnd } from '../../../src/display/run/status.js';

class Run {
  readonly #builder = new ResultBuilder({ id: 'r', dir: 'd', strategy: 'horizon', seed: 0 });
  #step = 0;
  #files = 0;

  constructor() {
    this.#builder.begin(0);
  }

  #ask(command: Command, reply: Reply): this {
    this.#builder.add({ kind: 'command', command });
    this.#builder.add({ kind: 'reply', reply });
    return this;
  }

  train(steps: number, purpose: 'commit' | 'search' = 'commit'): this {
    this.#step += steps;
    const reply: TrainedReply = {
      kind: 'trained',
      steps,
      step: this.#step,
      losses: Array(steps).fill(1),
      lr: 1,
      seconds: 0,
    };
    return this.#ask({ kind: 'train', purpose, steps, lr: 1 }, reply);
  }

  save(checkpoint: string): this {
    const reply = { kind: 'saved', step: this.#step, bytes: 1, seconds: 0 } as const;
    return this.#ask({ kind: 'save', checkpoint }, reply);
  }

  restore(checkpoint: string, step: number): this {
    this.#step = step;
    return this.#ask(
      { kind: 'restore', checkpoint },
      { kind: 'restored', step, lr: 1, seconds: 0 },
    );
  }

  write(): this {
    const file = `${this.#files++}`;
    const checkpoint = { file, step: this.#step, bytes: 1, sha256: '' };
    this.#builder.add({ kind: 'checkpoint', checkpoint });
    return this;
  }

  end(status: RunStatus = 'interrupted') {
    return this.#builder.build(status, 0);
  }
}

const unsavedOf = (run: Run) => run.end().steps.unsaved;

describe('committed steps that are not on disk', () => {
  it('are those since the newest file', () => {
    expect(unsavedOf(new Run().train(5))).toBe(5);
    expect(unsavedOf(new Run().train(5).write())).toBeUndefined();
    expect(unsavedOf(new Run().train(5).write().train(2).train(1))).toBe(3);
  });

  it('are no steps of a probe, which is rolled back', () => {
    const probed = () => new Run().train(5).save('a').train(3, 'search');
    expect(unsavedOf(probed())).toBe(5);
    expect(unsavedOf(probed().restore('a', 5).write())).toBeUndefined();
    const written = new Run().train(5).save('a').write().train(3, 'search').restore('a', 5);
    expect(unsavedOf(written)).toBeUndefined();
  });

  it('are counted from the file that a return leads to', () => {
    const returned = new Run().train(5).write().train(2).save('best').train(4).restore('best', 7);
    expect(unsavedOf(returned)).toBe(2);
    expect(returned.end().steps.committed).toBe(7);
    expect(unsavedOf(returned.write().train(1))).toBe(1);
  });

  it('are told at an end that leaves them there, and at no other', () => {
    const run = new Run().train(1500);
    expect(describeEnd(run.end())).toBe(
      'interrupted; 1,500 committed steps are not on disk, and a resume does them again',
    );
    expect(describeEnd(new Run().train(1).end('failed'))).toBe(
      'failed; 1 committed step is not on disk, and a resume does them again',
    );
    expect(describeEnd(run.end('unfinished'), { process: { pid: 7 } })).toBe('running: process 7');
    expect(run.end('finished').steps.unsaved).toBeUndefined();
    expect(describeEnd(new Run().train(5).write().end())).toBe('interrupted');
  });
});
