/** The man page that the npm package brings, as `npm run build` makes it. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.js';
import { ROOT } from '../support/cli.js';

const PAGE = join(ROOT, 'dist', 'man', 'autolrs.1');
const hasMan = spawnSync('man', ['--version']).status === 0;

describe('the man page', () => {
  it.skipIf(!hasMan)(
    'is shown without a warning, in 80 columns, with every command and option',
    () => {
      const { status, stdout, stderr } = spawnSync('man', ['--warnings', '--local-file', PAGE], {
        encoding: 'utf8',
        env: { ...process.env, MANWIDTH: '80', LC_ALL: 'C.UTF-8', GROFF_NO_SGR: '1' },
      });
      expect([status, stderr]).toEqual([0, '']);
      for (const line of stdout.split('\n')) {
        expect([...line].length, line).toBeLessThanOrEqual(80);
      }
      const words = stdout.replaceAll(/[‐−]/g, '-');
      const { commands } = createProgram({ onStart() {}, onFile() {}, onExit() {} });
      expect(commands.length).toBeGreaterThan(10);
      for (const command of commands.filter((one) => one.name() !== 'serve')) {
        expect(words).toContain(`autolrs ${command.name()} ${command.usage().slice(0, 9)}`);
        for (const { long } of command.options) expect(words).toContain(long);
      }
    },
  );

  it('has every exit code', () => {
    const page = readFileSync(PAGE, 'utf8');
    for (const code of [0, 1, 2, 3, 4, 5, 6, 7, 130]) expect(page).toContain(`\n.B ${code}\n`);
  });

  it('is the one that package.json names', () => {
    const { man } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(man.map((path: string) => join(ROOT, path))).toEqual([PAGE]);
  });
});
