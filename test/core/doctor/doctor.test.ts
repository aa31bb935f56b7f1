/** Each ailment that a trainer can have is found, and nothing else beside it. */

import { describe, expect, it } from 'vitest';
import { diagnose, isFit } from '../../../src/core/doctor/diagnose.js';
import { startEvidence } from '../../../src/core/doctor/evidence.js';
import { examine } from '../../../src/core/doctor/examine.js';
import type { Circumstances, Finding } from '../../../src/core/doctor/finding.js';
import { AilingTrainer, type Ailment } from '../../support/ailing-trainer.js';
import { drive } from '../../support/drive.js';

const QUIET: Circumstances = {
  command: ['python', 'train.py'],
  limitSeconds: 300,
  hasOwnStdout: false,
  isTorn: false,
  isOutOfTime: false,
};

const PLAN = { trainSeconds: 60, validateSeconds: 6, path: '/runs/doctor' };

function findingsOf(ailment?: Ailment, plan = PLAN): readonly Finding[] {
  const trainer = new AilingTrainer(ailment);
  const evidence = startEvidence(trainer.facts);
  drive(examine(evidence, plan), trainer);
  return diagnose({ evidence, circumstances: QUIET });
}

/** Check, verdict and cause of all that is not well. */
const troublesOf = (findings: readonly Finding[]) =>
  findings
    .filter(({ verdict }) => verdict !== 'ok')
    .map(({ check, verdict, cause }) =>
      cause === undefined ? [check, verdict] : [check, verdict, cause],
    );

interface Case {
  readonly ailment: Ailment;
  readonly troubles: readonly (readonly [check: string, verdict: string, cause?: string])[];
}

/** What nobody can tell of a trainer whose losses do not come back. */
const UNTOLD = [
  ['disk', 'unknown'],
  ['validation', 'unknown'],
] as const;
const LR_UNSEEN = ['lr', 'unknown', 'lr-unseen'] as const;

const DEFECTS: readonly Case[] = [
  {
    ailment: 'forgets weights',
    troubles: [['restore', 'defect', 'weights'], ...UNTOLD, LR_UNSEEN],
  },
  { ailment: 'forgets buffers', troubles: [['restore', 'defect', 'buffers']] },
  { ailment: 'forgets momentum', troubles: [['restore', 'defect', 'optimizer'], ...UNTOLD] },
  {
    ailment: 'forgets data',
    troubles: [['restore', 'defect', 'data-or-rng'], ...UNTOLD, LR_UNSEEN],
  },
  {
    ailment: 'forgets random numbers',
    troubles: [['restore', 'defect', 'data-or-rng'], ...UNTOLD, LR_UNSEEN],
  },
  {
    ailment: 'forgets random numbers and says so',
    troubles: [['restore', 'defect', 'rng'], ...UNTOLD, LR_UNSEEN],
  },
  {
    ailment: 'trains what it saved',
    troubles: [['restore', 'defect', 'checkpoint-changes'], ...UNTOLD, LR_UNSEEN],
  },
  { ailment: 'writes less than it keeps', troubles: [['disk', 'defect', 'file-differs']] },
  { ailment: 'ignores the LR', troubles: [['lr', 'defect', 'lr-ignored']] },
  { ailment: 'sets the LR late', troubles: [['lr', 'defect', 'lr-late']] },
  { ailment: 'has another scheduler', troubles: [['lr', 'defect', 'other-scheduler']] },
  {
    ailment: 'draws in validation',
    troubles: [['validation', 'defect', 'validation-leaves-trace']],
  },
  { ailment: 'loses the ratios', troubles: [['groups', 'defect', 'ratios-lost']] },
  {
    ailment: 'ends its loop',
    troubles: [
      ['training', 'defect', 'loop-ended'],
      ['restore', 'unknown'],
      ...UNTOLD,
      ['lr', 'unknown'],
    ],
  },
];

const NOTES: readonly Case[] = [
  {
    ailment: 'has new batches each time',
    troubles: [['restore', 'note', 'data'], ...UNTOLD, LR_UNSEEN],
  },
  {
    ailment: 'adds in another order each time',
    troubles: [['restore', 'note', 'inexact-arithmetic'], ...UNTOLD],
  },
  {
    ailment: 'validates on other examples each time',
    troubles: [['validation', 'note', 'validation-varies']],
  },
  { ailment: 'does not tell its ratios', troubles: [['groups', 'unknown', 'ratios-unseen']] },
  { ailment: 'has no validation', troubles: [['validation', 'note', 'no-validation']] },
  { ailment: 'has no disk', troubles: [['disk', 'note', 'no-disk']] },
  { ailment: 'has no total', troubles: [['handshake', 'note', 'no-total']] },
  { ailment: 'diverges', troubles: [['training', 'note', 'diverges']] },
];

describe('the doctor', () => {
  it('finds nothing in a trainer that is well, in memory or on disk alone', () => {
    for (const ailment of [undefined, 'has no memory'] as const) {
      const findings = findingsOf(ailment);
      expect(troublesOf(findings)).toEqual([]);
      expect(findings.map(({ check }) => check)).toEqual([
        'handshake',
        'stdout',
        'training',
        'restore',
        'disk',
        'validation',
        'lr',
        'groups',
        'ranks',
      ]);
    }
  });

  it.each(DEFECTS)('finds the defect of a trainer that $ailment', ({ ailment, troubles }) => {
    const findings = findingsOf(ailment);
    expect(troublesOf(findings)).toEqual(troubles);
    expect(isFit(findings)).toBe(false);
  });

  it.each(NOTES)(
    'lets a trainer pass that $ailment, with a word about it',
    ({ ailment, troubles }) => {
      const findings = findingsOf(ailment);
      expect(troublesOf(findings)).toEqual(troubles);
      expect(isFit(findings)).toBe(true);
    },
  );
});
