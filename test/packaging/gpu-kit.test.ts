/** The kit for a machine with a GPU and no network: here it runs on the CPU, to its last row. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, temporaryDirectory } from '../support/cli.js';
import { CannotInstall, run } from '../support/install.js';
import { hasPythonModules, PYTHON } from '../support/python.js';

const KIT = join(ROOT, 'packaging', 'gpu-kit.js');
const DATA = '/usr/share/datasets/fashion-mnist';
const isRequired = process.env['AUTOLRS_REQUIRE_FRAMEWORKS'] === '1';
const hasAll =
  hasPythonModules('torch', 'numpy') &&
  (isRequired || existsSync(join(DATA, 'train-images-idx3-ubyte.gz')));

describe('the GPU check kit', { timeout: 600_000 }, () => {
  it.skipIf(!hasAll)('measures on a machine where nothing can be downloaded', ({ skip }) => {
    const out = join(temporaryDirectory(), 'kit');
    try {
      run(process.execPath, [KIT, '--out', out]);
    } catch (error) {
      if (isRequired || !(error instanceof CannotInstall)) throw error;
      skip(error.message);
    }
    const { status, stdout, stderr } = spawnSync(
      PYTHON,
      [join(out, 'check.py'), '--device', 'cpu', '--pairs', '1', '--slices', '1'],
      // pip asks nobody; a proxy that is not there answers whoever asks all the same.
      {
        encoding: 'utf8',
        env: { ...process.env, PIP_NO_INDEX: '1', https_proxy: 'http://127.0.0.1:9' },
      },
    );
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/^PyTorch 2\..* on CPU/);
    const rows = new Map(
      stdout
        .split('\n')
        .filter((line) => line.startsWith('| '))
        .map((line) => line.split(' | ') as [string, string])
        .map(([what, measured]) => [what.slice(2), measured.replace(/ \|$/, '')]),
    );
    expect(Number(rows.get('steps/s, bare'))).toBeGreaterThan(0);
    expect(Number(rows.get('steps/s, tuned'))).toBeGreaterThan(0);
    for (const what of ['save, memory', 'restore, memory', 'save, disk', 'restore, disk']) {
      expect(rows.get(what)).toMatch(/^\d+\.\d ms$/);
    }
    expect(rows.get('`autolrs doctor`')).toBe('fit to be tuned');
    expect([...rows.values()].filter((value) => value === 'no device')).toHaveLength(2);
  });

  it('names the data that is missing', () => {
    const args = [KIT, '--data', temporaryDirectory()];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/train-images-idx3-ubyte\.gz is missing: install/);
    expect(stderr).not.toContain('at ');
  });
});
