/** Each ailment that a trainer can have is found, and nothing else beside it. */

import { describe, expect, it } from 'vitest';
import { diagnose, isFit } from '../../../src/core/doctor/diagnose.js';
import type { Circumstances, Finding } from '../../../src/core/doctor/finding.js';
import { AilingTrainer, type Ailment } from '../../support/ailing-trainer.js';
import { examined } from '../../support/examined.js';

const QUIET: Circumstances = {
  command: ['python', 'train.py'],
  limitSeconds: 300,
  hasOwnStdout: false,
  isTorn: false,
  isOutOfTime: false,
};

function findingsOf(...ailments: readonly Ailment[]): readonly Finding[] {
  const evidence = examined(new AilingTrainer(...ailments));
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
  readonly ailments: readonly Ailment[];
  readonly troubles: readonly (readonly [check: string, verdict: string, cause?: string])[];
}

/** What nobody can tell of a trainer whose losses do not come back. */
const UNTOLD = [
  ['disk', 'unknown'],
  ['resume', 'unknown'],
  ['validation', 'unknown'],
] as const;
/** Nor of one whose batches do not: of a new process it is the validation loss that can be compared. */
const UNTOLD_BUT_VALIDATED = [
  ['disk', 'unknown'],
  ['resume', 'unknown', 'resume-unseen'],
  ['validation', 'unknown'],
] as const;
const LR_UNSEEN = ['lr', 'unknown', 'lr-unseen'] as const;

const DEFECTS: readonly Case[] = [
  {
    ailments: ['forgets weights'],
    troubles: [['restore', 'defect', 'weights'], ...UNTOLD, LR_UNSEEN],
  },
  {
    ailments: ['forgets weights', 'has no validation'],
    troubles: [
      ['restore', 'defect', 'weights'],
      ['disk', 'unknown'],
      ['resume', 'unknown'],
      ['validation', 'note', 'no-validation'],
      LR_UNSEEN,
    ],
  },
  {
    ailments: ['forgets buffers'],
    troubles: [
      ['restore', 'defect', 'buffers'],
      ['resume', 'unknown'],
    ],
  },
  {
    ailments: ['forgets buffers', 'forgets momentum'],
    troubles: [['restore', 'defect', 'buffers'], ...UNTOLD],
  },
  { ailments: ['forgets momentum'], troubles: [['restore', 'defect', 'optimizer'], ...UNTOLD] },
  {
    ailments: ['trains a second model'],
    troubles: [['restore', 'defect', 'data-or-rng'], ...UNTOLD, LR_UNSEEN],
  },
  {
    ailments: ['has a second optimizer'],
    troubles: [['restore', 'defect', 'optimizer'], ...UNTOLD],
  },
  {
    // What a restore leaves may move the weights at LR 0 as well, so nobody else is blamed for it.
    ailments: ['forgets momentum', 'has another scheduler'],
    troubles: [['restore', 'defect', 'optimizer'], ...UNTOLD, ['lr', 'unknown']],
  },
  {
    ailments: ['forgets data'],
    troubles: [['restore', 'defect', 'data-or-rng'], ...UNTOLD, LR_UNSEEN],
  },
  {
    ailments: ['forgets random numbers'],
    troubles: [['restore', 'defect', 'data-or-rng'], ...UNTOLD, LR_UNSEEN],
  },
  {
    ailments: ['forgets random numbers', 'does not name its random numbers'],
    troubles: [['restore', 'defect', 'rng'], ...UNTOLD, LR_UNSEEN],
  },
  {
    ailments: ['trains what it saved'],
    troubles: [['restore', 'defect', 'checkpoint-changes'], ...UNTOLD, LR_UNSEEN],
  },
  {
    ailments: ['resets momentum'],
    troubles: [['restore', 'defect', 'optimizer'], ...UNTOLD],
  },
  {
    ailments: ['counts a step before its update'],
    troubles: [['restore', 'defect', 'weights'], ...UNTOLD, LR_UNSEEN],
  },
  {
    ailments: ['rounds its momentum in a new process'],
    troubles: [['resume', 'defect', 'resume-optimizer']],
  },
  {
    ailments: ['has other buffers in a new process'],
    troubles: [['resume', 'defect', 'resume-weights']],
  },
  {
    ailments: ['weighs its loss by its own count'],
    troubles: [['restore', 'defect', 'data-or-rng'], ...UNTOLD, LR_UNSEEN],
  },
  {
    ailments: ['writes less than it keeps'],
    troubles: [
      ['disk', 'defect', 'file-differs'],
      ['resume', 'unknown'],
    ],
  },
  { ailments: ['ignores the LR'], troubles: [['lr', 'defect', 'lr-ignored']] },
  { ailments: ['never updates'], troubles: [['lr', 'defect', 'lr-ignored']] },
  {
    ailments: ['never updates', 'has no running statistics', 'has new batches each time'],
    troubles: [
      ['restore', 'note', 'data'],
      ...UNTOLD_BUT_VALIDATED,
      ['lr', 'defect', 'lr-ignored'],
    ],
  },
  { ailments: ['sets the LR late'], troubles: [['lr', 'defect', 'lr-late']] },
  {
    ailments: ['ignores the LR', 'updates before its loss'],
    troubles: [['lr', 'defect', 'lr-ignored']],
  },
  { ailments: ['has another scheduler'], troubles: [['lr', 'defect', 'other-scheduler']] },
  {
    ailments: ['draws in validation'],
    troubles: [['validation', 'defect', 'validation-leaves-trace']],
  },
  { ailments: ['loses the ratios'], troubles: [['groups', 'defect', 'ratios-lost']] },
  {
    ailments: ['ends its loop later'],
    troubles: [
      ['training', 'defect', 'loop-ended'],
      ['disk', 'unknown'],
      ['resume', 'unknown'],
      ['lr', 'unknown'],
    ],
  },
  {
    ailments: ['ends its loop'],
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
    ailments: ['has new batches each time', 'ignores the LR'],
    troubles: [['restore', 'note', 'data'], ...UNTOLD_BUT_VALIDATED, LR_UNSEEN],
  },
  {
    ailments: ['has new batches each time'],
    troubles: [['restore', 'note', 'data'], ...UNTOLD_BUT_VALIDATED],
  },
  {
    ailments: ['has new batches each time', 'has no running statistics'],
    troubles: [['restore', 'note', 'data'], ...UNTOLD_BUT_VALIDATED],
  },
  {
    ailments: ['has new batches each time', 'has epochs as long as a trial'],
    troubles: [['restore', 'note', 'data'], ...UNTOLD_BUT_VALIDATED],
  },
  {
    ailments: ['adds in another order each time'],
    troubles: [['restore', 'note', 'inexact-arithmetic'], ...UNTOLD],
  },
  {
    ailments: ['validates on other examples each time'],
    troubles: [['validation', 'note', 'validation-varies']],
  },
  {
    ailments: ['validates by a score'],
    troubles: [['validation', 'note', 'validation-rises']],
  },
  { ailments: ['does not tell its ratios'], troubles: [['groups', 'unknown', 'ratios-unseen']] },
  { ailments: ['has no validation'], troubles: [['validation', 'note', 'no-validation']] },
  {
    ailments: ['has no validation', 'updates before its loss'],
    troubles: [['validation', 'note', 'no-validation']],
  },
  {
    ailments: ['has no disk'],
    troubles: [
      ['disk', 'note', 'no-disk'],
      ['resume', 'unknown', 'no-disk'],
    ],
  },
  {
    ailments: ['augments with the numbers of dropout'],
    troubles: [['restore', 'note', 'first-pass']],
  },
  {
    ailments: ['begins its data anew in a new process'],
    troubles: [['resume', 'note', 'resume-data']],
  },
  {
    ailments: ['adds in another order in a new process'],
    troubles: [['resume', 'note', 'resume-inexact']],
  },
  { ailments: ['has no total'], troubles: [['handshake', 'note', 'no-total']] },
  {
    ailments: ['has no finite loss'],
    troubles: [
      ['training', 'note', 'diverges'],
      ['resume', 'unknown'],
      ['lr', 'unknown'],
    ],
  },
  {
    ailments: ['diverges'],
    troubles: [
      ['training', 'note', 'diverges'],
      ['resume', 'unknown'],
    ],
  },
];

describe('the doctor', () => {
  it('finds nothing in a trainer that is well, in memory or on disk alone', () => {
    const wells = [
      [],
      ['has no memory'],
      ['has no running statistics'],
      ['updates before its loss'],
    ] as const;
    for (const variants of wells) {
      const findings = findingsOf(...variants);
      expect(troublesOf(findings)).toEqual([]);
      expect(findings.map(({ check }) => check)).toEqual([
        'handshake',
        'stdout',
        'training',
        'restore',
        'disk',
        'resume',
        'validation',
        'lr',
        'groups',
        'ranks',
      ]);
    }
  });

  it('does not take what a loop carries over a restore for an LR that comes late', () => {
    const findings = findingsOf('carries a hidden state');
    expect(findings.find(({ check }) => check === 'lr')).toEqual({ check: 'lr', verdict: 'ok' });
  });

  it.each(DEFECTS)('finds the defect of a trainer: $ailments', ({ ailments, troubles }) => {
    const findings = findingsOf(...ailments);
    expect(troublesOf(findings)).toEqual(troubles);
    expect(isFit(findings)).toBe(false);
  });

  it.each(NOTES)(
    'lets a trainer pass, with a word about it: $ailments',
    ({ ailments, troubles }) => {
      const findings = findingsOf(...ailments);
      expect(troublesOf(findings)).toEqual(troubles);
      expect(isFit(findings)).toBe(true);
    },
  );
});

/** As often as scripts do: each few updates, about as often as a trial has steps, and once in some trials. */
const INTERVALS = [
  ...Array.from({ length: 70 }, (_, i) => i + 2),
  93,
  100,
  124,
  155,
  186,
  250,
  500,
];

describe('the doctor on a script that ends its loop at its own total', () => {
  it('goes no further than that, and finds it fit', () => {
    expect(troublesOf(findingsOf('ends its loop at its total'))).toEqual([]);
  });
});

describe('the doctor on a script that evaluates every so many updates', () => {
  const OWN_COUNTER = ['restore', 'note', 'own-counter'];
  /** Its count begins anew there. */
  const ANEW = [
    ['resume', 'unknown', 'resume-unseen'],
    ['resume', 'note', 'resume-data'],
  ];
  const every = (updates: number): Ailment => `evaluates every ${updates} updates`;
  const troublesAt = (...ailments: readonly Ailment[]) =>
    INTERVALS.map((updates) => ({
      updates,
      troubles: troublesOf(findingsOf(...ailments, every(updates))),
    }));

  it('finds nothing worse than that', () => {
    for (const { updates, troubles } of troublesAt()) {
      // What comes at the same step of every trial, or in none, is not there to see.
      for (const trouble of troubles) {
        expect([OWN_COUNTER, ...ANEW], `${updates}`).toContainEqual(trouble);
      }
    }
    for (const updates of [5, 10, 40, 100]) {
      const [first] = troublesOf(findingsOf(every(updates)));
      expect(first, `${updates}`).toEqual(OWN_COUNTER);
    }
  });
  it.each([
    [['sets the LR late'], ['lr', 'defect', 'lr-late']],
    [['ignores the LR'], ['lr', 'defect', 'lr-ignored']],
    [['forgets momentum'], ['restore', 'defect', 'optimizer']],
    [['forgets weights'], ['restore', 'defect', 'weights']],
    [['forgets data'], ['restore', 'defect', 'data-or-rng']],
    [['writes less than it keeps'], ['disk', 'defect', 'file-differs']],
    [['draws in validation'], ['validation', 'defect', 'validation-leaves-trace'], 93],
  ] satisfies [Ailment[], string[], number?][])(
    'finds the defect beside it: %s',
    // More often, and no trial is left alone for long enough.
    (ailments, defect, least = 17) => {
      const missed = troublesAt(...ailments).filter(
        ({ updates, troubles }) =>
          updates >= least && !JSON.stringify(troubles).includes(JSON.stringify(defect)),
      );
      expect(missed).toEqual([]);
    },
  );
});
