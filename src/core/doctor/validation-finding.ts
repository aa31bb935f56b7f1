/** Whether validation gives the same loss for the same model, and leaves training as it found it. */

import { type Evidence, trialsOf } from './evidence.js';
import type { Finding } from './finding.js';
import { areApart, differ } from './losses.js';
import { atScriptLr, repeatsItself } from './repetition.js';

export function validationFinding(evidence: Evidence): Finding {
  const check = 'validation';
  const { facts, seconds, validations } = evidence;
  if (!facts.can.validate) return { check, verdict: 'note', cause: 'no-validation' };
  if (validations === undefined) {
    return seconds.validate === undefined
      ? { check, verdict: 'unknown' }
      : { check, verdict: 'note', cause: 'validation-slow' };
  }
  // Where training does not repeat itself anyway, a trace cannot be told from that.
  const isJudged = repeatsItself(evidence);
  const [validated, atLr] = [trialsOf(evidence, 'validated'), atScriptLr(evidence)];
  if (isJudged && differ(validated, atLr)) {
    return { check, verdict: 'defect', cause: 'validation-leaves-trace' };
  }
  const [one, other] = validations;
  if (!Object.is(one, other)) return { check, verdict: 'note', cause: 'validation-varies' };
  return isJudged && !areApart(validated, atLr)
    ? { check, verdict: 'ok' }
    : { check, verdict: 'unknown' };
}
