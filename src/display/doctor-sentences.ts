/** What a finding of `doctor` says to people: what was seen, and the line that mends it. */

import type { Evidence } from '../core/doctor/evidence.js';
import type { Cause, Circumstances, Examination, Finding } from '../core/doctor/finding.js';
import { largestDifference } from '../core/doctor/losses.js';
import type { TrainerFacts } from '../core/tuner/command.js';
import { visible } from '../core/visible.js';
import { formatCount, formatLoss, formatLr, formatSeconds, formatShort, plural } from './format.js';

export interface Sentences {
  readonly says: string;
  /** What to do about it; code stands in a line of its own. */
  readonly fix?: string;
  readonly code?: string;
}

export function sayFinding(finding: Finding, { evidence, circumstances }: Examination): Sentences {
  if (finding.cause !== undefined) {
    const sentences = OF_CAUSE[finding.cause](circumstances, evidence);
    return speaksPython(evidence) ? sentences : withoutCode(sentences);
  }
  if (finding.verdict === 'unknown' || evidence === undefined) {
    return { says: 'not examined, because of the above' };
  }
  if (finding.verdict === 'defect') return { says: 'other losses come after a restore' };
  return { says: sayWell(finding, evidence) };
}

/** The adapter for JavaScript says that it runs on Node, one that a user wrote may say nothing. */
function speaksPython(evidence: Evidence | undefined): boolean {
  if (evidence === undefined) return true;
  const { framework } = evidence.facts;
  return framework !== undefined && !framework.startsWith('node');
}

function withoutCode({ says, fix }: Sentences): Sentences {
  return { says, ...(fix !== undefined && { fix: fix.replace(/:$/, '') }) };
}

function sayWell({ check }: Finding, { facts, lr, steps, seconds, validations }: Evidence): string {
  const count = plural(steps ?? 0, 'loss').replace(/losss$/, 'losses');
  switch (check) {
    case 'handshake':
      return sayHello(facts);
    case 'stdout':
      return "nothing of the script's own between the messages";
    case 'training':
      return saySpeed(seconds);
    case 'restore':
      return `${count} bit-equal after a restore, and after many`;
    case 'disk':
      return `${count} bit-equal from a file, too`;
    case 'validation':
      return `loss ${formatLoss(validations?.[0])}, twice the same; it leaves no trace`;
    case 'lr':
      return `from the first step on, and at each: LR ${formatLr(lr)} moves the losses, LR 0 does not`;
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

function sayHello({ name, framework, step, lr, total, holds }: TrainerFacts): string {
  const what = framework === undefined ? '' : ` (${visible(framework)})`;
  const todo = total === undefined ? '' : `, ${plural(total, 'step')} to do`;
  const held = holds.length === 0 ? '' : `; a checkpoint holds ${holds.map(visible).join(', ')}`;
  return `${visible(name)}${what} at step ${formatCount(step)}, LR ${formatLr(lr)}${todo}${held}`;
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

type Say = (circumstances: Circumstances, evidence: Evidence | undefined) => Sentences;

const REMOVE_SCHEDULER = {
  fix: 'the tuner is the scheduler; create yours only where none drives the script:',
  code: 'if not autolrs.is_driven(): scheduler = …',
};

const OF_CAUSE: Readonly<Record<Cause, Say>> = {
  'not-started': ({ failure }) =>
    failure?.lines.some((line) => line.includes('SecondSchedulerError'))
      ? { says: 'the script has an LR scheduler of its own', ...REMOVE_SCHEDULER }
      : { says: failure?.message ?? 'the script said no hello' },
  failed: ({ failure }) => ({ says: failure?.message ?? 'the script failed' }),
  'out-of-time': ({ limitSeconds }) => ({
    says: `it did not get through in ${formatSeconds(limitSeconds)}: it hangs, or its steps take long`,
    fix: 'if they take long, give it more time: --timeout <seconds>',
  }),
  'loop-ended': () => ({
    says: "the script's loop ended by itself, and a tuner needs more steps than the script means to do",
    fix: 'let the loop run until the tuner is done:',
    code: 'for batch in tuner.cycle(loader, epochs):',
  }),
  diverges: (_, evidence) => ({
    says: `the loss is not finite at the script's own LR, ${formatLr(evidence?.lr ?? 0)}; what follows rests on few losses`,
  }),
  'no-total': () => ({
    says: 'it does not say how many steps it means to do, so a run must be told: --steps <n>',
    fix: 'or hand it over:',
    code: 'attach(model, optimizer, total=steps)',
  }),
  'prints-before-hello': ({ printedBeforeHello }) => ({
    says: `before its hello it printed to the stdout that carries the messages: "${printedBeforeHello}"`,
    fix: 'let the adapter take stdout first:',
    code: 'import autolrs  # before anything that prints',
  }),
  'prints-between-messages': ({ printedLater }) => ({
    says: `it prints to the stdout that carries the messages ("${printedLater}"); without a newline that tears one, and the run waits for it`,
    fix: 'print to stderr, or keep stdout for the script with --carrier unix',
  }),
  'tears-messages': ({ printedLater, printedBeforeHello }) => ({
    says: `it printed into the middle of a message ("${printedLater ?? printedBeforeHello}"); a run would wait for that message`,
    fix: 'print to stderr, or keep stdout for the script with --carrier unix',
  }),
  weights: () => ({
    says: 'the weights do not come back with a restore',
    fix: 'let a checkpoint hold the whole model, and a copy of it: references change as training goes on',
  }),
  buffers: (_, evidence) => ({
    says: `training losses come back and the validation loss does not (${formatLoss(evidence?.validations?.[0])} where it was saved, ${formatLoss(evidence?.validationRestored)} restored): what only validation uses is missing, as BatchNorm's running statistics or an average of the weights`,
    fix: 'let a checkpoint hold buffers as well as parameters, and an average too:',
    code: 'attach(model, optimizer, extra=[average])',
  }),
  optimizer: (_, evidence) => ({
    says: `the losses part ${sayPart(evidence)}, though at LR 0 they do not: what moves the weights is missing, as the optimizer's state, a GradScaler or a second optimizer`,
    fix: 'let a checkpoint hold it:',
    code: 'attach(model, optimizer, extra=[scaler])',
  }),
  data: () => ({
    says: 'other batches come after a restore, so candidates are compared on different ones, and whether all else comes back cannot be told',
    fix: 'let the tuner hold the loader:',
    code: 'for batch in tuner.cycle(loader, epochs):',
  }),
  rng: () => ({
    says: 'even at LR 0 the losses differ after a restore, and a checkpoint holds no random state: dropout or augmentation draws other numbers',
    fix: "save and restore the random generators' state, and name it in holds as rng",
  }),
  'data-or-rng': () => ({
    says: 'even at LR 0 the losses differ after a restore: other batches come, or other random numbers are drawn, though the adapter says that both come back',
    fix: 'draw from the global generators (random, numpy, torch), or hand over an object whose state_dict has the state of yours:',
    code: 'attach(model, optimizer, extra=[augmentation])',
  }),
  'checkpoint-changes': () => ({
    says: 'the first restore brings all back and a later one of the same checkpoint does not: training changes what was saved',
    fix: 'restore from a copy of what is saved, and keep the saved one',
  }),
  'inexact-arithmetic': (_, evidence) => ({
    says: `the losses come back to within ${formatNoise(evidence)}, and not bit by bit, as with kernels that add in another order each time`,
    fix: 'harmless for a run; for exact repetition:',
    code: 'torch.use_deterministic_algorithms(True)',
  }),
  'no-disk': () => ({
    says: 'it cannot save to disk, so a run that is interrupted cannot be resumed',
  }),
  'file-differs': () => ({
    says: 'the losses come back from memory, and not from a file: what is written is less than what is kept',
    fix: 'write to the file all that a checkpoint in memory holds',
  }),
  'no-validation': () => ({
    says: 'it cannot validate, so probes are judged by training losses alone, and what only validation uses was not examined',
    fix: 'hand a function over that returns the validation loss:',
    code: 'attach(model, optimizer, validate=validate)',
  }),
  'validation-slow': (_, evidence) => ({
    says: `a validation takes ${formatSeconds(evidence?.seconds.validate ?? 0)}, too long to examine it`,
    fix: 'validate on fewer examples: the tuner asks for it several times a stage',
  }),
  'validation-varies': (_, evidence) => ({
    says: `the same model gives two validation losses, ${evidence?.validations?.map(formatLoss).join(' and ')}: noise in the tuner's choice`,
    fix: 'validate in eval mode, always on the same examples',
  }),
  'validation-leaves-trace': () => ({
    says: 'training goes on otherwise after a validation: it changes random state, modes or weights',
    fix: 'put back what it changes: model.train(), the random state, gradients off',
  }),
  'lr-ignored': () => ({
    says: 'the LR has no effect: the losses at LR 0 are those at other LRs',
    fix: 'set the LR of the optimizer that steps (each of its parameter groups), and step it before',
    code: 'tuner.step(loss)',
  }),
  'lr-late': () => ({
    says: 'the LR takes effect one step late: after a restore, the first update is done at the LR before it',
    fix: 'set the LR before the update, and not after it',
  }),
  'lr-unseen': () => ({
    says: 'whether the LR takes effect cannot be told: other batches or random numbers come each time, and validation does not tell either',
  }),
  'other-scheduler': () => ({
    says: 'something besides the tuner sets the LR between two steps',
    ...REMOVE_SCHEDULER,
  }),
  'ratios-lost': (_, evidence) => ({
    says: `the parameter groups began with the LR ratios ${sayRatios(evidence?.facts.groups ?? [])} and train with ${sayRatios(evidence?.ratios ?? [])}`,
    fix: "set each group's LR to the tuner's times its ratio",
  }),
  'ratios-unseen': (_, evidence) => ({
    says: `the groups' ratios are ${sayRatios(evidence?.facts.groups ?? [])}, and the adapter does not tell whether they are kept`,
  }),
  'own-counter': () => ({
    says: 'all comes back with a restore, and yet single trials part from the others midway: at some steps the script does something by a count of its own that changes what follows, as an evaluation or a log every so many updates that draws random numbers. A restore does not repeat that, so candidates are compared with some noise; the run is right all the same',
    fix: 'keep its random numbers apart:',
    code: 'with torch.random.fork_rng(): evaluate(model)',
  }),
  'first-pass': () => ({
    says: 'batches that come for the first time are trained on with other random numbers than where they come again: the loader draws (augmentation) from the stream that dropout draws from. Candidates all see the same; only the first of them differs',
    fix: 'harmless for a run; for exact repetition let the loader draw elsewhere:',
    code: 'DataLoader(data, batch_size, num_workers=1)',
  }),
  'ranks-alone': () => ({
    says: 'a launcher of several processes starts it, and one process says that it trains alone: the others may train without the tuner',
  }),
};

function sayPart(evidence: Evidence | undefined): string {
  const { first, again } = evidence?.trials ?? {};
  const at = first?.losses.findIndex((loss, i) => !Object.is(loss, again?.losses[i])) ?? -1;
  return at < 0 ? 'at some step' : `from step ${at + 1} after a restore`;
}

function formatNoise(evidence: Evidence | undefined): string {
  const { first, again } = evidence?.trials ?? {};
  return first && again ? formatLoss(largestDifference(first, again)) : 'rounding';
}
