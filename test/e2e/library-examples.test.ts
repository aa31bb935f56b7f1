/** The examples of the library, run as a user runs them. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../support/cli.js';

describe('examples/library/own-loop.js', () => {
  it('trains a loop of its own to a small error, within its budget', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(ROOT, 'examples', 'library', 'own-loop.js')],
      { encoding: 'utf8' },
    );
    expect([status, stderr]).toEqual([0, '']);
    const [, committed, search] = /(\d+) steps committed, (\d+) in the search/.exec(stdout) ?? [];
    expect(Number(committed) + Number(search)).toBe(1000);
    expect(Number(/error of the weights (.+)/.exec(stdout)?.[1])).toBeLessThan(1e-3);
  });
});
