import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startHint } from '../../../src/app/script/start-hint.js';
import { temporaryDirectory } from '../../support/cli.js';

it('the wait for a script says that no Python has begun, until one has, and only where the command names it', () => {
  const dir = temporaryDirectory();
  const hint = (...command: readonly string[]) =>
    startHint({ command, startTimeoutMs: 600_000, mayPrepare: true }, dir);
  const waiting =
    'waiting for the script to reach its training loop (up to 600 s until it imports PyTorch or Keras)';
  const unreached = `${waiting}; no Python that knows of autolrs has begun so far`;
  expect(hint('docker', 'run', 'image', 'python', 'train.py')).toBe(unreached);
  expect(hint('node', 'train.mjs')).toBe(waiting);
  writeFileSync(join(dir, 'python-started'), '');
  expect(hint('docker', 'run', 'image', 'python', 'train.py')).toBe(waiting);
});
