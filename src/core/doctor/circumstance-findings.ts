/** Findings on what surrounds the conversation: whether it began and came to its end, and who else wrote on its wire. */

import type { Evidence } from './evidence.js';
import type { Circumstances, Finding } from './finding.js';

export function handshakeFinding(
  evidence: Evidence | undefined,
  { isTorn }: Circumstances,
): Finding {
  const check = 'handshake';
  if (evidence === undefined) {
    // What tore its handshake has a finding of its own.
    return isTorn
      ? { check, verdict: 'unknown' }
      : { check, verdict: 'defect', cause: 'not-started' };
  }
  if (evidence.facts.total === undefined) return { check, verdict: 'note', cause: 'no-total' };
  return { check, verdict: 'ok' };
}

/** Whether it did all that was asked, up to the end. */
export function trainingFinding(
  { loopEnded, trials }: Evidence,
  { failure, isOutOfTime, isTorn }: Circumstances,
): Finding {
  const check = 'training';
  // Each of the two has a finding of its own that says more.
  if (isTorn || failure?.isOtherLr) return { check, verdict: 'unknown' };
  if (isOutOfTime) return { check, verdict: 'defect', cause: 'out-of-time' };
  if (failure !== undefined) return { check, verdict: 'defect', cause: 'failed' };
  if (loopEnded) return { check, verdict: 'defect', cause: 'loop-ended' };
  if (trials.first?.end === 'diverged') return { check, verdict: 'note', cause: 'diverges' };
  return { check, verdict: 'ok' };
}

export function stdoutFinding({
  hasOwnStdout,
  isTorn,
  printedBeforeHandshake,
  printedLater,
}: Circumstances): Finding {
  const check = 'stdout';
  if (hasOwnStdout) return { check, verdict: 'ok' };
  if (isTorn) return { check, verdict: 'defect', cause: 'tears-messages' };
  if (printedLater !== undefined) {
    return { check, verdict: 'defect', cause: 'prints-between-messages' };
  }
  if (printedBeforeHandshake !== undefined) {
    return { check, verdict: 'note', cause: 'prints-before-handshake' };
  }
  return { check, verdict: 'ok' };
}
