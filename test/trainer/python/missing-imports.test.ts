import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findPython } from '../../../src/trainer/python/find-python.js';
import { findMissingImports } from '../../../src/trainer/python/missing-imports.js';
import { temporaryDirectory } from '../../support/cli.js';
import { hasPythonModules, PYTHON } from '../../support/python.js';

describe('findPython', () => {
  function folderWith(name: string, mode = 0o755): string {
    const folder = temporaryDirectory();
    writeFileSync(join(folder, name), '');
    chmodSync(join(folder, name), mode);
    return folder;
  }

  it('takes the first on the path that can be started', () => {
    const broken = folderWith('python', 0o644);
    const folder = temporaryDirectory();
    mkdirSync(join(folder, 'python'));
    const [first, second] = [folderWith('python'), folderWith('python')];
    const path = [broken, folder, first, second].join(delimiter);
    expect(findPython('python', path)).toBe(join(first, 'python'));
    expect(findPython('python3.13', folderWith('python3.13'))).toMatch(/python3\.13$/);
  });

  it('leaves alone what is no Python by name, a path, or nowhere', () => {
    const path = folderWith('torchrun');
    expect(findPython('torchrun', path)).toBeUndefined();
    expect(findPython('/usr/bin/python3', path)).toBeUndefined();
    expect(findPython('python', path)).toBeUndefined();
    expect(findPython('python', undefined)).toBeUndefined();
  });
});

describe.skipIf(!hasPythonModules())('findMissingImports', () => {
  async function missingIn(source: string, args = ['train.py']) {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'train.py'), source);
    writeFileSync(join(cwd, 'beside.py'), '');
    return findMissingImports(PYTHON, args, cwd);
  }

  it('names each top-level import that this Python has not, once', async () => {
    const source = `
import os, json.decoder, no_such_one.part
from no_such_two import x
import no_such_one
import beside
from . import sibling
def later():
    import no_such_three
try:
    import no_such_four
except ImportError:
    pass
`;
    expect(await missingIn(source)).toEqual({
      script: 'train.py',
      names: ['no_such_one', 'no_such_two'],
    });
    expect((await missingIn(source, ['-u', '-X', 'utf8', 'train.py', '--x']))?.names).toHaveLength(
      2,
    );
  });

  it('runs nothing of the script', async () => {
    expect((await missingIn('raise SystemExit(1)\nimport no_such_one'))?.names).toEqual([
      'no_such_one',
    ]);
  });

  it('says of a module whether it is there', async () => {
    expect((await missingIn('', ['-m', 'no_such.launch', 'train.py']))?.names).toEqual(['no_such']);
    expect((await missingIn('', ['-m', 'json.tool']))?.names).toEqual([]);
  });

  it('has nothing to say of what it cannot read', async () => {
    expect((await missingIn('import sys\nsys.path.insert(0, "x")\nimport no_such'))?.names).toEqual(
      [],
    );
    expect(await missingIn('this is no Python')).toBeUndefined();
    expect(await missingIn('', ['nowhere.py'])).toBeUndefined();
    expect(await missingIn('', ['-c', 'import no_such'])).toBeUndefined();
    expect(await missingIn('', [])).toBeUndefined();
  });
});
