/** The script that action.yml runs, with the variables that a runner sets. */

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FIXTURES, ROOT, temporaryDirectory } from '../support/cli.js';

const SCRIPT = join(ROOT, 'packaging', 'action', 'run.sh');
const OPTIONS = '--strategy paper --steps 120 --tau 60 --candidates 3 --min-lr 1e-3 --max-lr 1';

function act(cwd: string, command: string, options: string) {
  const env = {
    ...process.env,
    AUTOLRS_ACTION_COMMAND: command,
    AUTOLRS_ACTION_OPTIONS: options,
    AUTOLRS_ACTION_RUN_DIR: 'the run',
    GITHUB_STEP_SUMMARY: join(cwd, 'summary.md'),
    GITHUB_WORKSPACE: join(cwd, '..'),
    GITHUB_OUTPUT: join(cwd, 'output'),
  };
  const { status } = spawnSync('bash', [SCRIPT], { cwd, env, encoding: 'utf8' });
  const lines = readFileSync(join(cwd, 'output'), 'utf8').trimEnd().split('\n');
  return { status, output: Object.fromEntries(lines.map((line) => line.split(/=(.*)/s))) };
}

describe('the script of action.yml', () => {
  it('trains, and leaves a summary, a page and outputs', () => {
    const cwd = temporaryDirectory();
    mkdirSync(join(cwd, 'a folder'));
    cpSync(join(FIXTURES, 'trains.mjs'), join(cwd, 'a folder', 'trains.mjs'));
    cpSync(join(FIXTURES, 'protocol.mjs'), join(cwd, 'a folder', 'protocol.mjs'));
    cpSync(join(FIXTURES, 'open-address.mjs'), join(cwd, 'a folder', 'open-address.mjs'));
    const { status, output } = act(cwd, "node 'a folder/trains.mjs' $(touch evil)", OPTIONS);
    expect(status).toBe(0);
    expect(output).toMatchObject({ 'run-dir': join(basename(cwd), 'the run'), status: 'finished' });
    expect(JSON.parse(output['result'] ?? '').steps.committed).toBe(120);
    expect(readFileSync(join(cwd, 'summary.md'), 'utf8')).toContain('finished');
    expect(existsSync(join(cwd, 'the run', 'report.html'))).toBe(true);
    expect(existsSync(join(cwd, 'evil'))).toBe(false); // no shell reads the command
  });

  it('reads the status of a result that is longer than an argument may be', () => {
    const cwd = temporaryDirectory();
    const script = readFileSync(SCRIPT, 'utf8');
    const lines = script
      .split('\n')
      .filter((line) => /^(read_)?status=/.test(line))
      .join('\n');
    const long = `result='{"status":"finished","x":"'$(printf '%0200000d' 0)'"}'`;
    const { stdout } = spawnSync('bash', ['-c', `${long}\n${lines}\necho $status`], { cwd });
    expect(String(stdout)).toBe('finished\n');
  });

  it('ends with the exit code of a run that fails, and says so', () => {
    const cwd = temporaryDirectory();
    const failed = act(cwd, `node ${join(FIXTURES, 'raises.mjs')}`, `${OPTIONS} --restarts 0`);
    expect([failed.status, failed.output['status']]).toEqual([3, 'failed']);
    const refused = act(cwd, 'node x.mjs', '--no-such-option');
    expect([refused.status, refused.output['status']]).toEqual([2, 'failed']);
  });

  it('is the one that action.yml runs, with every variable that it reads', () => {
    const action = readFileSync(join(ROOT, 'action.yml'), 'utf8');
    expect(action).toContain('$GITHUB_ACTION_PATH/packaging/action/run.sh');
    const read = readFileSync(SCRIPT, 'utf8').match(/AUTOLRS_ACTION_\w+/g) ?? [];
    expect(new Set(read).size).toBe(3);
    for (const name of read) expect(action).toContain(`${name}: \${{ inputs.`);
    // An input in the text of a script would be run as part of it.
    expect(action).not.toMatch(/run: .*\$\{\{ *inputs/);
  });
});
