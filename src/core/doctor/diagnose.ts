/** From what an examination has seen to its findings, in the order of `CHECKS`. */

import { isLauncher } from '../launcher.js';
import { handshakeFinding, stdoutFinding, trainingFinding } from './circumstance-findings.js';
import type { Evidence } from './evidence.js';
import type { Cause, Examination, Finding } from './finding.js';
import { lrFinding } from './lr-finding.js';
import { diskFinding, restoreFindings } from './restore-findings.js';
import { resumeFinding } from './resume-finding.js';
import { validationFinding } from './validation-finding.js';

export function diagnose({ evidence, circumstances }: Examination): readonly Finding[] {
  const handshake = handshakeFinding(evidence, circumstances);
  const stdout = stdoutFinding(circumstances);
  if (evidence === undefined) return stdout.verdict === 'ok' ? [handshake] : [handshake, stdout];
  return [
    handshake,
    stdout,
    trainingFinding(evidence, circumstances),
    ...restoreFindings(evidence),
    diskFinding(evidence),
    resumeFinding(evidence, circumstances),
    validationFinding(evidence),
    lrFinding(evidence, circumstances),
    groupsFinding(evidence),
    ranksFinding(evidence, circumstances.command),
  ];
}

/** `fit-but-for`: nothing is wrong in what was examined, and not all could be. */
export type Fitness = 'fit' | 'fit-but-for' | 'unfit';

export function fitnessOf(findings: readonly Finding[]): Fitness {
  if (!isFit(findings)) return 'unfit';
  return notExamined(findings).length > 0 ? 'fit-but-for' : 'fit';
}

/** A script that its user need not change before a run. */
export function isFit(findings: readonly Finding[]): boolean {
  return findings.every(({ verdict }) => verdict !== 'defect');
}

/** What could not be looked at, wholly or in part. */
export function notExamined(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(
    ({ verdict, cause }) => verdict === 'unknown' || (cause !== undefined && IN_PART.has(cause)),
  );
}

const IN_PART: ReadonlySet<Cause> = new Set(['data', 'no-validation', 'validation-slow']);

function groupsFinding({ facts, ratios, trials }: Evidence): Finding {
  const check = 'groups';
  if (facts.groups.length <= 1) return { check, verdict: 'ok' };
  if (ratios === undefined) {
    const isTrained = trials.first !== undefined;
    return { check, verdict: 'unknown', ...(isTrained && { cause: 'ratios-unseen' }) };
  }
  const isKept =
    ratios.length === facts.groups.length &&
    ratios.every((ratio, i) => {
      const meant = facts.groups[i] ?? Number.NaN;
      return Math.abs(ratio - meant) <= RATIO_TOLERANCE * meant;
    });
  return isKept ? { check, verdict: 'ok' } : { check, verdict: 'defect', cause: 'ratios-lost' };
}

/** Float32 optimizers keep seven digits of each LR. */
const RATIO_TOLERANCE = 1e-5;

/**
 * Losses are averages over the ranks: if they come back bit by bit, every rank has come back. Where they do not, the
 * finding on the restore says so.
 */
function ranksFinding({ facts }: Evidence, command: readonly string[]): Finding {
  if (facts.world === 1 && isLauncher(command)) {
    return { check: 'ranks', verdict: 'note', cause: 'ranks-alone' };
  }
  return { check: 'ranks', verdict: 'ok' };
}
