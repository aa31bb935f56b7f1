/** The README's picture is what the demo makes today. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCli, temporaryDirectory } from '../support/cli.js';

const ROOT = join(import.meta.dirname, '../..');

/** What a picture says of itself, in words and rounded numbers. */
function labelOf(path: string): string | undefined {
  return /aria-label="([^"]+)"/.exec(readFileSync(path, 'utf8'))?.[1];
}

it("the README's picture shows the run of the demo", async () => {
  const dir = temporaryDirectory();
  const flags = ['--quiet', '--run-dir', 'run', '--strategy', 'horizon', '--budget', '1000'];
  const script = [process.execPath, join(ROOT, 'examples/demo/digits.js')];
  const run = await runCli(['run', ...flags, '--', ...script], { cwd: dir });
  expect(run.code, run.stderr).toBe(0);
  const report = await runCli(['report', 'run', '--svg', 'figures'], { cwd: dir });
  expect(report.code, report.stderr).toBe(0);
  const shown = labelOf(join(ROOT, 'docs/guide/demo.svg'));
  expect(shown).toMatch(/^Losses and learning rate over 934 committed steps/);
  expect(labelOf(join(dir, 'figures/run.svg'))).toBe(shown);
});
