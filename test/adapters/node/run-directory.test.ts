import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../support/cli.js';
import { Driver } from './driver.js';

interface Place {
  readonly root: string;
  /** With `sub`, a folder, and `out`, a link to `elsewhere` beside the run directory. */
  readonly runDir: string;
  readonly driver: Driver;
}

function place(): Place {
  const root = temporaryDirectory();
  const runDir = join(root, 'run');
  mkdirSync(join(runDir, 'sub'), { recursive: true });
  mkdirSync(join(root, 'elsewhere'));
  symlinkSync(join(root, 'elsewhere'), join(runDir, 'out'));
  symlinkSync(runDir, join(root, 'link'));
  const environment = { AUTOLRS: '1', AUTOLRS_RUN_DIR: runDir };
  return { root, runDir, driver: new Driver('fixtures/plain.mjs', [], environment) };
}

describe('a checkpoint on disk', () => {
  test.each([
    ['beside it', 'elsewhere/a'],
    ['that leads out of it', 'run/../a'],
    ['in a folder whose name begins like its own', 'run2/a'],
    ['through a link out of it', 'run/out/a'],
    ['through a link and back up', 'run/out/../a'],
    ['that is a link to a folder out of it', 'run/out/'],
  ])('is refused by a script with a run directory at a path %s: %s', async (_, path) => {
    const { root, driver } = place();
    mkdirSync(join(root, 'run2'));
    const outside = `${root}/${path}`; // join would take the dots out
    for (const method of ['save', 'restore', 'discard']) {
      const { error } = await driver.ask(method, { id: 'a', path: outside });
      expect(error, method).toMatchObject({
        code: -32602,
        message: `"path" must lie in the run directory ${root}/run; it is ${outside}`,
      });
    }
    expect(readdirSync(join(root, 'elsewhere'))).toEqual([]);
    expect(readdirSync(root).toSorted()).toEqual(['elsewhere', 'link', 'run', 'run2']);
  });

  test.each(['run/a', 'run/sub/a', 'run/sub/../a', 'link/a', 'link/sub/a'])(
    'is taken inside of the run directory: %s',
    async (path) => {
      const { root, driver } = place();
      const params = { id: 'a', path: `${root}/${path}` };
      await driver.get('save', params);
      expect(await driver.get('restore', params)).toMatchObject({ id: 'a', step: 0 });
      await driver.get('discard', params);
      expect(existsSync(params.path)).toBe(false);
    },
  );

  test('in a folder that is not there is a storage error', async () => {
    const { runDir, driver } = place();
    const { error } = await driver.ask('save', { id: 'a', path: join(runDir, 'none', 'a') });
    expect(error?.code).toBe(-32004);
  });

  test('is for its owner alone', async () => {
    const { runDir, driver } = place();
    const path = join(runDir, 'a');
    await driver.get('save', { id: 'a', path });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});
