import { describe, expect, it } from 'vitest';
import { AutolrsError } from '../../src/core/errors.js';
import { causeOf, isFromOutside } from '../../src/run/cause.js';

const raised = (message: string) => causeOf(new AutolrsError('TRAINER_FAILED', message));
const exited = (facts: { exitCode?: number; signal?: string }) =>
  new AutolrsError('TRAINER_EXITED', 'the script ended (step 7)', facts);

describe('causeOf', () => {
  const same: readonly (readonly [string, string])[] = [
    ['loss is nan at step 12', 'loss is inf at step 4,011'],
    ['ValueError: got -1.5e-3', 'ValueError: got 7'],
    ['<Tensor object at 0x7f3a10>', '<Tensor object at 0x55cd>'],
    ['no /tmp/tmp_ab12/x.npy', 'no /tmp/tmpzz/y.npy'],
    ['shard 9f86d081884c is gone', 'shard 2c26b46b68ff is gone'],
  ];
  for (const [one, other] of same) {
    it(`takes "${one}" and "${other}" for one`, () => {
      expect(raised(one)).toBe(raised(other));
    });
  }

  it('tells messages, codes, exit codes and signals apart', () => {
    const causes = [
      raised('no such file'),
      raised('a facade of deadbeef words'),
      causeOf(new AutolrsError('TRAINER_TIMEOUT', 'no such file')),
      causeOf(exited({ exitCode: 1 })),
      causeOf(exited({ exitCode: 3 })),
      causeOf(exited({ signal: 'SIGABRT' })),
    ];
    expect(new Set(causes).size).toBe(causes.length);
  });
});

describe('isFromOutside', () => {
  it('knows signals that somebody sends, also by the exit code of a shell around the script', () => {
    for (const facts of [{ signal: 'SIGKILL' }, { signal: 'SIGTERM' }, { exitCode: 137 }]) {
      expect(isFromOutside(exited(facts))).toBe(true);
    }
  });

  it('takes nothing else for one', () => {
    for (const facts of [{ signal: 'SIGSEGV' }, { exitCode: 1 }, { exitCode: 139 }, {}]) {
      expect(isFromOutside(exited(facts))).toBe(false);
    }
    expect(isFromOutside(new AutolrsError('TRAINER_FAILED', 'raised'))).toBe(false);
  });
});
