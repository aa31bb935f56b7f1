import { constants } from 'node:os';
import { platform } from 'node:process';
import { describe, expect, it } from 'vitest';
import { ANNOUNCING, INSISTENT } from '../../src/cli/signals.js';
import { AutolrsError } from '../../src/core/errors.js';
import { isAskedToEnd } from '../../src/core/sent-signals.js';
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
  const SENT = 'HUP INT QUIT KILL USR1 USR2 ALRM TERM XCPU XFSZ VTALRM PWR'.split(' ');
  const OWN = 'SEGV ABRT FPE BUS ILL TRAP SYS PIPE PROF'.split(' ');
  const numberOf = (name: string) => constants.signals[`SIG${name}` as NodeJS.Signals];

  for (const name of SENT) {
    it(`takes a script that SIG${name} ends for one that somebody else ended`, () => {
      expect(isFromOutside(exited({ signal: `SIG${name}` }))).toBe(true);
    });
  }

  it.skipIf(platform !== 'linux')(
    'knows them by the exit code of a shell around the script',
    () => {
      for (const name of SENT)
        expect(isFromOutside(exited({ exitCode: 128 + numberOf(name) })), name).toBe(true);
      for (const name of OWN)
        expect(isFromOutside(exited({ exitCode: 128 + numberOf(name) })), name).toBe(false);
    },
  );

  it('takes nothing else for one', () => {
    for (const name of [...OWN, 'NEVER']) {
      expect(isFromOutside(exited({ signal: `SIG${name}` })), name).toBe(false);
    }
    for (const facts of [{ signal: 'toString' }, { exitCode: 0 }, { exitCode: 1 }, {}]) {
      expect(isFromOutside(exited(facts))).toBe(false);
    }
    expect(isFromOutside(new AutolrsError('TRAINER_FAILED', 'raised'))).toBe(false);
  });

  it('and a signal that ends a run in order asks all of its processes to end', () => {
    for (const signal of [...INSISTENT, ...ANNOUNCING]) {
      expect(isAskedToEnd({ signal }), signal).toBe(true);
    }
    for (const signal of ['SIGKILL', 'SIGXFSZ']) expect(isAskedToEnd({ signal })).toBe(false);
  });
});
