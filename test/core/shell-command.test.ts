import { describe, expect, it } from 'vitest';
import { mayLoseStdout, namesPython } from '../../src/core/shell-command.js';

const FILES: Readonly<Record<string, string>> = {
  'train.sh': '#!/bin/sh\nexec python3 train.py "$@" > log.txt 2>&1\n',
  './bin/ranks.bash': 'torchrun --nproc-per-node 2 train.py | tee log.txt\n',
  'trainer.sh': '#!/bin/sh\nwhile read -r request; do answer; done\n',
};

const LOSES = [
  ['bash', 'train.sh'],
  ['/bin/sh', '-eu', 'train.sh', '--lr', '0.1'],
  ['./bin/ranks.bash'],
  ['bash', '-c', 'python train.py | tee log.txt'],
  ['sh', '-ec', 'cd work; .venv/bin/train.py'],
  ['env', 'SEED=1', 'nice', '-n', '5', 'zsh', '-c', 'uv run train'],
  ['timeout', '10m', 'bash', 'train.sh'],
  ['conda', 'run', '-n', 'torch', 'python', 'train.py'],
  ['/opt/conda/bin/mamba', 'run', '-n', 'torch', 'train'],
];

const KEEPS = [
  ['python', 'train.py', 'bash', 'train.sh'],
  ['env', 'SEED=1', 'python', 'train.py'],
  ['uv', 'run', 'train.py'],
  ['sh', 'trainer.sh'],
  ['./trainer.sh'],
  ['bash', 'missing.sh'],
  ['bash', '-c', './trainer'],
  ['bash'],
  ['bash', '-c'],
  ['conda', 'install', 'python'],
  ['nice'],
  [],
];

describe('a command that may lead the stdout of a Python script elsewhere', () => {
  const mayLose = (command: readonly string[]) => mayLoseStdout(command, (path) => FILES[path]);

  it.each(LOSES.map((command) => ({ command })))('is $command', ({ command }) => {
    expect(mayLose(command)).toBe(true);
  });

  it.each(KEEPS.map((command) => ({ command })))('is not $command', ({ command }) => {
    expect(mayLose(command)).toBe(false);
  });
});

it('a command speaks of Python also where another program starts it', () => {
  const speaks = [
    ['python3.12', 'a.py'],
    ['./train.py'],
    ['docker', 'run', 'image', 'python', 'a'],
  ];
  for (const command of speaks) expect(namesPython(command), command.join(' ')).toBe(true);
  for (const command of [['node', 'train.mjs'], ['./train'], []]) {
    expect(namesPython(command), command.join(' ')).toBe(false);
  }
});
