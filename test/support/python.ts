/** Whether this machine has Python with what a test needs. Where frameworks are required a missing one fails. */

import { spawnSync } from 'node:child_process';

export const PYTHON = process.env['AUTOLRS_PYTHON'] ?? 'python3';

export function hasPythonModules(...modules: readonly string[]): boolean {
  const isThere = spawnSync(PYTHON, ['-c', `import ${modules.join(', ')}`]).status === 0;
  if (!isThere && process.env['AUTOLRS_REQUIRE_FRAMEWORKS'] === '1') {
    throw new Error(
      `${PYTHON} has no ${modules.join(', ')}, which AUTOLRS_REQUIRE_FRAMEWORKS asks for`,
    );
  }
  return isThere;
}
