/** `autolrs completion SHELL`. */

import type { Command } from 'commander';
import { stdout } from '../../app/output.js';
import { AutolrsError } from '../../core/errors.js';
import { completeInBash } from './bash.js';
import { completeInFish } from './fish.js';
import { type CompletedProgram, modelOf } from './model.js';
import { completeInPwsh } from './pwsh.js';
import { SHELLS, type ShellName } from './shells.js';
import { completeInZsh } from './zsh.js';

const SCRIPTS: Readonly<Record<ShellName, (program: CompletedProgram) => string>> = {
  bash: completeInBash,
  zsh: completeInZsh,
  fish: completeInFish,
  pwsh: completeInPwsh,
};

/** @throws AutolrsError `USAGE` for another shell. */
export function completionCommand(program: Command, name: string): number {
  const shell = SHELLS.find((known) => known === (name === 'powershell' ? 'pwsh' : name));
  if (shell === undefined) {
    const message = `there is no completion for "${name}"; give one of: ${SHELLS.join(', ')}`;
    throw new AutolrsError('USAGE', message);
  }
  stdout.write(SCRIPTS[shell](modelOf(program)));
  return 0;
}
