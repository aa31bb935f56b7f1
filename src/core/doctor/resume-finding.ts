/** Whether a new process goes on from a file as the one that wrote it did. */

import type { Evidence } from './evidence.js';
import type { Cause, CheckVerdict, Circumstances, Finding } from './finding.js';
import { goesOnAs, hasIsolatedDifferences, repeatsItself } from './repetition.js';
import { isInexact, isRounding } from './restore-findings.js';

export function resumeFinding(
  evidence: Evidence,
  { resumeFailure, isResumeOutOfTime }: Circumstances,
): Finding {
  const { facts, trials, validationGoneOn, validationResumed } = evidence;
  if (!facts.can.disk) return finding('unknown', 'no-disk');
  if (isResumeOutOfTime) return finding('unknown', 'resume-out-of-time');
  if (resumeFailure !== undefined) return finding('defect', 'resume-fails');
  const { goneOn, resumed } = trials;
  if (goneOn === undefined || resumed === undefined) return finding('unknown');
  if (validationResumed !== undefined && !Object.is(validationGoneOn, validationResumed)) {
    return finding('defect', 'resume-weights');
  }
  if (!repeatsItself(evidence)) return finding('unknown', 'resume-unseen');
  if (goesOnAs(evidence, 'resumed', 'goneOn')) return finding('ok');
  if (isInexact(evidence) || isRounding(goneOn, resumed)) return finding('note', 'resume-inexact');
  // What the script does by a count of its own comes at other steps there.
  if (hasIsolatedDifferences(evidence)) return finding('unknown', 'resume-unseen');
  if (trials.resumedStill === undefined) return finding('unknown');
  // At LR 0 the optimizer moves nothing: what differs there are batches or random numbers.
  return goesOnAs(evidence, 'resumedStill', 'goneOnStill')
    ? finding('defect', 'resume-optimizer')
    : finding('note', 'resume-data');
}

function finding(verdict: CheckVerdict, cause?: Cause): Finding {
  return { check: 'resume', verdict, ...(cause !== undefined && { cause }) };
}
