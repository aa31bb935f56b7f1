/** A command whose help and mistakes go where all else goes that we write. */

import { Command } from 'commander';
import { stderr, stdout } from '../app/output.js';

export function newCommand(name: string): Command {
  return new Command(name)
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
    })
    .helpOption('-h, --help', 'print this help')
    .showHelpAfterError(`(autolrs ${name} --help lists the options)`)
    .exitOverride();
}
