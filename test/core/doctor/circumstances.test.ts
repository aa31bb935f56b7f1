/** What surrounds the examination, and an examination that was cut short. */

import { describe, expect, it } from 'vitest';
import type { Command, Reply } from '../../../src/core/conversation/command.js';
import { diagnose, fitnessOf, notExamined } from '../../../src/core/doctor/diagnose.js';
import { startEvidence } from '../../../src/core/doctor/evidence.js';
import { examine } from '../../../src/core/doctor/examine.js';
import type { Circumstances, Failure } from '../../../src/core/doctor/finding.js';
import { AilingTrainer, type Ailment } from '../../support/ailing-trainer.js';
import { drive } from '../../support/drive.js';
import { examined } from '../../support/examined.js';

const QUIET: Circumstances = {
  command: ['python', 'train.py'],
  limitSeconds: 300,
  hasOwnStdout: false,
  isTorn: false,
  isOutOfTime: false,
};

const FAILURE: Failure = {
  code: 'TRAINER_EXITED',
  message: 'the script ended',
  lines: ['ValueError: no'],
  isOtherLr: false,
};

/** The findings that are not well after `commands` commands; all of them, if that is absent. */
function troublesAfter(
  commands: number,
  circumstances: Partial<Circumstances> = {},
  facts: object = {},
) {
  const trainer = new AilingTrainer();
  const evidence = startEvidence({ ...trainer.facts, ...facts });
  let left = commands;
  const answer = (command: Command): Reply => {
    if (left-- <= 0) throw new Error('cut');
    return trainer.answer(command);
  };
  const plan = { trainSeconds: 60, validateSeconds: 6, path: '/runs/doctor' };
  try {
    drive(examine(evidence, plan), { answer });
  } catch (error) {
    if (!(error instanceof Error && error.message === 'cut')) throw error;
  }
  return diagnose({ evidence, circumstances: { ...QUIET, ...circumstances } })
    .filter(({ verdict }) => verdict !== 'ok')
    .map(({ check, verdict, cause }) => `${check}: ${verdict}${cause ? `, ${cause}` : ''}`);
}

const ALL = Number.POSITIVE_INFINITY;

describe('diagnose', () => {
  it('says of a script that never connected that it did not start, and what it printed', () => {
    const circumstances = { ...QUIET, failure: FAILURE };
    expect(diagnose({ circumstances })).toEqual([
      { check: 'handshake', verdict: 'defect', cause: 'not-started' },
    ]);
    expect(
      diagnose({
        circumstances: { ...circumstances, isTorn: true, printedBeforeHandshake: '9 %' },
      }),
    ).toEqual([
      { check: 'handshake', verdict: 'unknown' },
      { check: 'stdout', verdict: 'defect', cause: 'tears-messages' },
    ]);
  });

  it('judges what was seen before a failure, and calls the rest unknown', () => {
    for (let commands = 0; commands < 30; commands++) {
      const troubles = troublesAfter(commands, { failure: FAILURE });
      expect(troubles).toContain('training: defect, failed');
      expect(troubles.filter((trouble) => trouble.includes('defect'))).toHaveLength(1);
    }
  });

  it('blames a failure on the clock, on a torn message or on a second scheduler where it is theirs', () => {
    const failure = FAILURE;
    expect(troublesAfter(9, { failure, isOutOfTime: true })).toContain(
      'training: defect, out-of-time',
    );
    const torn = troublesAfter(9, { failure, isTorn: true, printedLater: '9 %' });
    expect(torn).toContain('stdout: defect, tears-messages');
    expect(torn).toContain('training: unknown');
    const other = troublesAfter(1, { failure: { ...failure, isOtherLr: true } });
    expect(other).toContain('lr: defect, other-scheduler');
    expect(other).toContain('training: unknown');
  });

  it('takes output between messages for a defect, before the handshake for a note, on a socket for nothing', () => {
    expect(troublesAfter(ALL, { printedLater: 'epoch 1' })).toEqual([
      'stdout: defect, prints-between-messages',
      'resume: unknown',
    ]);
    expect(troublesAfter(ALL, { printedBeforeHandshake: 'hi' })).toEqual([
      'stdout: note, prints-before-handshake',
      'resume: unknown',
    ]);
    expect(troublesAfter(ALL, { printedLater: 'epoch 1', hasOwnStdout: true })).toEqual([
      'resume: unknown',
    ]);
  });

  it('wonders about a launcher of many processes whose script says that it trains alone', () => {
    const command = ['/usr/bin/torchrun', '--nproc-per-node', '2', 'train.py'];
    expect(troublesAfter(ALL, { command })).toContain('ranks: note, ranks-alone');
    expect(troublesAfter(ALL, { command }, { world: 2 })).toEqual(['resume: unknown']);
  });
});

describe('a new process', () => {
  const evidence = examined(new AilingTrainer());
  const causeOf = (circumstances: Partial<Circumstances>) =>
    diagnose({ evidence, circumstances: { ...QUIET, ...circumstances } }).find(
      ({ check }) => check === 'resume',
    );

  it('that fails or cannot read the file is a defect, one that the time was too short for is not', () => {
    expect(causeOf({})?.verdict).toBe('ok');
    expect(causeOf({ resumeFailure: FAILURE })).toMatchObject({
      verdict: 'defect',
      cause: 'resume-fails',
    });
    expect(causeOf({ isResumeOutOfTime: true })).toMatchObject({
      verdict: 'unknown',
      cause: 'resume-out-of-time',
    });
  });
});

describe('fitnessOf', () => {
  it('is fit, fit except for what was not examined, or unfit', () => {
    const fitnessAfter = (...ailments: Ailment[]) => {
      const evidence = examined(new AilingTrainer(...ailments));
      const findings = diagnose({ evidence, circumstances: QUIET });
      return [fitnessOf(findings), ...notExamined(findings).map(({ check }) => check)];
    };
    expect(fitnessAfter()).toEqual(['fit']);
    expect(fitnessAfter('does not tell its ratios')).toEqual(['fit-but-for', 'groups']);
    expect(fitnessAfter('has new batches each time')).toEqual([
      'fit-but-for',
      ...['restore', 'disk', 'resume', 'validation'],
    ]);
    expect(fitnessAfter('sets the LR late')[0]).toBe('unfit');
  });
});

describe('examine', () => {
  const lengthOf = (secondsAStep: number): number => {
    const trainer = new AilingTrainer();
    const evidence = startEvidence(trainer.facts);
    const answer = (command: Command): Reply => {
      const reply = trainer.answer(command);
      return reply.kind === 'trained' ? { ...reply, seconds: secondsAStep * reply.steps } : reply;
    };
    drive(examine(evidence, { trainSeconds: 60, validateSeconds: 6, path: '/x' }), { answer });
    return evidence.steps ?? 0;
  };

  it('does as many steps as fit into its time, at least 3 and at most 31', () => {
    expect([0, 1e-3, 1, 100].map(lengthOf)).toEqual([31, 31, 6, 3]);
  });

  it('validates once and never again where that takes too long', () => {
    const trainer = new AilingTrainer();
    const evidence = startEvidence(trainer.facts);
    let validations = 0;
    const answer = (command: Command): Reply => {
      const reply = trainer.answer(command);
      if (reply.kind !== 'validated') return reply;
      validations++;
      return { ...reply, seconds: 7 };
    };
    drive(examine(evidence, { trainSeconds: 60, validateSeconds: 6, path: '/x' }), { answer });
    expect(validations).toBe(1);
    const findings = diagnose({ evidence, circumstances: QUIET });
    expect(findings.filter(({ verdict }) => verdict !== 'ok')).toEqual([
      { check: 'resume', verdict: 'unknown' },
      { check: 'validation', verdict: 'note', cause: 'validation-slow' },
    ]);
  });

  it('examines a script whose LR is 0 at another', () => {
    const { facts } = new AilingTrainer();
    expect(startEvidence({ ...facts, lr: 0 }).lr).toBe(0.001);
    expect(startEvidence(facts).lr).toBe(0.05);
  });
});
