/**
 * The Python side of `npm test`: types and format if their tools are there, and the adapters' own tests, those of each
 * framework by the Python that AUTOLRS_PYTHON_<FRAMEWORK> names. What is missing is skipped in so many words, or fails
 * where AUTOLRS_REQUIRE_FRAMEWORKS is 1, as in CI.
 */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const isRequired = process.env['AUTOLRS_REQUIRE_FRAMEWORKS'] === '1';
const root = fileURLToPath(new URL('..', import.meta.url));
const adapters = join(root, 'adapters', 'python');
const main = process.env['AUTOLRS_PYTHON'] ?? 'python3';
const missing = new Set();

// Which files they are about stands in ruff.toml and mypy.ini.
const CHECKS = [
  { needs: 'ruff', args: ['-m', 'ruff', 'check'] },
  { needs: 'ruff', args: ['-m', 'ruff', 'format', '--check'] },
  { needs: 'mypy', args: ['-m', 'mypy'] },
  { needs: 'pytest, numpy', args: ['-m', 'pytest', '-q', 'bench/training'] },
  { needs: 'pytest', args: ['-m', 'pytest', '-q', 'bench/unmodified'] },
];
for (const { needs, args } of CHECKS) await check(main, needs, args, { cwd: root });

const requirements = new URL('./requirements/', import.meta.url);
const frameworks = readdirSync(requirements).map((file) => file.replace(/\.txt$/, ''));
const files = readdirSync(join(adapters, 'tests')).filter((file) => /^test_.*\.py$/.test(file));
/** A framework's own: `test_keras.py` and `test_keras_fits.py`. */
const ofFramework = (framework) =>
  files.filter((file) => new RegExp(`^test_${framework}(_.*)?\\.py$`).test(file));
const pairs = frameworks.flatMap((framework) =>
  ofFramework(framework).map((file) => ({ framework, file })),
);
const suites = pairs.map(({ framework, file }) => async () => {
  const variable = `AUTOLRS_PYTHON_${framework.toUpperCase()}`;
  const python = process.env[variable];
  const suite = `tests/${file}`;
  if (python === undefined) return skip(suite, `${variable} is not set`, framework);
  const pins = new URL(`${framework}.txt`, requirements);
  const env = { AUTOLRS_REQUIREMENTS: fileURLToPath(pins) };
  await check(python, 'pytest', ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', suite], { env });
});
const ofFrameworks = new Set(pairs.map(({ file }) => file));
for (const file of files) {
  if (ofFrameworks.has(file)) continue;
  suites.push(() =>
    check(main, 'pytest', ['-m', 'pytest', '-q', '-rs', '-p', 'no:cacheprovider', `tests/${file}`]),
  );
}
// Two at a time: a script under test and the test that drives it wait for each other.
await Promise.all(
  [1, 2].map(async () => {
    for (let next = suites.shift(); next !== undefined; next = suites.shift()) await next();
  }),
);
const names = [...missing].flatMap((needs) => needs.split(', '));
console.log(
  names.length === 0
    ? 'nothing was skipped for want of a Python package'
    : `skipped for want of: ${[...new Set(names)].join(', ')} (CONTRIBUTING.md says how to get them)`,
);

async function check(python, needs, args, { cwd = adapters, env = {} } = {}) {
  const name = `${python} ${args.join(' ')}`;
  if (spawnSync(python, ['-c', `import ${needs}`]).status !== 0) {
    skip(name, `${python} has no ${needs}`, needs);
    return;
  }
  const start = performance.now();
  const child = spawn(python, args, { cwd, env: { ...process.env, ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const [status] = await once(child, 'close');
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(`${name} (${seconds} s)\n${output.trimEnd()}`);
  for (const [, module] of output.matchAll(/could not import '([^'.]+)/g)) missing.add(module);
  if (status !== 0) process.exitCode = 1;
}

function skip(name, reason, needs) {
  console.log(`skipped: ${name} (${reason})`);
  missing.add(needs);
  if (isRequired) process.exitCode = 1;
}
