/**
 * Everything that docs/internals/performance.md shows, one part after the other.
 *
 *     npm run bench -- [--python PATH]
 *
 * With a Python that has torch (and scikit-optimize) the parts that need it run too.
 */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { python: { type: 'string' } } });
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const python = values.python;

const parts = [
  ['core', process.execPath, [path('core.js'), ...(python ? ['--python', python] : [])]],
  ['start-up', process.execPath, [path('startup.js')]],
  ['memory', process.execPath, [path('memory.js')]],
  ...(python ? [['tuner.step', python, [path('tuner_step.py')]]] : []),
  ...(python ? [['overhead', python, [path('overhead.py'), 'pytorch']]] : []),
];
for (const [name, command, args] of parts) {
  console.log(`\n## ${name}\n`);
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
