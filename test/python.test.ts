import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './support/cli.js';

/** What the Python half of `npm test` says on a machine without any Python package. */
function runWithoutPackages(isRequired: boolean) {
  const env = Object.entries(process.env).filter(([name]) => !name.startsWith('AUTOLRS'));
  return spawnSync(process.execPath, [join(ROOT, 'test', 'python.js')], {
    env: {
      ...Object.fromEntries(env),
      AUTOLRS_PYTHON: 'false',
      AUTOLRS_REQUIRE_FRAMEWORKS: isRequired ? '1' : '0',
    },
    encoding: 'utf8',
  });
}

test('the checks of Python end with one line of what was missing', () => {
  const { stdout, status } = runWithoutPackages(false);
  expect(stdout.trimEnd().split('\n').at(-1)).toBe(
    'skipped for want of: ruff, mypy, pytest, numpy, ecosystem, fastai, jax, keras, lightning, tensorflow, trackers, transformers (CONTRIBUTING.md says how to get them)',
  );
  expect(status).toBe(0);
});

test('what is missing fails where it is required', () => {
  expect(runWithoutPackages(true).status).toBe(1);
});
