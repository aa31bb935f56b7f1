/** The messages of `test/corpus`, which every implementation of the wire can be held to, against the tuner's. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type {
  AverageOptions,
  Purpose,
  TrainerCommand,
} from '../../src/core/conversation/command.js';
import { classifyLine } from '../../src/protocol/json-rpc.js';
import { parseNotification, parseResult, RESULTS } from '../../src/protocol/parse.js';
import { toReply, toRequest } from '../../src/protocol/translate.js';
import { ROOT } from '../support/cli.js';

interface Case {
  readonly title: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly result: unknown;
  /** What the sentence must name. */
  readonly field: string;
  /** The message is right and what the script did is wrong, so that the sentence speaks of the script. */
  readonly code?: 'TRAINER_FAILED';
  readonly method: string;
  readonly line: string;
}

type Method = keyof typeof RESULTS;

const CORPUS = join(ROOT, 'test', 'corpus');
// Object.keys forgets which keys they are.
const METHODS = Object.keys(RESULTS) as Method[];

function read(name: string): Readonly<Record<string, readonly Case[]>> {
  return JSON.parse(readFileSync(join(CORPUS, `${name}.json`), 'utf8'));
}

/** The command that becomes a request with these params; undefined for requests that no strategy makes. */
function commandOf(method: Method, params: Case['params']): TrainerCommand | undefined {
  const { steps, lr, halt, purpose, id, at, average } = params as {
    steps: number;
    lr: number;
    halt?: number;
    purpose?: Purpose;
    id: string;
    at?: number;
    average?: AverageOptions;
  }; // the corpus is ours
  if (method === 'train') {
    return {
      kind: method,
      purpose: purpose ?? 'search',
      steps,
      lr,
      ...(halt && { haltAbove: halt }),
      ...(average && { average }),
    };
  }
  if (method === 'validate') return { kind: method, purpose: 'commit', ...(at && { at }) };
  if (method === 'adopt') return { kind: method, at: at ?? 0 };
  if (method === 'initialize' || method === 'shutdown') return undefined;
  return { kind: method, checkpoint: id };
}

function accept(method: Method, { params, result }: Case): unknown {
  const command = commandOf(method, params);
  return command === undefined ? parseResult(method, result) : toReply(command, result);
}

function errorOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

function expectRefusal(error: unknown, field: string): void {
  expect(error).toMatchObject({ code: 'PROTOCOL_BAD_MESSAGE' });
  expect(String(error)).toContain(`"${field}"`);
}

describe('the corpus', () => {
  it('has a file for every request, and no other files than these', () => {
    const files = [...METHODS, 'notifications', 'lines'].map((name) => `${name}.json`);
    expect(readdirSync(CORPUS).toSorted()).toEqual(files.toSorted());
  });
});

for (const method of METHODS) {
  const { params = [], valid = [], invalid = [] } = read(method);
  describe(`"${method}"`, () => {
    it('has params, a valid and an invalid result', () => {
      expect(Math.min(params.length, valid.length, invalid.length)).toBeGreaterThan(0);
    });
    for (const each of params) {
      it(`is asked with ${each.title}`, () => {
        const command = commandOf(method, each.params);
        if (command !== undefined) {
          expect(toRequest(command)).toEqual({ method, params: each.params });
        }
      });
    }
    for (const each of valid) {
      it(`may be answered with ${each.title}`, () => {
        expect(accept(method, each)).toBeTypeOf('object');
      });
    }
    for (const each of invalid) {
      it(`refuses an answer with ${each.title}, naming "${each.field}"`, () => {
        const error = errorOf(() => accept(method, each));
        if (each.code === undefined) expectRefusal(error, each.field);
        else expect(error).toMatchObject({ code: each.code, facts: { isPermanent: true } });
      });
    }
  });
}

describe('notifications', () => {
  const { valid = [], ignored = [], invalid = [] } = read('notifications');
  for (const { title, method, params } of valid) {
    it(`may be ${title}`, () => {
      expect(parseNotification(method, params)).toMatchObject({ kind: method });
    });
  }
  for (const { title, method, params } of ignored) {
    it(`ignore ${title}`, () => {
      expect(parseNotification(method, params)).toBeUndefined();
    });
  }
  for (const { title, method, params, field } of invalid) {
    it(`refuse ${title}, naming "${field}"`, () => {
      expectRefusal(
        errorOf(() => parseNotification(method, params)),
        field,
      );
    });
  }
});

describe('a line', () => {
  for (const [kind, cases] of Object.entries(read('lines'))) {
    for (const { title, line } of cases) {
      it(`with ${title} is ${kind}`, () => {
        expect(classifyLine(line)).toMatchObject({ kind });
      });
    }
  }
});
