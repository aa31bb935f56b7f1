/** The document of `doctor --json`. Keys may be added; those that are there stay (test/pins). */

import { fitnessOf, isFit, notExamined } from '../../core/doctor/diagnose.js';
import type { Examination, Finding } from '../../core/doctor/finding.js';
import { sayFinding, sayUnexamined } from '../../display/doctor/sentences.js';

export function documentOf(examination: Examination, findings: readonly Finding[]) {
  const { evidence, circumstances } = examination;
  return {
    version: 1,
    command: circumstances.command,
    fit: isFit(findings),
    fitness: fitnessOf(findings),
    notExamined: notExamined(findings).map((finding) => ({
      check: finding.check,
      message: sayUnexamined(finding),
    })),
    trainer: evidence?.facts ?? null,
    /** Steps of each trial. */
    steps: evidence?.steps ?? null,
    lr: evidence?.lr ?? null,
    seconds: evidence?.seconds ?? {},
    findings: findings.map((finding) => {
      const { says, fix, code } = sayFinding(finding, examination);
      return {
        check: finding.check,
        verdict: finding.verdict,
        cause: finding.cause ?? null,
        message: says,
        fix: fix === undefined ? null : [fix, code?.join('\n')].filter(Boolean).join(' '),
      };
    }),
  };
}
