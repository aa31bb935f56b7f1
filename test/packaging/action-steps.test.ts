/** action.yml, its steps executed as written: from a fresh checkout to outputs and the job's summary. */

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FIXTURES, ROOT, temporaryDirectory } from '../support/cli.js';
import { readAction, runAction } from '../support/composite-action.js';
import { CannotInstall, run } from '../support/install.js';

const isRequired = process.env['AUTOLRS_REQUIRE_FRAMEWORKS'] === '1';
const OPTIONS = '--strategy paper --steps 120 --tau 60 --candidates 3 --min-lr 1e-3 --max-lr 1';

/** Where a runner has checked the action out. */
const home = mkdtempSync(join(tmpdir(), 'autolrs-test-'));

beforeAll(() => {
  const listed = run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  const files = listed.split('\0').filter((name) => name !== '' && existsSync(join(ROOT, name)));
  for (const name of files) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    cpSync(join(ROOT, name), join(home, name));
  }
  process.env['npm_config_prefer_offline'] = 'true';
});

afterAll(() => rmSync(home, { recursive: true, force: true }), 60_000);

function workspace(...fixtures: readonly string[]): string {
  const dir = temporaryDirectory();
  mkdirSync(join(dir, 'project'));
  for (const name of ['protocol.mjs', 'open-address.mjs', ...fixtures]) {
    cpSync(join(FIXTURES, name), join(dir, 'project', name));
  }
  return dir;
}

/** Without a network nothing is installed, and there is nothing to see. */
function act(dir: string, inputs: Readonly<Record<string, string>>) {
  const end = runAction(home, dir, { 'working-directory': 'project', ...inputs });
  if (/npm (error|ERR!) (code )?(E[A-Z]+|network)/.test(end.log)) throw new CannotInstall(end.log);
  return end;
}

describe('action.yml', { timeout: 600_000 }, () => {
  it('installs, trains, and leaves outputs, a summary and a page; then goes on, or fails as the run does', ({
    skip,
  }) => {
    const dir = workspace('trains.mjs', 'raises.mjs');
    const inputs = { command: 'node trains.mjs', options: OPTIONS };
    let end: ReturnType<typeof act>;
    try {
      end = act(dir, inputs);
    } catch (error) {
      if (isRequired || !(error instanceof CannotInstall)) throw error;
      return skip('npm could not install the packages');
    }
    expect(end.status, end.log).toBe(0);
    expect(end.outputs).toMatchObject({ 'run-dir': 'project/autolrs-run', status: 'finished' });
    expect(JSON.parse(end.outputs['result'] ?? '').steps.committed).toBe(120);
    expect(end.summary).toMatch(/^### autolrs-run: finished$/m);
    expect(end.summary).toContain('autolrs run --steps 120');
    const page = join(dir, 'project', 'autolrs-run', 'report.html');
    expect(readFileSync(page, 'utf8')).toMatch(/^<!doctype html>/);
    rmSync(join(dir, '.runner'), { recursive: true });
    const again = act(dir, inputs);
    expect([again.status, again.outputs['status']]).toEqual([0, 'finished']);
    expect(again.log).toContain('the run is over');
    rmSync(join(dir, '.runner'), { recursive: true });
    const failing = { 'run-dir': 'other', options: `${OPTIONS} --restarts 0` };
    const failed = act(dir, { ...failing, command: 'node raises.mjs' });
    expect([failed.status, failed.outputs['status']]).toEqual([3, 'failed']);
    expect(failed.summary).toMatch(/^### other: failed$/m);
  });

  it('brings a Node that the command runs on, and is one that a runner reads', () => {
    const { runs, inputs, outputs } = readAction(join(ROOT, 'action.yml'));
    expect(runs.using).toBe('composite');
    const node = runs.steps.find(({ uses }) => uses?.startsWith('actions/setup-node@'));
    const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const [, least = ''] = /^>=(\d+)/.exec(engines.node) ?? [];
    expect(Number(node?.with?.['node-version'])).toBeGreaterThanOrEqual(Number(least));
    const guide = readFileSync(join(ROOT, 'docs', 'guide', 'ci.md'), 'utf8');
    for (const name of [...Object.keys(inputs), ...Object.keys(outputs)]) {
      expect(guide).toContain(`| \`${name}\` |`);
    }
  });
});
