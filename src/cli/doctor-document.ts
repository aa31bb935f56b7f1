/** The document of `doctor --json`. Keys may be added; those that are there stay (test/pins). */

import { isFit } from '../core/doctor/diagnose.js';
import type { Examination, Finding } from '../core/doctor/finding.js';
import { sayFinding } from '../display/doctor-sentences.js';

export function documentOf(examination: Examination, findings: readonly Finding[]) {
  const { evidence, circumstances } = examination;
  return {
    version: 1,
    command: circumstances.command,
    fit: isFit(findings),
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
        fix: fix === undefined && code === undefined ? null : [fix, code].filter(Boolean).join(' '),
      };
    }),
  };
}
