/** One plain sentence for each thing that a person who watches a run wants to know. */

import type {
  CutEvidence,
  Decision,
  MoveReason,
  ProbeOutcome,
  Return,
  RungPlan,
} from '../../core/conversation/decision.js';
import { escapeControls } from '../../core/escape-controls.js';
import type { Entry } from '../../core/record/entry.js';
import {
  formatCount,
  formatLoss,
  formatLr,
  formatSd,
  formatSeconds,
  formatShort,
  plural,
} from '../text/format.js';
import type { LrLabel } from './lr-label.js';
import { sayBetter } from './say-better.js';

/** The line for an entry; undefined for those of which there is nothing to say. */
export function narrateEntry(entry: Entry, word: LrLabel): string | undefined {
  if (entry.kind === 'batch') return `${plural(entry.batch.probes.length, 'probe')} side by side`;
  return entry.kind === 'decision' ? narrate(entry.decision, word) : undefined;
}

/** The line for a decision; undefined for those that the next one says better. */
export function narrate(decision: Decision, word: LrLabel): string | undefined {
  switch (decision.kind) {
    case 'budget':
      return narrateBudget(decision);
    case 'end-aimed':
      return undefined;
    case 'warmup-started':
      return `warm-up: ${plural(decision.steps, 'step')} up to ${word} ${formatLr(decision.lr)}`;
    case 'warmup-diverged':
      return decision.nextLr === undefined
        ? `warm-up diverged at ${word} ${formatLr(decision.lr)}, rolled back`
        : `warm-up diverged at ${word} ${formatLr(decision.lr)}, rolled back; next up to ${formatLr(decision.nextLr)}`;
    case 'range-planned': {
      const { rampSteps, coarse, mostSteps } = decision;
      const ramp = rampSteps === 0 ? '' : `a ramp of up to ${plural(rampSteps, 'step')}, then `;
      const most = Math.round((mostSteps - rampSteps) / coarse.steps);
      return `range: ${ramp}${coarse.probes} to ${most} probes of ${formatCount(coarse.steps)}; ${plural(mostSteps, 'step')} at most`;
    }
    case 'range-found': {
      const { peak, low, high } = decision;
      return `peak ${word} ${formatLr(peak)} (${formatLr(low)} to ${formatLr(high)})`;
    }
    case 'range-test-started':
      return `range test: at most ${plural(decision.steps, 'step')} over all LRs`;
    case 'interval-found': {
      const { min, max } = decision.interval;
      return `interval ${formatLr(min)} to ${formatLr(max)} (${decision.why})`;
    }
    case 'stage-started': {
      const { stage, stageSteps, fromStep, candidates, probeSteps, phase } = decision;
      // A range test has probes and nothing else.
      if (stageSteps === 0) return undefined;
      const on = phase === 'validation' ? ', on validation' : '';
      const probes =
        candidates === 0
          ? ''
          : `, ${plural(candidates, 'probe')} of ${formatCount(probeSteps)}${on}`;
      return `stage ${stage}: ${plural(stageSteps, 'step')} from ${formatCount(fromStep)}${probes}`;
    }
    case 'probe-started':
      return undefined;
    case 'probe-ended': {
      const { stage, probe, lr, outcome, steps } = decision;
      const said = describeOutcome(outcome, steps);
      return `stage ${stage} probe ${probe + 1}: ${word} ${formatLr(lr)}, ${said}`;
    }
    case 'commit-started':
      return `stage ${decision.stage} commit: ${plural(decision.steps, 'step')} at ${word} ${formatLr(decision.lr)}`;
    case 'commit-diverged':
      return `stage ${decision.stage} diverged at ${word} ${formatLr(decision.lr)}, rolled back`;
    case 'stage-rolled-back': {
      const { stage, lr, began, reached, nextLr } = decision;
      return `stage ${stage} went from ${formatLoss(began)} to ${formatLoss(reached)} at ${word} ${formatLr(lr)}, rolled back; again at ${formatLr(nextLr)}`;
    }
    case 'stage-ended': {
      const { stage, lr, reached, validation } = decision;
      const also = validation === undefined ? '' : `, validation ${formatLoss(validation)}`;
      return `stage ${stage} ended: ${word} ${formatLr(lr)}, loss ${formatLoss(reached)}${also}`;
    }
    case 'search-planned':
      return narrateSearchPlan(decision);
    case 'known-search': {
      const { peak, lr, steps, expected, loss, agrees, runs } = decision;
      const there = `${formatLoss(expected)} in ${plural(runs.length, 'run')} like this one`;
      const here = `${word} ${formatLr(lr)}: loss ${formatLoss(loss ?? null)} after ${plural(steps, 'step')}, ${there}`;
      return agrees
        ? `${here}; their peak ${word} ${formatLr(peak)} is taken`
        : `${here}; searching`;
    }
    case 'end-forecast': {
      const { loss, low, high } = decision;
      return `forecast final loss: ${formatLoss(loss)} (80 % interval ${formatLoss(low)} to ${formatLoss(high)})`;
    }
    case 'script-begins':
      return decision.why === 'searched'
        ? 'the search is over; the script begins anew, and trains from its own first step'
        : 'the script begins anew, at a lower LR; what was trained before counts as search';
    case 'factor-found': {
      const { factor, peak, own, hasProbed, schedule } = decision;
      if (!hasProbed) return `factor 1 on ${schedule}: no other was shown to be clearly better`;
      if (own === undefined) {
        return `factor 1 on ${schedule}: its highest LR is not known`;
      }
      return `factor ${formatLr(factor)} on ${schedule}: peak LR ${formatLr(peak)} for its own ${formatLr(own)}`;
    }
    case 'lr-cut':
      return narrateCut(decision, word);
    case 'band-left': {
      const { step, loss, low, high } = decision;
      const side = loss > high ? 'above' : 'below';
      return `warn: step ${formatCount(step)}: training loss ${formatLoss(loss)}, ${side} the band of the run that is replayed (${formatLoss(low)} to ${formatLoss(high)})`;
    }
    case 'end-brought-forward': {
      const { step, untilStep, takenBack, mayTakeBack } = decision;
      const back = `${formatCount(takenBack)} of at most ${plural(mayTakeBack, 'step')} rolled back`;
      return `step ${formatCount(step)}: ${back}, so the run ends ${untilStep > step ? `by step ${formatCount(untilStep)}` : 'here'}`;
    }
    case 'lr-moved': {
      const { step, lr, nextLr, why, evidence } = decision;
      return `step ${formatCount(step)}: ${MOVES[why]}, ${describeEvidence(evidence)}; ${word} ${formatLr(lr)} to ${formatLr(nextLr)}`;
    }
    case 'metric': {
      const { name, maximize, first } = decision;
      const at = first === undefined ? '' : `, ${formatLoss(first)} at first`;
      return `going by ${escapeControls(name)} (${sayBetter(maximize)}${at}); the LR is still chosen by the loss, which is finer`;
    }
    case 'weights-kept': {
      const { raw, kept, power, metric } = decision;
      if (metric !== undefined) return narrateKept(metric, power !== undefined);
      return power === undefined
        ? `weights kept as they are, loss ${formatLoss(raw)}: no average was better before the end`
        : `average of the weights kept: loss ${formatLoss(kept)} for ${formatLoss(raw)}`;
    }
    case 'hold-extended': {
      const { step, untilStep, lr } = decision;
      return `step ${formatCount(step)}: both losses still falling; ${word} ${formatLr(lr)} held to step ${formatCount(untilStep)}`;
    }
    case 'finished':
      return narrateFinish(decision, word);
    default:
      return decision satisfies never;
  }
}

function narrateKept(
  { name, raw, kept }: NonNullable<Extract<Decision, { kind: 'weights-kept' }>['metric']>,
  isAverage: boolean,
): string {
  const [word, before, after] = [escapeControls(name), formatLoss(raw), formatLoss(kept)];
  return isAverage
    ? `average of the weights kept: ${word} ${after} for ${before}`
    : `weights kept as they are, ${word} ${before}: no average was better before the end`;
}

function narrateBudget(decision: Extract<Decision, { kind: 'budget' }>): string {
  const { steps, total, from } = decision;
  if (decision.seconds !== undefined) return narrateTimeBudget(decision);
  const parts = [
    ...(steps === undefined ? [] : [`${plural(steps, 'committed step')}`]),
    ...(total === undefined ? [] : [`${plural(total, 'step')} with the search included`]),
  ];
  return `budget: ${parts.join(' and at most ')}${from === 'trainer' ? ', as the script means to do' : ''}`;
}

function narrateTimeBudget(decision: Extract<Decision, { kind: 'budget' }>): string {
  const { total = 0, seconds = 0, stepSeconds = 0, evaluationSeconds } = decision;
  const evaluation =
    evaluationSeconds === undefined ? '' : `, a validation ${formatShort(evaluationSeconds)}`;
  return `budget: ${formatSeconds(seconds)}, about ${plural(total, 'step')} with the search included (a step takes ${formatShort(stepSeconds)}${evaluation})`;
}

function describeOutcome(outcome: ProbeOutcome, steps: number): string {
  if (outcome.kind === 'diverged') return `diverged after ${plural(steps, 'step')}`;
  // What was measured, and not forecast, is certain.
  if (outcome.sd === 0) return `loss ${formatLoss(outcome.loss)} after ${plural(steps, 'step')}`;
  return `forecast ${formatLoss(outcome.loss)} +- ${formatSd(outcome.sd)}`;
}

function narrateSearchPlan(plan: Extract<Decision, { kind: 'search-planned' }>): string {
  const { rampSteps, coarse, trunkSteps = 0, fine, plannedSteps, mostSteps, total } = plan;
  const { enoughSteps } = plan;
  const rungOf = ({ probes, steps }: RungPlan, what: string) =>
    steps > 0 ? [`${probes}${what} of ${formatCount(steps)}`] : [];
  if (rampSteps === 0 && coarse.steps === 0 && fine.steps === 0) {
    const enough =
      enoughSteps === undefined || !Number.isFinite(enoughSteps)
        ? ''
        : `; ${formatCount(enoughSteps)} would be enough`;
    return `search: none; it may take ${formatCount(mostSteps)} of ${plural(total, 'step')}, too few for one${enough}`;
  }
  const parts = [
    ...(rampSteps > 0 ? [`ramp ${formatCount(rampSteps)}`] : []),
    ...rungOf(coarse, ' probes'),
    ...(trunkSteps > 0 ? [`trunk ${formatCount(trunkSteps)}`] : []),
    ...rungOf(fine, coarse.steps > 0 ? '' : ' probes'),
  ];
  return `search: ${formatCount(plannedSteps)} of ${plural(total, 'step')}, at most ${formatCount(mostSteps)} (${parts.join(', ')})`;
}

function narrateCut(cut: Extract<Decision, { kind: 'lr-cut' }>, word: LrLabel): string {
  const { evidence, lr, nextLr, step, backToStep } = cut;
  const back = backToStep === undefined ? '' : `back to step ${formatCount(backToStep)}, `;
  const change =
    nextLr < lr ? `${word} ${formatLr(lr)} to ${formatLr(nextLr)}` : `${word} ${formatLr(nextLr)}`;
  return `step ${formatCount(step)}: ${describeEvidence(evidence)}; ${back}${change}, falling to 0`;
}

const MOVES = {
  'too-low': 'LR too low',
  'too-high': 'LR too high',
  undone: 'LR raised too far',
} as const satisfies Record<MoveReason, string>;

function describeEvidence(evidence: CutEvidence): string {
  switch (evidence.kind) {
    case 'plateau':
      return `training loss stands still (slope ${formatSd(evidence.slope)} +- ${formatSd(evidence.error)})`;
    case 'rise':
      return `${sayRise(evidence.metric)} (slope ${formatSd(evidence.slope)} +- ${formatSd(evidence.error)})`;
    case 'stall':
      return `no improvement for ${evidence.looks} evaluations`;
    case 'noise':
      return `noise ${formatSd(evidence.noise)} for progress ${formatSd(evidence.progress)}`;
    default:
      return evidence satisfies never;
  }
}

function sayRise(metric: string | undefined): string {
  return metric === undefined ? 'validation loss rises' : `${escapeControls(metric)} gets worse`;
}

function narrateFinish(decision: Extract<Decision, { kind: 'finished' }>, word: LrLabel): string {
  const { reason, diverged = [], neverFinite, afterUpdate, unsoundStep } = decision;
  switch (reason) {
    case 'budget':
      return describeFinish({ returned: decision.wentBack, unused: decision.unused });
    case 'target':
      return 'finished: the target is reached';
    case 'data':
      return "ended early: the script's loop ended";
    case 'diverged':
      if (neverFinite !== undefined) {
        const when = afterUpdate ? ' after the first step' : '';
        return `diverged: the ${neverFinite} loss was never finite${when} (tried ${describeLrs(diverged)})`;
      }
      if (unsoundStep !== undefined) {
        return `diverged: the training loss of the model at step ${formatCount(unsoundStep)} is not finite (tried ${describeLrs(diverged)})`;
      }
      return `diverged: no ${word} of the interval survives (tried ${describeLrs(diverged)})`;
    case 'flat':
      return 'flat loss: no LR makes a difference to the training loss';
    default:
      return reason satisfies never;
  }
}

/** How a run ended that was not stopped by anything else. */
export function describeFinish({
  returned,
  unused = 0,
}: {
  readonly returned: Return | undefined;
  readonly unused: number | undefined;
}): string {
  const left = unused > 0 ? `${plural(unused, 'step')} of the budget not used` : undefined;
  if (returned === undefined) return `finished: ${left ?? 'the budget is spent'}`;
  const { from, to } = returned;
  const back =
    to === 0
      ? "nothing was better than before the first step, so the weights are the script's own"
      : `back at its best point, step ${formatCount(to)} of ${formatCount(from)}`;
  return `finished: ${back}${left === undefined ? '' : `; ${left}`}`;
}

/** All of a few; of more, how many and between which. */
function describeLrs(lrs: readonly number[]): string {
  if (lrs.length <= 3) return lrs.map(formatLr).join(', ');
  return `${lrs.length}, ${formatLr(Math.min(...lrs))} to ${formatLr(Math.max(...lrs))}`;
}
