/** Installs the packages as a user would, from what a checkout makes. */

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './cli.js';
import { PYTHON } from './python.js';

/** Packages from the registries are part of an installation: without a network there is none. */
export class CannotInstall extends Error {}

/** Runs a command to its end; returns what it wrote to stdout. */
export function run(file: string, args: readonly string[], env = process.env): string {
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    cwd: ROOT,
    encoding: 'utf8',
    env,
  });
  if (status === 0) return stdout;
  throw new CannotInstall(`${file} ${args.join(' ')}: ${error?.message ?? stderr}`);
}

/** Builds the wheel into `dir`; returns its path. */
export function buildWheel(dir: string): string {
  run(process.execPath, [join(ROOT, 'packaging', 'build-wheel.js'), dir]);
  const [wheel, ...others] = readdirSync(dir);
  if (wheel === undefined || others.length > 0) throw new Error(`${dir} holds not one wheel`);
  return join(dir, wheel);
}

/** A fresh virtual environment with the wheel in it; returns its `bin`. */
export function installWheel(wheel: string, dir: string): string {
  run(PYTHON, ['-m', 'venv', dir]);
  const bin = join(dir, 'bin');
  run(join(bin, 'python'), ['-m', 'pip', 'install', '--disable-pip-version-check', wheel]);
  return bin;
}

/** Packs and installs the npm package under `dir`; returns the package's folder and the command. */
export function installNpmPackage(dir: string): {
  readonly home: string;
  readonly command: string;
} {
  // Not its scripts: the sources are built, and other tests read what was built.
  const packed = run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', dir]);
  const { filename } = (JSON.parse(packed) as { filename: string }[])[0] ?? { filename: '' }; // npm's
  const options = ['--global', '--prefix', dir, '--no-audit', '--no-fund', '--prefer-offline'];
  run('npm', ['install', ...options, join(dir, filename)]);
  return {
    home: join(dir, 'lib', 'node_modules', 'autolrs'),
    command: join(dir, 'bin', 'autolrs'),
  };
}
