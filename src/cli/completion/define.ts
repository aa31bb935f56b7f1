/** `autolrs completion` as commander has it. */

import type { Command } from 'commander';
import { newCommand } from '../new-command.js';
import { SHELLS } from './shells.js';

export function createCompletionCommand(program: Command, onExit: (code: number) => void): Command {
  return newCommand('completion')
    .summary('Print a script by which a shell completes our commands and options.')
    .description(
      'Print a script by which a shell completes our commands and options, and the training command after --. It is made from the table of options, so it is to be printed again after an update.',
    )
    .argument('<shell>', SHELLS.join(', '))
    .addHelpText('after', EXAMPLES)
    .action(async (shell: string) => {
      const { completionCommand } = await import('./completion-command.js');
      onExit(completionCommand(program, shell));
    });
}

const EXAMPLES = `
Where it goes:
  bash   ~/.bashrc:  source <(autolrs completion bash)
  zsh    ~/.zshrc, after compinit:  source <(autolrs completion zsh)
  fish   autolrs completion fish > ~/.config/fish/completions/autolrs.fish
  pwsh   $PROFILE:  autolrs completion pwsh | Out-String | Invoke-Expression`;
