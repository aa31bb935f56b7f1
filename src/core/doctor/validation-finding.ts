/** Whether validation gives the same loss for the same model, and leaves training as it found it. */

import type { Evidence } from './evidence.js';
import type { Finding } from './finding.js';
import { isSame } from './losses.js';
import { repeatsItself } from './restore-findings.js';

export function validationFinding(evidence: Evidence): Finding {
  const check = 'validation';
  const { facts, seconds, validations, trials } = evidence;
  if (!facts.can.validate) return { check, verdict: 'note', cause: 'no-validation' };
  if (validations === undefined) {
    return seconds.validate === undefined
      ? { check, verdict: 'unknown' }
      : { check, verdict: 'note', cause: 'validation-slow' };
  }
  const { again, validated } = trials;
  // Where training does not repeat itself anyway, a trace cannot be told from that.
  const isJudged = repeatsItself(evidence);
  if (isJudged && again && validated && !isSame(again, validated)) {
    return { check, verdict: 'defect', cause: 'validation-leaves-trace' };
  }
  const [one, other] = validations;
  if (!Object.is(one, other)) return { check, verdict: 'note', cause: 'validation-varies' };
  return isJudged ? { check, verdict: 'ok' } : { check, verdict: 'unknown' };
}
