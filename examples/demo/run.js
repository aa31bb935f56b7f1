/** `npm run demo`: the tuner on the digits. Arguments go to `autolrs run`, as in `npm run demo -- --seed 2`. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
// Soon after that the network knows its few training digits by heart.
const options = ['--budget', '1000', ...process.argv.slice(2)];
const args = [
  path('../../bin/autolrs.js'),
  'run',
  ...options,
  '--',
  process.execPath,
  path('digits.js'),
];
const { status, error } = spawnSync(process.execPath, args, { stdio: 'inherit' });
if (error) throw error;
process.exitCode = status ?? 1;
