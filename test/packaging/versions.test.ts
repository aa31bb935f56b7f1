/** One version, whichever door a user comes in by. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../support/cli.js';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

it('package.json, its lock file and the Python package carry the same version', () => {
  const { version } = JSON.parse(read('package.json'));
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  const lock = JSON.parse(read('package-lock.json'));
  expect([lock.version, lock.packages[''].version]).toEqual([version, version]);
  expect(read('adapters/python/autolrs/_version.py')).toContain(`__version__ = "${version}"`);
  expect(read('adapters/python/pyproject.toml')).not.toMatch(/^version = "/m); // it reads _version.py
});
