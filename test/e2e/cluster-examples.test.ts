/** The scripts of `examples/clusters`, as far as they run without their engines: what signals do to them. */

import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixture, ROOT, temporaryDirectory } from '../support/cli.js';

const EXAMPLES = join(ROOT, 'examples', 'clusters');
const SLOW = fixture('slow.mjs');

/** A folder with programs: the CLI, and a `scontrol` that notes what it is asked. */
function install(folder: string): NodeJS.ProcessEnv {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const programs = {
    autolrs: `exec "${process.execPath}" "${join(ROOT, 'bin', 'autolrs.js')}" "$@"`,
    scontrol: `echo "$@" >> "${join(folder, 'asked')}"`,
  };
  for (const [name, line] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${line}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const path = `${bin}${delimiter}${process.env['PATH']}`;
  return {
    ...process.env,
    PATH: path,
    RUN_DIR: join(folder, 'run'),
    SLURM_JOB_ID: '7',
    AUTOLRS_MIN_LR: '1e-3',
    AUTOLRS_MAX_LR: '1',
    AUTOLRS_SEARCH: 'inside',
  };
}

/** Starts a command, and sends it a signal once it probes. */
function interrupt(
  command: readonly string[],
  signal: NodeJS.Signals,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  let isSent = false;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    if (isSent || !stderr.includes('probe 1')) return;
    isSent = true;
    child.kill(signal);
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stderr })));
}

const askedOf = (folder: string) =>
  existsSync(join(folder, 'asked')) ? readFileSync(join(folder, 'asked'), 'utf8') : '';

describe('the scripts for clusters', () => {
  it('are there, and are such scripts', () => {
    const scripts = readdirSync(EXAMPLES).filter((name) => /\.(sbatch|sh)$/.test(name));
    expect(scripts.length).toBeGreaterThan(3);
    for (const name of scripts) {
      expect(spawnSync('bash', ['-n', join(EXAMPLES, name)]).status, name).toBe(0);
    }
  });

  it('end in order when Slurm preempts them, and go on when they are started again', async () => {
    const folder = temporaryDirectory();
    const env = install(folder);
    const job = ['bash', join(EXAMPLES, 'preemptible.sbatch'), ...SLOW];
    const first = await interrupt(job, 'SIGTERM', env);
    expect([first.code, first.stderr]).toEqual([130, expect.stringContaining('SIGTERM: stopping')]);
    // Where it stands it probes again or not: the line that it resumes is enough.
    const { stderr } = spawnSync(job[0] ?? '', job.slice(1), {
      env: { ...env, AUTOLRS_SEED: '9' },
      encoding: 'utf8',
    });
    expect(stderr).toContain('was begun with --seed');
  });

  it('queue again at the time limit, and not when they are cancelled', async () => {
    for (const [signal, asked] of [
      ['SIGUSR1', 'requeue 7\n'],
      ['SIGTERM', ''],
    ] as const) {
      const folder = temporaryDirectory();
      const job = ['bash', join(EXAMPLES, 'time-limit.sbatch'), ...SLOW];
      const { code } = await interrupt(job, signal, install(folder));
      expect([signal, code, askedOf(folder)]).toEqual([signal, 130, asked]);
    }
  });
});

const CONTAINER = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--mount-proc'];
const canNest = spawnSync('unshare', [...CONTAINER.slice(1), 'true']).status === 0;

describe('the Job for Kubernetes', () => {
  const text = readFileSync(join(EXAMPLES, 'kubernetes-job.yaml'), 'utf8');
  const [, listed = ''] = /command: \[(.+)\]/.exec(text) ?? [];

  it.runIf(canNest)('ends in order as the first process of its container', async () => {
    const folder = temporaryDirectory();
    const env = install(folder);
    const words = listed.split(', ');
    const at = words.indexOf('--');
    const line = words
      .slice(0, at + 1)
      .map((word) => (word === '/runs/tuned' ? env['RUN_DIR'] : word));
    // A signal to `unshare` reaches nothing inside: one from inside to process 1 is what a kubelet sends.
    const inside = `(until grep -q 'probe 1' ${folder}/err; do sleep 0.1; done; kill -TERM 1) & exec ${line.join(' ')} ${SLOW.join(' ')} 2> ${folder}/err`;
    const [program = '', ...args] = [...CONTAINER, 'sh', '-c', inside];
    const { status } = spawnSync(program, args, { env });
    expect([status, readFileSync(join(folder, 'err'), 'utf8')]).toEqual([
      130,
      expect.stringContaining('SIGTERM: stopping'),
    ]);
  });

  it('gives up at the exit codes that another pod would meet again', () => {
    const [, codes = ''] = /values: \[(.+)\]/.exec(text) ?? [];
    // 5: a run directory that cannot be used now. 130: interrupted.
    expect(codes).toBe('1, 2, 3, 4, 6');
  });
});
