/**
 * Disks that are really full, read-only or gone: file systems of their own, mounted where nobody else sees them (Linux's
 * `unshare`). Where that is not permitted the tests are skipped.
 */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FIXTURES, ROOT, temporaryDirectory } from '../support/cli.js';
import { readRun } from '../support/read-run.js';

const FLAGS =
  '--steps 200 --tau 60 --candidates 3 --min-lr 1e-3 --max-lr 1 --checkpoint-steps 25'.split(' ');
const UNSHARE = ['unshare', ['--mount', '--map-root-user', 'sh', '-ec']] as const;
const canMount =
  spawnSync(UNSHARE[0], [...UNSHARE[1], 'mount -t tmpfs tmpfs /mnt && mount --bind /mnt /mnt'])
    .status === 0;

/**
 * `$DISK` is a file system of `$SIZE`, seen at `$SEEN` as well, where the run is; in `$OUT` is what it leaves. The script
 * does `$DISTURBANCE` in the middle; `$MEND` is done before the run is resumed.
 */
const SCRIPT = `
autolrs() { set +e; "$NODE" "$CLI" "$@" >>"$OUT/stdout" 2>>"$OUT/$1.stderr"; echo "$1 $?" >>"$OUT/codes"; set -e; }
mount -t tmpfs -o size="$SIZE" tmpfs "$DISK"
mount --bind "$DISK" "$SEEN"
`;
const DISTURBED = `
autolrs run --quiet --run-dir "$SEEN/run" $FLAGS -- "$NODE" "$SCRIPT"
sh -ec "$MEND"
autolrs show "$SEEN/run"
autolrs resume --quiet "$SEEN/run"
cp -r "$DISK/run" "$OUT/run"
`;

interface End {
  readonly codes: readonly string[];
  readonly stderr: (command: string) => string;
  /** The run directory, as it was at the end. */
  readonly run: string;
}

/** Runs `script` where mounts are its own. */
async function onDisk(script: string, variables: Readonly<Record<string, string>>): Promise<End> {
  const dir = temporaryDirectory();
  const [disk, seen, out] = [join(dir, 'disk'), join(dir, 'seen'), join(dir, 'out')];
  for (const folder of [disk, seen, out]) mkdirSync(folder);
  const env = {
    ...process.env,
    AUTOLRS_STRATEGY: 'paper',
    NODE: process.execPath,
    CLI: join(ROOT, 'bin', 'autolrs.js'),
    SCRIPT: join(FIXTURES, 'disturbs-once.mjs'),
    FLAGS: FLAGS.join(' '),
    DISK: disk,
    SEEN: seen,
    OUT: out,
    SIZE: '64m',
    DISTURBANCE: 'true',
    DISTURBED_MARKER: join(out, 'disturbed'),
    MEND: 'true',
    ...variables,
  };
  const child = spawn(UNSHARE[0], [...UNSHARE[1], SCRIPT + script], { env });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(code, said).toBe(0);
  return {
    codes: readFileSync(join(out, 'codes'), 'utf8').trim().split('\n'),
    stderr: (command) => readFileSync(join(out, `${command}.stderr`), 'utf8'),
    run: join(out, 'run'),
  };
}

const CASES: readonly (readonly [title: string, Record<string, string>, sentence: string])[] = [
  ['of 16 kB', { SIZE: '16k', MEND: 'mount -o remount,size=64m "$DISK"' }, 'no space left'],
  ['of 64 kB', { SIZE: '64k', MEND: 'mount -o remount,size=64m "$DISK"' }, 'no space left'],
  ['of 200 kB', { SIZE: '200k', MEND: 'mount -o remount,size=64m "$DISK"' }, 'no space left'],
  [
    'that somebody else fills',
    { DISTURBANCE: 'cat /dev/zero >"$DISK/filler" || true', MEND: 'rm "$DISK/filler"' },
    'the disk is full; make room',
  ],
  [
    'that becomes read-only',
    {
      DISTURBANCE:
        'umount -l "$SEEN"; mount --bind "$DISK" "$SEEN"; mount -o remount,bind,ro "$SEEN"',
      MEND: 'umount "$SEEN"; mount --bind "$DISK" "$SEEN"',
    },
    'read-only file system',
  ],
  [
    'that is unmounted',
    { DISTURBANCE: 'umount -l "$SEEN"', MEND: 'mount --bind "$DISK" "$SEEN"' },
    'is not where it was: it was moved, or its disk was unmounted; bring it back and resume it',
  ],
  [
    'whose run directory is moved away',
    { DISTURBANCE: 'mv "$DISK/run" "$DISK/away"', MEND: 'mv "$DISK/away" "$DISK/run"' },
    'was moved during the run; resume it in ".*/away"',
  ],
];

describe.skipIf(!canMount)('a run on a disk', { timeout: 60_000 }, () => {
  let undisturbed: Promise<ReturnType<typeof readRun>> | undefined;
  const runUndisturbed = async () => {
    const { codes, run } = await onDisk(DISTURBED, {});
    expect(codes).toEqual(['run 0', 'show 0', 'resume 0']);
    return readRun(run);
  };

  for (const [title, variables, sentence] of CASES) {
    it(`${title} ends with 5 and a sentence, and ends the same once that is mended`, async () => {
      undisturbed ??= runUndisturbed();
      const { codes, stderr, run } = await onDisk(DISTURBED, variables);
      expect(codes).toEqual(['run 5', 'show 0', 'resume 0']);
      const [first, ...others] = stderr('run').trimEnd().split('\n');
      expect(first).toMatch(new RegExp(`^autolrs: .*${sentence}`));
      for (const line of others) expect(line).toMatch(/^autolrs: resume with: autolrs resume /);
      expect(readRun(run).essence).toEqual((await undisturbed).essence);
      const left = 'checkpoints journal.jsonl result.json schedule.json tensorboard trainer.log';
      expect(readdirSync(run).toSorted()).toEqual(left.split(' '));
      expect(readdirSync(join(run, 'checkpoints'))).toHaveLength(2);
    });
  }

  it('that is read-only is neither begun nor gone on with, and can be shown', async () => {
    const { codes, stderr, run } = await onDisk(
      `
autolrs run --quiet --run-dir "$DISK/run" $FLAGS -- "$NODE" "$SCRIPT"
umount "$SEEN"; mount -o remount,ro "$DISK"
autolrs run --quiet --run-dir "$DISK/other" $FLAGS -- "$NODE" "$SCRIPT"
autolrs resume --quiet --steps 300 "$DISK/run"
autolrs show "$DISK/run"
mount -o remount,rw "$DISK"
autolrs resume --quiet --steps 300 "$DISK/run"
cp -r "$DISK/run" "$OUT/run"`,
      {},
    );
    expect(codes).toEqual(['run 0', 'run 5', 'resume 5', 'show 0', 'resume 0']);
    const sentence =
      /^autolrs: the run directory ".*" cannot be used: the file system is read-only; .*\n$/;
    expect(stderr('run')).toMatch(sentence);
    expect(stderr('resume')).toMatch(sentence);
    expect(readRun(run).result.steps.committed).toBe(300);
    expect(existsSync(join(run, 'lock'))).toBe(false);
  });
});
