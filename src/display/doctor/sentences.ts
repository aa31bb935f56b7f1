/** What a finding of `doctor` says to people: what was seen, and the remedy. */

import type { TrainerFacts } from '../../core/conversation/command.js';
import type { Evidence, Trial } from '../../core/doctor/evidence.js';
import type {
  Cause,
  Check,
  Circumstances,
  Examination,
  Failure,
  Finding,
} from '../../core/doctor/finding.js';
import { largestDifference } from '../../core/doctor/losses.js';
import { showsInLosses } from '../../core/doctor/lr-finding.js';
import { escapeControls } from '../../core/escape-controls.js';
import {
  formatCount,
  formatLoss,
  formatLr,
  formatSeconds,
  formatShort,
  plural,
} from '../text/format.js';
import { FRAMEWORK_NAMES, frameworkOf, ownsLoop, type Remedy, remedyOf } from './remedies.js';

export interface Sentences extends Partial<Remedy> {
  readonly says: string;
}

export function sayFinding(finding: Finding, { evidence, circumstances }: Examination): Sentences {
  const { cause, verdict } = finding;
  if (cause !== undefined) {
    const outside = evidence?.facts.attached === false ? FROM_OUTSIDE[cause] : undefined;
    if (outside !== undefined) return outside;
    const says = OF_CAUSE[cause](circumstances, evidence);
    return { says, ...remedy(cause, evidence, circumstances) };
  }
  if (verdict === 'unknown' || evidence === undefined) {
    return { says: 'not examined, because of the above' };
  }
  if (verdict === 'defect') return { says: 'other losses come after a restore' };
  return { says: sayWell(finding, evidence) };
}

/** Of a script that does not attach: what is so because of that, and what can be done from outside. */
const FROM_OUTSIDE: Partial<Readonly<Record<Cause, Sentences>>> = {
  data: {
    says: 'batches go on in a search, so candidates are compared on different ones, and whether all else comes back cannot be told',
    fix: 'attach, if the candidates are to see the same batches',
  },
  'no-disk': {
    says: 'a run that is interrupted starts the script again, and does the same steps again',
    fix: 'attach, if it is to go on from a checkpoint',
  },
  'no-validation': {
    says: 'nothing outside can validate, so probes are judged by training losses alone',
    fix: "name what the script prints: --validation-pattern 'val loss ([0-9.]+)'; or attach with validate=",
  },
};

/** What it means for a run that a check was not made. */
export function sayUnexamined({ check, cause }: Finding): string {
  if (cause === 'no-validation') return UNEXAMINED.buffers;
  return UNEXAMINED[check];
}

const UNEXAMINED: Readonly<Record<Check | 'buffers', string>> = {
  handshake: 'whether the script can be steered at all',
  stdout: 'whether its output leaves the messages alone',
  training: 'whether it trains on as long as it is asked to',
  restore:
    'whether a restore brings back all that training needs: if not, a candidate is judged, and training goes on, with a trace of those before it',
  disk: 'whether a file holds all that training needs: if not, a resumed run goes on otherwise',
  resume: 'whether a new process goes on as the old one would: it matters if a run is interrupted',
  validation: 'whether validation leaves training as it finds it',
  buffers: "whether what only validation uses comes back, as BatchNorm's running statistics",
  lr: 'whether the LR takes effect: if not, all candidates do equally well',
  groups: 'whether the ratios between the LRs of the groups are kept',
  ranks: 'whether all ranks train under the tuner',
};

function remedy(
  cause: Cause,
  evidence: Evidence | undefined,
  { failure }: Circumstances,
): Remedy | undefined {
  // Only an adapter for Python raises what is found here, and says it before the handshake.
  if (cause === 'not-started') {
    return hasOwnScheduler(failure) ? remedyOf(cause, 'torch') : undefined;
  }
  return remedyOf(cause, frameworkOf(evidence?.facts.framework));
}

function hasOwnScheduler(failure: Failure | undefined): boolean {
  return failure?.lines.some((line) => line.includes('SecondSchedulerError')) ?? false;
}

function sayWell({ check }: Finding, evidence: Evidence): string {
  const { facts, lr, steps, seconds, trials, validations } = evidence;
  const count = plural(steps ?? 0, 'loss').replace(/losss$/, 'losses');
  switch (check) {
    case 'handshake':
      return connect(facts);
    case 'stdout':
      return "nothing of the script's own between the messages";
    case 'training':
      return saySpeed(seconds);
    case 'restore':
      return `${count} bit-equal after a restore, and after many`;
    case 'disk':
      return `${count} bit-equal from a file, too`;
    case 'resume':
      return `${count} bit-equal in a new process that read a file`;
    case 'validation':
      return `loss ${formatLoss(validations?.[0])}, twice the same; it leaves no trace`;
    case 'lr':
      return showsInLosses(evidence)
        ? `from the first step on, and at each: LR ${formatLr(lr)} moves the losses, LR 0 does not`
        : `LR ${formatLr(trials.high === undefined ? lr : 100 * lr)} moves the validation loss, LR 0 does not, or by far less; from which step on was not seen`;
    case 'groups':
      return facts.groups.length === 1
        ? 'one parameter group'
        : `ratios kept: ${sayRatios(facts.groups)}`;
    case 'ranks':
      return facts.world === 1
        ? 'one process trains'
        : `${facts.world} ranks, whose mean loss comes back bit by bit: they agree`;
    default:
      return check satisfies never;
  }
}

function connect(facts: TrainerFacts): string {
  const { name, framework, step, lr, total, holds, attached = true } = facts;
  const what = framework === undefined ? '' : ` (${escapeControls(framework)})`;
  const known = frameworkOf(framework);
  // A framework that owns the loop knows; a loop of one's own may come back for another epoch.
  const ask = ownsLoop(known) ? '' : ' (is that all?)';
  const todo = total === undefined ? '' : `, ${plural(total, 'step')} to do${ask}`;
  const held =
    holds.length === 0 ? '' : `; a checkpoint holds ${holds.map(escapeControls).join(', ')}`;
  const outside = attached ? '' : '; it does not attach, and its optimizer is steered from outside';
  return `${escapeControls(name)}${what} at step ${formatCount(step)}, LR ${formatLr(lr)}${todo}${held}${outside}`;
}

function saySpeed(seconds: Evidence['seconds']): string {
  const parts = [
    ['a step', seconds.step],
    ['the first', seconds.firstStep],
    ['save', seconds.save],
    ['restore', seconds.restore],
    ['save to disk', seconds.saveToDisk],
    ['restore from disk', seconds.restoreFromDisk],
    ['validate', seconds.validate],
  ] as const;
  return parts
    .flatMap(([name, time]) => (time === undefined ? [] : [`${name} ${formatShort(time)}`]))
    .join(', ');
}

function sayRatios(groups: readonly number[]): string {
  return groups.map((ratio) => String(Number(ratio.toPrecision(3)))).join(' : ');
}

type Say = (circumstances: Circumstances, evidence: Evidence | undefined) => string;

const OF_CAUSE: Readonly<Record<Cause, Say>> = {
  'not-started': ({ failure }) =>
    hasOwnScheduler(failure)
      ? 'the script has an LR scheduler of its own'
      : (failure?.message ?? 'the script did not connect'),
  failed: ({ failure }) => failure?.message ?? 'the script failed',
  'out-of-time': ({ limitSeconds }) =>
    `it did not get through in ${formatSeconds(limitSeconds)}: it hangs, or its steps take long`,
  'loop-ended': () =>
    "the script's loop ended by itself, and a tuner needs more steps than the script means to do",
  diverges: (_, evidence) =>
    `the loss is not finite at the script's own LR, ${formatLr(evidence?.lr ?? 0)}; what follows rests on few losses`,
  'no-total': (_, evidence) => {
    const uncounted = evidence?.facts.uncounted;
    const why =
      uncounted === undefined ? '' : `: ${escapeControls(uncounted)} cannot be known ahead`;
    return `it does not say how many steps it means to do${why}; a run must be told: --steps <n>`;
  },
  'prints-before-handshake': ({ printedBeforeHandshake }) =>
    `before it connected it printed to the stdout that carries the messages: "${printedBeforeHandshake}"`,
  'prints-between-messages': ({ printedLater }) =>
    `it prints to the stdout that carries the messages ("${printedLater}"); without a newline that tears one, and the run waits for it`,
  'tears-messages': ({ printedLater, printedBeforeHandshake }) =>
    `it printed into the middle of a message ("${printedLater ?? printedBeforeHandshake}"); a run would wait for that message`,
  weights: (_, evidence) => {
    const kept =
      "what the loop keeps from batch to batch (an RNN's hidden state, a moving average, a curriculum's count)";
    if (comesBackValidated(evidence))
      return `the first loss after a restore is another, and the validation loss comes back: so it is not the weights; it is ${kept}; or an update is made after its step is counted`;
    const hasValidation = evidence?.validations !== undefined;
    return `the weights do not come back with a restore${hasValidation ? '' : `, or ${kept} does not`}`;
  },
  buffers: (_, evidence) =>
    `training losses come back and the validation loss does not (${formatLoss(evidence?.validations?.[0])} where it was saved, ${formatLoss(evidence?.validationRestored)} restored): what only validation uses is missing, as BatchNorm's running statistics or an average of the weights`,
  optimizer: (_, evidence) =>
    `the losses part ${sayPart(evidence)}, though at LR 0 they do not: what moves the weights is missing, as the optimizer's state, a GradScaler or a second optimizer`,
  data: (_, evidence) => {
    const framework = frameworkOf(evidence?.facts.framework);
    const whose = ownsLoop(framework) ? `the loader is ${FRAMEWORK_NAMES[framework]}'s: ` : '';
    const back = comesBackValidated(evidence) ? '; the validation loss does come back' : '';
    return `${whose}other batches come after a restore, so candidates are compared on different ones, and whether all else comes back cannot be told${back}`;
  },
  rng: () =>
    'even at LR 0 the losses differ after a restore, and a checkpoint holds no random state: dropout or augmentation draws other numbers',
  'data-or-rng': () =>
    "even at LR 0 the losses differ after a restore: other batches or random numbers come, though the adapter says that both come back; or something trains that the adapter was not given (a second model, a second optimizer), at an LR of its own; or the loss depends on what the loop keeps and no restore takes back (an annealed weight, a curriculum's count, an RNN's hidden state)",
  'checkpoint-changes': () =>
    'the first restore brings all back and a later one of the same checkpoint does not: training changes what was saved',
  'inexact-arithmetic': (_, evidence) =>
    `the losses come back to within ${formatGap(evidence?.trials.first, evidence?.trials.again)}, and not bit by bit, as with kernels that add in another order each time`,
  'no-disk': () => 'it cannot save to disk, so a run that is interrupted cannot be resumed',
  'file-differs': () =>
    'the losses come back from memory, and not from a file: what is written is less than what is kept',
  'no-validation': () =>
    'it cannot validate, so probes are judged by training losses alone, and what only validation uses was not examined',
  'validation-slow': (_, evidence) =>
    `a validation takes ${formatSeconds(evidence?.seconds.validate ?? 0)}, too long to examine it`,
  'validation-varies': (_, evidence) =>
    `the same model gives two validation losses, ${evidence?.validations?.map(formatLoss).join(' and ')}: noise in the tuner's choice`,
  'validation-rises': (_, evidence) =>
    `the validation loss rises from ${formatLoss(evidence?.validations?.[0])} to ${formatLoss(evidence?.validationGoneOn)} as the training loss falls: is it an accuracy? The tuner prefers what is lower`,
  'validation-leaves-trace': () =>
    'training goes on otherwise after a validation: it changes random state, modes or weights',
  'lr-ignored': () => 'the LR has no effect: the losses at LR 0 are those at other LRs',
  'lr-late': () =>
    'the LR takes effect one step late: after a restore, the first update is done at the LR before it',
  'lr-unseen': () =>
    'whether the LR takes effect cannot be told: trials at one LR differ too, as where other batches or random numbers come each time, and validation does not tell either',
  'other-scheduler': () => 'something besides the tuner sets the LR between two steps',
  'ratios-lost': (_, evidence) =>
    `the parameter groups began with the LR ratios ${sayRatios(evidence?.facts.groups ?? [])} and train with ${sayRatios(evidence?.ratios ?? [])}`,
  'ratios-unseen': (_, evidence) =>
    `the groups' ratios are ${sayRatios(evidence?.facts.groups ?? [])}, and the adapter does not tell whether they are kept`,
  'own-counter': () =>
    'all comes back with a restore, and yet single trials part from the others midway: at some steps the script does something by a count of its own, as an evaluation or a log that draws random numbers. A restore does not repeat that, so candidates are compared with some noise, which a run bears',
  'first-pass': () =>
    'batches that come for the first time are trained on with other random numbers than where they come again: the loader draws (augmentation) from the stream that dropout draws from. Candidates all see the same; only the first of them differs',
  'resume-fails': ({ resumeFailure }) =>
    `started a second time, it does not go on from a file: ${resumeFailure?.message}; so a run that is interrupted could not be resumed, nor the script be started again after a failure`,
  'resume-weights': (_, evidence) =>
    `a new process that reads the file has another validation loss (${formatLoss(evidence?.validationResumed)}) than the one that wrote it (${formatLoss(evidence?.validationGoneOn)}): a resumed run would go on with another model`,
  'resume-optimizer': () =>
    "a new process that reads the file trains on otherwise than the one that wrote it, though at LR 0 the two agree: what moves the weights does not come back there, or in another type, as the optimizer's state",
  'resume-data': () =>
    'a new process that reads the file trains on with other batches or other random numbers than the one that wrote it: a run that is interrupted can be resumed, and is then not to the bit what it would have been',
  'resume-inexact': (_, evidence) =>
    `a new process goes on from a file to within ${formatGap(evidence?.trials.goneOn, evidence?.trials.resumed)}, and not bit by bit: its kernels add in another order`,
  'resume-unseen': (_, evidence) =>
    `other batches or random numbers come in a new process, so whether it trains on as the one before would cannot be told${evidence?.validationResumed === undefined ? '' : '; the validation loss does come back'}`,
  'resume-out-of-time': () => 'the time was up before a new process had gone on from a file',
  'ranks-alone': () =>
    'a launcher of several processes starts it, and one process says that it trains alone: the others may train without the tuner',
};

function comesBackValidated(evidence: Evidence | undefined): boolean {
  const { validations, validationRestored } = evidence ?? {};
  return validations !== undefined && Object.is(validations[0], validationRestored);
}

function sayPart(evidence: Evidence | undefined): string {
  const { first, again } = evidence?.trials ?? {};
  const at = first?.losses.findIndex((loss, i) => !Object.is(loss, again?.losses[i])) ?? -1;
  return at < 0 ? 'at some step' : `from step ${at + 1} after a restore`;
}

function formatGap(one: Trial | undefined, other: Trial | undefined): string {
  return one && other ? formatLoss(largestDifference(one, other)) : 'rounding';
}
