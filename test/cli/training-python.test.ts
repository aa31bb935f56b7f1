import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkTrainingPython } from '../../src/cli/training-python.js';
import { temporaryDirectory } from '../support/cli.js';
import { hasPythonModules, PYTHON } from '../support/python.js';

/** An environment as one that the wheel is in, with a script to train. */
function environment(source: string) {
  const home = temporaryDirectory();
  const packages = join(home, 'lib', 'python3', 'site-packages', 'autolrs_cli');
  mkdirSync(packages, { recursive: true });
  mkdirSync(join(home, 'bin'));
  const python = execFileSync(PYTHON, ['-c', 'import sys; print(sys.executable)'], {
    encoding: 'utf8',
  });
  symlinkSync(python.trim(), join(home, 'bin', 'python'));
  writeFileSync(join(packages, 'main.js'), '');
  writeFileSync(join(home, 'train.py'), source);
  return { cwd: home, path: join(home, 'bin'), ownFile: join(packages, 'main.js'), quiet: true };
}

const COMMAND = ['python', 'train.py', '--name', 'a b'];

describe.skipIf(!hasPythonModules())('checkTrainingPython', () => {
  it('refuses the tool’s own Python where it lacks what the script imports', async () => {
    const search = environment('import no_such_thing\n');
    await expect(checkTrainingPython(COMMAND, search)).rejects.toThrow(
      `python is that of autolrs itself, ${join(search.path, 'python')}, which has no no_such_thing, and train.py needs it; name the Python that has it by its path, or in a project of uv: autolrs run -- uv run python train.py --name 'a b'`,
    );
  });

  it('takes it where it has all, and any other as it is', async () => {
    await checkTrainingPython(COMMAND, environment('import json\n'));
    const { ownFile: _, ...search } = environment('import no_such_thing\n');
    await checkTrainingPython(COMMAND, { ...search, ownFile: environment('').ownFile });
    await checkTrainingPython([PYTHON, 'train.py'], environment('import no_such_thing\n'));
    await checkTrainingPython(
      ['uv', 'run', 'python', 'train.py'],
      environment('import no_such_thing\n'),
    );
    await checkTrainingPython([], environment(''));
  });
});
