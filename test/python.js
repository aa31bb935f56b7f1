/**
 * The Python side of `npm test`: types and format if their tools are there, and the adapters' own tests. What is
 * missing is skipped in so many words, or fails where AUTOLRS_REQUIRE_FRAMEWORKS is 1, as in CI.
 */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const python = process.env['AUTOLRS_PYTHON'] ?? 'python3';
const isRequired = process.env['AUTOLRS_REQUIRE_FRAMEWORKS'] === '1';
const cwd = fileURLToPath(new URL('../adapters/python', import.meta.url));

const FORMATTED = ['.', '../../examples/pytorch', '../../bench/training'];
const CHECKS = [
  { needs: 'ruff', args: ['-m', 'ruff', 'check', ...FORMATTED] },
  { needs: 'ruff', args: ['-m', 'ruff', 'format', '--check', ...FORMATTED] },
  { needs: 'mypy', args: ['-m', 'mypy', 'autolrs', 'autolrs_cli'] },
  { needs: 'pytest', args: ['-m', 'pytest', '-q'] },
  { needs: 'pytest, numpy', args: ['-m', 'pytest', '-q', '../../bench/training'] },
];

for (const { needs, args } of CHECKS) {
  const isThere = spawnSync(python, ['-c', `import ${needs}`]).status === 0;
  const name = `${python} ${args.join(' ')}`;
  if (!isThere) {
    console.log(`skipped: ${name} (${python} has no ${needs})`);
    if (isRequired) process.exitCode = 1;
    continue;
  }
  console.log(name);
  const { status } = spawnSync(python, args, { cwd, stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
