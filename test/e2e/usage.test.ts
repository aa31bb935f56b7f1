/** Mistakes on the command line: each command names the help that has the answer. */

import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.js';
import { runCli } from '../support/cli.js';

const { commands } = createProgram({ onStart() {}, onFile() {}, onExit() {} });

describe('an option that there is not', () => {
  // `serve` is for adapters, and no person calls it.
  it.each(commands.map((command) => command.name()).filter((name) => name !== 'serve'))(
    'of %s is refused, with where the options are',
    async (name) => {
      const { code, stderr } = await runCli([name, '--no-such-option']);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^error: unknown option '--no-such-option'$/m);
      expect(stderr.trimEnd().split('\n').at(-1)).toBe(
        `(autolrs ${name} --help lists the options)`,
      );
    },
  );
});
