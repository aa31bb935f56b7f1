/** Whether validation gives the same loss for the same model, and leaves training as it found it. */

import { isRisingScore } from '../rising-score.js';
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
  if (rises(evidence)) return { check, verdict: 'note', cause: 'validation-rises' };
  return isJudged && !areApart(validated, atLr)
    ? { check, verdict: 'ok' }
    : { check, verdict: 'unknown' };
}

/** Losses that make a level. */
const LEVEL_STEPS = 5;

/** From the checkpoint to the end of a trial, and from there to where a new process is to go on. */
function rises({ trials, validations, validationGoneOn = Number.NaN }: Evidence): boolean {
  const { first, goneOn } = trials;
  const start = validations?.[0] ?? Number.NaN;
  const between = first?.validationAfter ?? Number.NaN;
  if (!(start < between && between < validationGoneOn)) return false;
  return isRisingScore(
    { training: level(first?.losses), validation: start },
    [{ training: level(goneOn?.losses), validation: validationGoneOn }],
    1,
  );
}

function level(losses: readonly number[] = []): number {
  const some = losses.slice(0, LEVEL_STEPS);
  return some.reduce((sum, loss) => sum + loss / some.length, 0);
}
