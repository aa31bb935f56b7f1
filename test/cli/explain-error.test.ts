/** What the system refuses to the tuner's own process ends it with a sentence, and with no stack trace. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { explainError } from '../../src/cli/explain-error.js';
import { AutolrsError } from '../../src/core/errors.js';
import { ROOT, temporaryDirectory } from '../support/cli.js';

describe('explainError', () => {
  it('has a sentence for each limit, also where a library has wrapped the error', () => {
    for (const [error, said] of [
      [Object.assign(new Error('spawn EMFILE'), { code: 'EMFILE' }), 'ulimit -n'],
      [new Error('EMFILE: too many open files'), 'ulimit -n'],
      [Object.assign(new Error('spawn EAGAIN'), { code: 'EAGAIN' }), 'ulimit -u'],
      [Object.assign(new Error('no memory'), { code: 'ENOMEM' }), 'no memory'],
    ] as const) {
      expect(explainError(error)).toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining(said),
      });
    }
  });

  it('leaves any other error as it is', () => {
    const bug = new Error('a bug');
    const own = new AutolrsError('USAGE', 'EMFILE in a name');
    for (const error of [bug, own, 'text', undefined]) expect(explainError(error)).toBe(error);
  });
});

describe('a shell whose current directory was removed', () => {
  it('is told so, with exit code 2', () => {
    const { status, stderr } = spawnSync(
      'sh',
      ['-c', 'mkdir gone && cd gone && rmdir ../gone && exec "$0" "$@"', process.execPath].concat([
        join(ROOT, 'bin', 'autolrs.js'),
        'run',
        '--',
        'true',
      ]),
      { cwd: temporaryDirectory(), encoding: 'utf8' },
    );
    expect(stderr).toBe(
      'autolrs: the current directory is gone; change to one that is there (cd)\n',
    );
    expect(status).toBe(2);
  });
});
