/**
 * What the CLI adds to starting Node: `autolrs --version`, `autolrs run --help` and, for files with settings, `autolrs config` against `node -e 0`, in turn, so
 * that a machine whose speed drifts does not favour either.
 *
 *     npm run build && node bench/startup.js
 */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../bin/autolrs.js', import.meta.url));
const ROUNDS = 25;

const commands = {
  'node -e 0': ['-e', '0'],
  'autolrs --version': [CLI, '--version'],
  'autolrs run --help': [CLI, 'run', '--help'],
  'autolrs config': [CLI, 'config'],
};

const times = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, args] of Object.entries(commands)) {
    const from = performance.now();
    const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' });
    if (status !== 0) throw new Error(`${name} ended with ${status}`);
    if (round > 0) times[name].push(performance.now() - from); // the first fills the disk cache
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const bare = times['node -e 0'];
for (const [name, own] of Object.entries(times)) {
  const over = median(own.map((time, i) => time - bare[i]));
  console.log(
    `${name.padEnd(20)} ${median(own).toFixed(1).padStart(7)} ms   over node ${over.toFixed(1).padStart(6)} ms`,
  );
}
