// @ts-check
/**
 * `npm run release`: what is published, in dist-release/, and how it was made.
 *
 *     node packaging/release.js [--out DIR] [--allow-dirty]
 *
 *     autolrs-X.Y.Z.tgz            the npm package
 *     autolrs-X.Y.Z-*.whl          the wheel
 *     SHA256SUMS                   of both: sha256sum --check SHA256SUMS
 *     provenance.json              commit and tools that made them
 *
 * The same commit and the same tools give the same bytes, so anybody who has both can check.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(ROOT, 'dist-release') },
    'allow-dirty': { type: 'boolean', default: false },
  },
});
const { out } = values;
const python = process.env['AUTOLRS_PYTHON'] ?? 'python3';

const { name, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const changed = git('status', '--porcelain');
if (changed !== '' && !values['allow-dirty']) {
  console.error(
    `the checkout differs from its commit, and what is made from it could not be made again; commit or stash:\n${changed}`,
  );
  process.exit(2);
}
const tag = git('tag', '--points-at', 'HEAD', 'v*');
if (tag !== '' && !tag.split('\n').includes(`v${version}`)) {
  console.error(`the commit is tagged ${tag}, and package.json has ${version}`);
  process.exit(2);
}

const others = (existsSync(out) ? readdirSync(out) : []).filter(
  (file) => !/^(wheel|autolrs-.*\.(tgz|whl)|SHA256SUMS|provenance\.json)$/.test(file),
);
if (others.length > 0) {
  console.error(`--out ${out} holds other files, as ${others[0]}; name a folder of its own`);
  process.exit(2);
}
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const wheels = join(out, 'wheel');
run(process.execPath, join(ROOT, 'packaging', 'build-wheel.js'), wheels);
for (const file of readdirSync(wheels)) {
  writeFileSync(join(out, file), readFileSync(join(wheels, file)));
}
rmSync(wheels, { recursive: true });
run('npm', 'pack', '--ignore-scripts', '--pack-destination', out);

const files = readdirSync(out).toSorted();
const sums = files.map((file) => ({ file, sha256: digestOf(join(out, file)) }));
writeFileSync(
  join(out, 'SHA256SUMS'),
  sums.map(({ file, sha256 }) => `${sha256}  ${file}\n`).join(''),
);
const provenance = {
  version: 1,
  package: name,
  release: version,
  tag: tag === '' ? null : `v${version}`,
  commit: git('rev-parse', 'HEAD'),
  committed: git('show', '--no-patch', '--format=%cI', 'HEAD'),
  clean: changed === '',
  system: `${platform()} ${arch()}`,
  tools: {
    node: process.version,
    npm: read('npm', '--version'),
    python: read(python, '--version'),
    pip: read(python, '-m', 'pip', '--version').split(' from ')[0],
    lockfileSha256: digestOf(join(ROOT, 'package-lock.json')),
  },
  commands: ['npm ci', 'npm run release'],
  files: sums,
};
writeFileSync(join(out, 'provenance.json'), `${JSON.stringify(provenance, null, 2)}\n`);
for (const { file, sha256 } of sums) console.log(`${sha256}  ${join(out, file)}`);

/** @param {readonly string[]} args */
function git(...args) {
  return read('git', ...args);
}

/**
 * @param {string} file
 * @param {readonly string[]} args
 */
function read(file, ...args) {
  return execFileSync(file, args, { cwd: ROOT, encoding: 'utf8' }).trim();
}

/**
 * @param {string} file
 * @param {readonly string[]} args
 */
function run(file, ...args) {
  execFileSync(file, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** @param {string} path */
function digestOf(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
