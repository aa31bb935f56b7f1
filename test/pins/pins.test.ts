/** What programs depend on, in literals: a change here is a change of the API. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCodeOfError, exitCodeOfStatus } from '../../src/cli/exit-codes.js';
import * as core from '../../src/core/index.js';
import { PROTOCOL_VERSION, WIRE_ERRORS } from '../../src/protocol/messages.js';
import { RESULTS } from '../../src/protocol/parse.js';
import { ROOT } from '../support/cli.js';

describe('what others depend on stays as it is', () => {
  it('exit codes of errors', () => {
    const codes = {
      USAGE: 2,
      TRAINER_NOT_STARTED: 3,
      TRAINER_SILENT: 3,
      TRAINER_EXITED: 3,
      TRAINER_TIMEOUT: 3,
      TRAINER_FAILED: 3,
      PROTOCOL_BAD_MESSAGE: 4,
      PROTOCOL_VERSION: 4,
      RUN_DIRECTORY_UNUSABLE: 5,
      JOURNAL_TORN: 5,
      JOURNAL_VERSION: 5,
      INTERRUPTED: 130,
    } as const;
    for (const [code, exit] of Object.entries(codes)) {
      expect(exitCodeOfError(code as keyof typeof codes), code).toBe(exit); // its own keys
    }
  });

  it('exit codes of ends', () => {
    expect(exitCodeOfStatus('finished')).toBe(0);
    expect(exitCodeOfStatus('target-reached')).toBe(0);
    expect(exitCodeOfStatus('ended-early')).toBe(3);
    expect(exitCodeOfStatus('diverged')).toBe(6);
    expect(exitCodeOfStatus('interrupted')).toBe(130);
  });

  it('the wire’s version, requests and errors', () => {
    expect(PROTOCOL_VERSION).toBe(1);
    expect(Object.keys(RESULTS)).toEqual([
      'initialize',
      'train',
      'validate',
      'save',
      'restore',
      'discard',
      'shutdown',
    ]);
    expect(
      Object.keys(WIRE_ERRORS)
        .map(Number)
        .toSorted((a, b) => a - b),
    ).toEqual([-32700, -32603, -32602, -32601, -32600, -32004, -32003, -32002, -32001]);
  });

  it('the package’s names and doors', () => {
    const { name, bin, exports, engines } = JSON.parse(
      readFileSync(join(ROOT, 'package.json'), 'utf8'),
    );
    expect({ name, bin, engines, doors: Object.keys(exports) }).toEqual({
      name: 'autolrs',
      bin: { autolrs: 'bin/autolrs.js' },
      engines: { node: '>=20.19' },
      doors: ['.', './node', './package.json'],
    });
    expect(Object.keys(core).toSorted()).toEqual([
      'AutolrsError',
      'DEFAULTS',
      'ResultBuilder',
      'createRandom',
      'forecastLoss',
      'lrAt',
      'paper',
      'resolveOptions',
      'suggestLr',
    ]);
  });
});
