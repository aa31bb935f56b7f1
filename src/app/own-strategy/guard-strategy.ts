/**
 * A strategy of the user's, held to what a strategy may do: what it asks must be a command, what it makes known must be
 * readable again, and where it fails it is the user's file that has failed.
 */

import type { Answer, Conversation, Turn } from '../../core/conversation/conversation.js';
import type { Decision, FinishReason } from '../../core/conversation/decision.js';
import { AutolrsError } from '../../core/errors.js';
import type { Strategy } from '../../core/strategies/registry.js';
import { type StrategyTools, TOOLS } from '../../core/strategies/tools.js';
import { isOfItsKind } from '../../journal/validate-record.js';

/** What a file may export. The turns that it yields are checked, whatever its author's types say. */
export type OwnStrategy = (
  ...args: [...Parameters<Strategy>, StrategyTools]
) => Iterator<unknown, unknown, Answer>;

const REASONS = ['budget', 'target', 'data', 'diverged', 'flat'] as const satisfies FinishReason[];

/** @param path - As its user gave it, for sentences. */
export function guardStrategy(path: string, own: OwnStrategy): Strategy {
  const wrong = (what: string) => new AutolrsError('USAGE', `strategy ${path} ${what}`);
  const attempt = <Value>(act: () => Value): Value => {
    try {
      return act();
    } catch (error) {
      if (error instanceof AutolrsError) throw error;
      throw new AutolrsError('USAGE', `strategy ${path} has failed: ${describe(error)}`, {
        cause: error,
      });
    }
  };
  return function* (options, facts): Conversation<FinishReason> {
    const turns = attempt(() => own(options, facts, TOOLS));
    if (typeof turns?.next !== 'function') {
      throw wrong('is no generator; write: export function* strategy(options, facts, tools) { … }');
    }
    let answer: Answer;
    const saved = new SavedNames(facts.can.memory === false);
    for (;;) {
      const turn = attempt(() => turns.next(answer));
      if (turn.done) {
        const reason = REASONS.find((known) => known === (turn.value ?? 'budget'));
        if (reason === undefined) {
          throw wrong(`ends with ${textOf(turn.value)}; return one of: ${REASONS.join(', ')}`);
        }
        return reason;
      }
      const fault = faultOf(turn.value) ?? saved.faultOf(turn.value as Turn); // it has no other fault
      if (fault !== undefined) throw wrong(`yields ${textOf(turn.value)}: ${fault}`);
      answer = yield turn.value as Turn; // it has no fault
    }
  };
}

/** As files are named for trainers that hold no checkpoint in memory. */
const FILE_NAME = /^[a-z]+(-[a-z0-9]+)*$/;

/** The checkpoints that there are: a script that is asked for another would be blamed for it. */
class SavedNames {
  readonly #names = new Set<string>();
  readonly #areFiles: boolean;

  constructor(areFiles: boolean) {
    this.#areFiles = areFiles;
  }

  /** Follows a turn; returns what is wrong with the checkpoint that it names. */
  faultOf(turn: Turn): string | undefined {
    if (turn.kind !== 'command') return undefined;
    const { command } = turn;
    if (command.kind === 'begin') this.#names.clear();
    if (!('checkpoint' in command)) return undefined;
    const { kind, checkpoint } = command;
    if (kind === 'save') {
      if (this.#areFiles && !FILE_NAME.test(checkpoint)) {
        return 'the script keeps checkpoints in files; name them by small letters and digits, as "best" or "stage-2"';
      }
      this.#names.add(checkpoint);
    } else if (!this.#names.has(checkpoint)) {
      const names = [...this.#names].map((name) => `"${name}"`).join(', ') || 'none';
      return `no such checkpoint is saved; there is ${names}`;
    }
    if (kind === 'discard') this.#names.delete(checkpoint);
    return undefined;
  }
}

/** What is wrong with a turn; undefined if nothing is. */
function faultOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'a turn is an object';
  const turn = value as Turn; // as far as it is looked at below
  if (turn.kind !== 'command' && turn.kind !== 'decision') {
    return 'its kind is neither "command" nor "decision"; yield* one of the tools';
  }
  if (!isOfItsKind(turn)) return `that is no ${turn.kind}; yield* one of the tools`;
  if (turn.kind === 'decision') return faultOfDecision(turn.decision);
  if (turn.command.kind !== 'train') return undefined;
  const { steps, lr, purpose } = turn.command;
  if (!Number.isSafeInteger(steps) || steps < 1)
    return 'steps must be a whole number of at least 1';
  if (purpose !== 'search' && purpose !== 'commit') return 'purpose is search or commit';
  const lrs = typeof lr === 'number' ? [lr] : lr;
  if (!lrs.every((one) => Number.isFinite(one) && one >= 0))
    return 'each lr must be a number of at least 0';
  if (typeof lr !== 'number' && lr.length !== steps)
    return 'lr has one value for each step, or is one number';
  return undefined;
}

/** What may be made known, with the numbers that displays read of it. */
const DECISIONS: Readonly<Partial<Record<Decision['kind'], readonly string[]>>> = {
  'interval-found': [],
  'stage-started': ['stage', 'fromStep', 'stageSteps', 'probeSteps', 'candidates'],
  'probe-started': ['stage', 'probe', 'lr'],
  'probe-ended': ['stage', 'probe', 'lr', 'steps'],
  'commit-started': ['stage', 'lr', 'steps'],
  'stage-ended': ['stage', 'lr', 'steps', 'reached'],
  'end-forecast': ['step', 'loss', 'low', 'high'],
  finished: [],
};

function faultOfDecision(decision: Decision): string | undefined {
  const numbers = Object.hasOwn(DECISIONS, decision.kind) ? DECISIONS[decision.kind] : undefined;
  if (numbers === undefined) return `a decision is one of: ${Object.keys(DECISIONS).join(', ')}`;
  const missing = numbers.find((name) => typeof Reflect.get(decision, name) !== 'number');
  return missing === undefined ? undefined : `${missing} must be a number`;
}

const MOST_SHOWN = 200;

function textOf(value: unknown): string {
  const text = jsonOf(value) ?? String(value);
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

/** Undefined for what JSON has no words for, as a function, a BigInt or what holds itself. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** With the line in the user's file, the first that a stack names. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return textOf(error);
  const [, place] = /\(?((?:file:|\/)[^\s()]+:\d+):\d+\)?/.exec(error.stack ?? '') ?? [];
  return `${error.name}: ${error.message}${place === undefined ? '' : ` (${place})`}`;
}
