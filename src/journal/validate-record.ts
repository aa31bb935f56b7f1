/**
 * Whether a record is one that a tuner writes. Its sum says that it is whole and not who made it: a later version may
 * have, or another program.
 */

type Value = Readonly<Record<string, unknown>>;

type Check = (value: unknown) => boolean;

const isNumber: Check = (value) => typeof value === 'number';
const isText: Check = (value) => typeof value === 'string';
const isFalse: Check = (value) => value === false;
const isNumbers: Check = (value) => Array.isArray(value) && value.every(isNumber);
const isCommandLine: Check = (value) =>
  Array.isArray(value) && value.length > 0 && value.every(isText);

function isRecord(value: unknown): value is Value {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object that has at least these, each of its kind. */
function has(fields: Readonly<Record<string, Check>>): Check {
  const names = Object.entries(fields);
  return (value) => isRecord(value) && names.every(([name, check]) => check(value[name]));
}

/** Absent, or of its kind. */
function maybe(check: Check): Check {
  return (value) => value === undefined || check(value);
}

function oneOf(kinds: Readonly<Record<string, Check>>): Check {
  return (value) => {
    if (!isRecord(value)) return false;
    const { kind } = value;
    if (typeof kind !== 'string' || !Object.hasOwn(kinds, kind)) return false;
    return kinds[kind]?.(value) === true;
  };
}

const PORT = has({ host: isText, port: isNumber });
const TRANSPORT = oneOf({ stdio: isRecord, unix: isRecord, tcp: PORT, tls: PORT });

function isListOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

const TRAIN = has({
  steps: isNumber,
  lr: (lr) => isNumber(lr) || isNumbers(lr),
  purpose: isText,
  average: maybe(has({ powers: isNumbers, every: isNumber, since: isNumber })),
});
const VALIDATE = has({ purpose: isText, at: maybe(isNumber) });

/** Of a probe that was asked for with others. */
const PROBE_COMMAND = oneOf({ train: TRAIN, validate: VALIDATE });

const COMMAND = oneOf({
  save: has({ checkpoint: isText }),
  restore: has({ checkpoint: isText }),
  discard: has({ checkpoint: isText }),
  train: TRAIN,
  validate: VALIDATE,
  adopt: has({ at: isNumber }),
  begin: isRecord,
  clock: isRecord,
});

const isLoss: Check = (value) => value === null || isNumber(value);

const TRAINED = has({
  steps: isNumber,
  losses: (losses) => Array.isArray(losses) && losses.every(isLoss),
  lr: isNumber,
  step: isNumber,
  seconds: isNumber,
  printed: maybe(isListOf(isLoss)),
  printedMetric: maybe(isListOf(isLoss)),
});

const RESTORED = has({ step: isNumber, lr: isNumber, seconds: isNumber });
const VALIDATED = has({ loss: isLoss, metrics: maybe(isRecord), seconds: isNumber });

const PROBE_REPLY = oneOf({ restored: RESTORED, trained: TRAINED, validated: VALIDATED });

const REPLY = oneOf({
  saved: has({ step: isNumber, seconds: isNumber }),
  restored: RESTORED,
  discarded: isRecord,
  trained: TRAINED,
  validated: VALIDATED,
  begun: has({ step: isNumber }),
  adopted: has({ seconds: isNumber }),
  timed: has({ secondsLeft: isNumber, sitting: maybe(isNumber) }),
});

const INTERVAL = has({ min: isNumber, max: isNumber, from: isText });

const OUTCOME = oneOf({ forecast: has({ loss: isLoss, sd: isLoss }), diverged: isRecord });

/** Decisions that the result is made of. Any other kind is ignored. */
const DECISIONS: Readonly<Record<string, Check>> = {
  'range-found': has({ peak: isNumber, low: isNumber, high: isNumber, basis: isText }),
  'interval-found': has({ interval: INTERVAL }),
  'stage-started': has({ stage: isNumber, fromStep: isNumber, interval: INTERVAL }),
  'probe-ended': has({ lr: isNumber, steps: isNumber, outcome: OUTCOME }),
  'commit-started': has({
    lr: isNumber,
    steps: isNumber,
    forecast: maybe(isLoss),
    sd: maybe(isLoss),
  }),
  'stage-rolled-back': has({ stage: isNumber }),
  'script-begins': has({ why: isText }),
  'factor-found': has({ factor: isNumber, peak: isNumber, schedule: isText }),
  'known-search': has({ peak: isNumber, lr: isNumber, steps: isNumber, expected: isNumber }),
  'end-forecast': has({ step: isNumber, loss: isLoss, low: isLoss, high: isLoss }),
  'stage-ended': has({ steps: isNumber, reached: isLoss, validation: maybe(isLoss) }),
  finished: has({
    reason: isText,
    diverged: maybe(isNumbers),
    neverFinite: maybe(isText),
    afterUpdate: maybe((value) => value === true),
    unsoundStep: maybe(isNumber),
    flat: maybe(has({ loss: isNumber, steps: isNumber, highestLr: isNumber })),
    wentBack: maybe(has({ from: isNumber, to: isNumber })),
    unused: maybe(isNumber),
  }),
};

const DECISION: Check = (value) =>
  has({ kind: isText })(value) && isOf(DECISIONS, value as { readonly kind: string });

const STATUSES = new Set([
  'finished',
  'target-reached',
  'ended-early',
  'diverged',
  'flat-loss',
  'interrupted',
  'failed',
]);

const FACTS = has({
  name: isText,
  step: isNumber,
  epoch: maybe(isNumber),
  lr: isNumber,
  groups: isNumbers,
  world: isNumber,
  can: isRecord,
  holds: Array.isArray,
  schedule: maybe(has({ name: isText, peak: maybe(isNumber), falls: maybe(isFalse) })),
});

const PROCESS = has({ host: isText, pid: isNumber });

const MACHINE = has({
  host: isText,
  system: isText,
  processor: isText,
  cores: isNumber,
  memoryBytes: isNumber,
  node: isText,
});

const RECORDS: Readonly<Record<string, Check>> = {
  run: has({
    id: isText,
    strategy: isText,
    seed: isNumber,
    options: isRecord,
    command: isCommandLine,
    cwd: isText,
    scoutDir: maybe(isText),
    validationPattern: maybe(isText),
    tensorboard: maybe(isText),
    until: maybe(isNumber),
    workers: maybe(isNumber),
    workerPrefix: maybe(isListOf(isText)),
    join: maybe((value) => value === true),
    restarts: isNumber,
    carrier: maybe(TRANSPORT),
    inside: maybe((value) => value === true),
    machine: maybe(MACHINE),
  }),
  resume: has({
    command: isCommandLine,
    until: maybe(isNumber),
    carrier: maybe(TRANSPORT),
    inside: maybe((value) => value === true),
    machine: maybe(MACHINE),
  }),
  started: has({ worker: maybe(isNumber), process: maybe(PROCESS) }),
  trainer: has({ facts: FACTS, process: maybe(PROCESS) }),
  command: has({ command: COMMAND }),
  reply: has({ reply: REPLY }),
  slice: has({ reply: oneOf({ trained: TRAINED }) }),
  decision: has({ decision: DECISION }),
  batch: has({
    batch: has({ from: isText, probes: isListOf(isListOf(PROBE_COMMAND)) }),
  }),
  'probe-reply': has({ index: isNumber, worker: isNumber, answer: isListOf(PROBE_REPLY) }),
  worker: has({ worker: isNumber, state: isText, why: maybe(isText) }),
  'checkpoint-begun': has({ file: isText }),
  checkpoint: has({
    checkpoint: has({ file: isText, step: isNumber, bytes: isNumber, sha256: isText }),
  }),
  'checkpoint-damaged': has({ file: isText }),
  'checkpoint-removed': has({ file: isText }),
  'rolled-back': has({ checkpoint: isText }),
  printed: has({ losses: isListOf(isLoss), metric: maybe(isListOf(isLoss)) }),
  lost: has({ steps: isNumber, seconds: isNumber }),
  extension: has({ steps: maybe(isNumber), total: maybe(isNumber) }),
  end: has({
    status: (status) => typeof status === 'string' && STATUSES.has(status),
    exitCode: isNumber,
    error: maybe(has({ code: isText, message: isText })),
  }),
};

/** A kind that is not known is ignored by the reader. */
export function isOfItsKind(entry: object): boolean {
  const { kind } = entry as { readonly kind?: unknown };
  return typeof kind === 'string' && isOf(RECORDS, { ...entry, kind });
}

function isOf(kinds: Readonly<Record<string, Check>>, value: { readonly kind: string }): boolean {
  return !Object.hasOwn(kinds, value.kind) || kinds[value.kind]?.(value) === true;
}
