/**
 * Whatever bytes a trainer writes, a request ends in a reply, in an `AutolrsError` whose sentence can be shown, or still
 * waits. `AUTOLRS_FUZZ_SEED` chooses other bytes than the usual ones.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Command, Reply, TrainerCommand } from '../../src/core/conversation/command.js';
import { AutolrsError } from '../../src/core/errors.js';
import { createRandom } from '../../src/core/math/random.js';
import { resolveOptions } from '../../src/core/options.js';
import { paper } from '../../src/core/strategies/paper/strategy.js';
import { ROOT } from '../support/cli.js';
import { drive } from '../support/drive.js';
import { SimulatedTrainer } from '../support/simulated-trainer.js';
import { anEdit, breakBytes, cutUp, edit } from '../support/wire-mutators.js';
import { type Played, playWire, type Question } from '../support/wire-player.js';

const SEED = Number(process.env['AUTOLRS_FUZZ_SEED'] ?? 20260101);
const EDITED_MESSAGES = 60_000;
const BROKEN_SESSIONS = 40_000;

/** The slowest input may be stopped for by the collector or by a neighbour; a quadratic one takes minutes. */
const SLOWEST_MS = 3000;

interface Answered {
  readonly question: Question;
  readonly result: unknown;
}

interface Line {
  readonly question: Question;
  readonly message: Readonly<Record<string, unknown>>;
}

const CORPUS = join(ROOT, 'test', 'corpus');
const answers = [...readAnswers(), ...playSession()];
const lines: readonly Line[] = [
  ...answers.map(({ question, result }) => ({ question, message: { id: 1, result } })),
  ...readNotifications(),
  ...answers.slice(0, 5).map(({ question }) => ({
    question,
    message: { id: 1, error: { code: -32003, message: 'no', data: { traceback: 'line 9' } } },
  })),
];

function readCorpus(name: string) {
  return JSON.parse(readFileSync(join(CORPUS, `${name}.json`), 'utf8'));
}

function readAnswers(): readonly Answered[] {
  return readdirSync(CORPUS)
    .map((file) => file.replace('.json', ''))
    .filter((name) => name !== 'notifications' && name !== 'lines')
    .flatMap((name) =>
      readCorpus(name).valid.map(({ params, result }: { params: Params; result: unknown }) => ({
        question: toQuestion(name, params),
        result,
      })),
    );
}

function readNotifications(): readonly Line[] {
  const question: Question = { kind: 'train', purpose: 'search', steps: 3, lr: 0.05 };
  return readCorpus('notifications').valid.map(
    ({ method, params }: { method: string; params: unknown }) => ({
      question,
      message: { method, params },
    }),
  );
}

interface Params {
  readonly id: string;
  readonly steps: number;
  readonly lr: number | readonly number[];
}

function toQuestion(method: string, { id, steps, lr }: Params): Question {
  if (method === 'train') return { kind: method, purpose: 'search', steps, lr };
  if (method === 'validate') return { kind: method, purpose: 'search' };
  if (method === 'save' || method === 'restore' || method === 'discard') {
    return { kind: method, checkpoint: id };
  }
  return { kind: method === 'initialize' ? method : 'shutdown' };
}

function isOfTheTrainer(command: Command): command is TrainerCommand {
  return command.kind !== 'begin' && command.kind !== 'clock';
}

/** A whole run against the simulated trainer, as it would have gone over the wire. */
function playSession(): readonly Answered[] {
  const trainer = new SimulatedTrainer();
  const options = resolveOptions({ steps: 60, minLr: 1e-3, maxLr: 1, candidates: 3 });
  const { entries } = drive(paper(options, trainer.facts), trainer);
  const answered: Answered[] = [];
  let command: TrainerCommand | undefined;
  for (const entry of entries) {
    if (entry.kind === 'command' && isOfTheTrainer(entry.command)) command = entry.command;
    if (entry.kind === 'reply' && command !== undefined) {
      answered.push({ question: command, result: toResult(command, entry.reply) });
    }
  }
  return answered;
}

function toResult(command: TrainerCommand, { kind: _, ...fields }: Reply): unknown {
  return 'checkpoint' in command ? { id: command.checkpoint, ...fields } : fields;
}

const editedMessage = fc.record({
  at: fc.nat(lines.length - 1),
  edits: fc.array(anEdit, { maxLength: 3 }),
  cuts: fc.array(fc.nat(400), { maxLength: 3 }),
});

const CODES: ReadonlySet<string> = new Set([
  'PROTOCOL_BAD_MESSAGE',
  'PROTOCOL_VERSION',
  'TRAINER_FAILED',
  'TRAINER_EXITED',
]);

/** Faults of a line in which no field could be named. */
const LINE_FAULTS =
  /nothing was asked|a trainer may answer and notify, not ask|not valid JSON|longer than 64 MiB/;

/** Twice a quoted line and the longest of our own words. */
const LONGEST_SENTENCE = 700;

function checkPlayed({ outcomes, progress, logs }: Played): void {
  for (const outcome of outcomes) {
    if (outcome instanceof AutolrsError) checkSentence(outcome);
    else mustBeFinite(outcome, 'reply');
  }
  for (const each of progress) mustBeFinite(each, 'progress');
  for (const text of logs) must(typeof text === 'string', 'a log is no text');
}

function checkSentence({ code, message, facts }: AutolrsError): void {
  must(CODES.has(code), `${code}: ${message}`);
  must(message.length <= LONGEST_SENTENCE, `${message.length} characters: ${message}`);
  for (const text of [message, ...(facts.stderrTail ?? [])]) {
    must(
      !/(?!\t)[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029]/u.test(text),
      `it has controls: ${text}`,
    );
  }
  if (code !== 'PROTOCOL_BAD_MESSAGE') return;
  const [fault = '', quoted] = message.split('; the message was ');
  must(quoted !== undefined, `it quotes nothing: ${message}`);
  const why = fault.replace(/its (?:answer to )?"[a-z]+" is wrong/, '');
  must(/"[^"]+"/.test(why) || LINE_FAULTS.test(why), `it names no field: ${message}`);
}

/** Losses and metrics may be NaN; no other number, and nothing else at all, is not finite. */
function mustBeFinite(value: unknown, name: string): void {
  if (typeof value === 'number') {
    const isLoss = /^(?:loss|losses|metrics)\b/.test(name);
    must(Number.isFinite(value) || (isLoss && Number.isNaN(value)), `"${name}" is ${value}`);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value)) {
      mustBeFinite(child, /^(?:losses|metrics)\b/.test(name) ? `${name}.${key}` : key);
    }
  }
}

function must(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Error(otherwise);
}

/** Plays, checks, and takes the time. */
async function withinTime(play: () => Promise<Played>): Promise<Played> {
  const startedAt = performance.now();
  const played = await play();
  checkPlayed(played);
  const ms = performance.now() - startedAt;
  must(ms < SLOWEST_MS, `one input took ${Math.round(ms)} ms`);
  return played;
}

/** With `--expose-gc` exactly what is still held; without it what was not yet thrown away besides. */
function heldBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

describe(`the wire, under AUTOLRS_FUZZ_SEED=${SEED}`, () => {
  let inputs = 0;
  let replies = 0;
  let refusals = 0;
  const count = ({ outcomes }: Played) => {
    inputs++;
    for (const outcome of outcomes) {
      if (!(outcome instanceof AutolrsError)) replies++;
      else if (outcome.code !== 'TRAINER_EXITED') refusals++;
    }
  };

  it('takes messages with wrong, missing, double and unknown fields', async () => {
    await fc.assert(
      fc.asyncProperty(editedMessage, async ({ at, edits, cuts }) => {
        const { question, message } = lines[at] as Line; // `at` is one of theirs
        const bytes = Buffer.from(`${edit(message, edits)}\n`);
        const exchange = { question, chunks: cutUp(bytes, cuts) };
        count(await withinTime(() => playWire([exchange])));
      }),
      { seed: SEED, numRuns: EDITED_MESSAGES },
    );
  });

  it('takes sessions with broken bytes', async () => {
    const random = createRandom(SEED);
    const below = (n: number) => Math.floor(random.uniform() * n);
    const before = heldBytes();
    for (let i = 0; i < BROKEN_SESSIONS; i++) {
      const from = below(answers.length);
      const session = answers.slice(from, from + 1 + below(4)).map(({ question, result }, at) => {
        const line = `{"jsonrpc":"2.0","id":${at + 1},"result":${JSON.stringify(result)}}\n`;
        const { message } = lines[below(lines.length)] ?? { message: {} };
        const other = Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
        let bytes: Uint8Array = Buffer.from(line);
        for (let n = below(4); n > 0; n--) bytes = breakBytes(bytes, random, other);
        return { question, chunks: cutUp(bytes, [below(200), below(200)]) };
      });
      const played = await withinTime(() => playWire(session)).catch((cause: unknown) => {
        const text = session.map(({ chunks }) => Buffer.concat(chunks).toString('latin1')).join('');
        throw new Error(`session ${i} ${JSON.stringify(text)}: ${cause}`, { cause });
      });
      count(played);
    }
    expect(heldBytes() - before).toBeLessThan(300 * 1024 * 1024);
  });

  it('was given a hundred thousand inputs, of which some were answers and most were not', () => {
    expect(inputs).toBeGreaterThanOrEqual(100_000);
    expect(replies).toBeGreaterThan(10_000);
    expect(refusals).toBeGreaterThan(30_000);
  });
});
