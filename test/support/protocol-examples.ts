/** The trainers of `examples/protocol`, each as a command line; C is compiled where there is a compiler. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './cli.js';
import { PYTHON } from './python.js';

export const LANGUAGES = ['python', 'javascript', 'shell', 'c'] as const;
export type Language = (typeof LANGUAGES)[number];

const isRequired = process.env['AUTOLRS_REQUIRE_FRAMEWORKS'] === '1';
const source = (name: string) => join(ROOT, 'examples', 'protocol', name);

/** @param dir Where what is compiled may lie. */
export function commandOf(language: Language, dir: string): readonly string[] {
  if (language === 'python') return [PYTHON, source('regression.py')];
  if (language === 'javascript') return [process.execPath, source('regression.js')];
  if (language === 'shell') return ['sh', source('regression.sh')];
  const program = join(dir, 'regression');
  if (existsSync(program)) return [program];
  const flags = '-std=c99 -O2 -Wall -Wextra -pedantic -Werror -o'.split(' ');
  const { status, stderr } = spawnSync('cc', [...flags, program, source('regression.c'), '-lm'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`cc ends with ${status}: ${stderr}`);
  return [program];
}

/** Whether this machine can run it; where frameworks are required one that is missing fails. */
export function canRun(language: Language): boolean {
  const tool = { python: PYTHON, javascript: process.execPath, shell: 'sh', c: 'cc' }[language];
  const ask = language === 'shell' ? ['-c', 'awk 1 </dev/null'] : ['--version'];
  const isThere = spawnSync(tool, ask).status === 0;
  if (!isThere && isRequired) {
    throw new Error(`there is no ${tool}, which AUTOLRS_REQUIRE_FRAMEWORKS asks for`);
  }
  return isThere;
}
