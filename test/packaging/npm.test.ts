/** `npm install autolrs`: what is packed is all that the command and the demo need. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../support/cli.js';
import { CannotInstall, installNpmPackage, run } from '../support/install.js';

const isRequired = process.env['AUTOLRS_REQUIRE_FRAMEWORKS'] === '1';
const prefix = mkdtempSync(join(tmpdir(), 'autolrs-test-'));
let installation: ReturnType<typeof installNpmPackage> | undefined;

beforeAll(() => {
  try {
    installation = installNpmPackage(prefix);
  } catch (error) {
    if (isRequired || !(error instanceof CannotInstall)) throw error;
    console.warn(error.message);
  }
}, 300_000);

afterAll(() => rmSync(prefix, { recursive: true, force: true }), 60_000);

describe('the npm package, packed and installed', { timeout: 120_000 }, () => {
  it('says its version and runs the demo', ({ skip }) => {
    if (installation === undefined) return skip('npm could not install the package');
    const { home, command } = installation;
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(run(command, ['--version'])).toBe(`${version}\n`);
    const dir = join(prefix, 'run');
    const flags = ['--json', '--strategy', 'paper', '--steps', '300', '--run-dir', dir];
    const stdout = run(process.execPath, [join(home, 'examples', 'demo', 'run.js'), ...flags]);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'finished', steps: { committed: 300 } });
    const page = join(prefix, 'report.html');
    run(command, ['report', dir, '--output', page]);
    // Its script is in the package, and the licence of what is in that.
    expect(readFileSync(page, 'utf8')).toMatch(/Contains uPlot [\s\S]*MIT License/);
    // npm puts it where man looks.
    const manual = join(prefix, 'share', 'man', 'man1', 'autolrs.1');
    expect(readFileSync(manual, 'utf8')).toContain('.TH AUTOLRS 1');
  });

  it('brings the trainers without a library, as sources alone', ({ skip }) => {
    if (installation === undefined) return skip('npm could not install the package');
    const trainers = readdirSync(join(installation.home, 'examples', 'protocol'));
    expect(trainers.toSorted()).toEqual(
      ['c', 'js', 'py', 'sh'].map((ending) => `regression.${ending}`),
    );
  });
});
