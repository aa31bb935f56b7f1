/** Whether this machine has Python with what a test needs. Where frameworks are required a missing one fails. */

import { spawnSync } from 'node:child_process';

export const PYTHON = process.env['AUTOLRS_PYTHON'] ?? 'python3';

/** The Python that has a framework: each has one of its own, as `.ci/python` makes them. */
export function pythonOf(framework: string): string {
  return process.env[`AUTOLRS_PYTHON_${framework.toUpperCase()}`] ?? PYTHON;
}

export function hasPythonModules(...modules: readonly string[]): boolean {
  return hasModules(PYTHON, modules);
}

export function hasFramework(framework: string): boolean {
  return hasModules(pythonOf(framework), [framework]);
}

export function hasPythonModule(python: string, module: string): boolean {
  return hasModules(python, [module]);
}

function hasModules(python: string, modules: readonly string[]): boolean {
  const find = `import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, sys.argv[1:])))`;
  const isThere = spawnSync(python, ['-c', find, ...modules]).status === 0;
  if (!isThere && process.env['AUTOLRS_REQUIRE_FRAMEWORKS'] === '1') {
    throw new Error(
      `${python} has no ${modules.join(', ')}, which AUTOLRS_REQUIRE_FRAMEWORKS asks for`,
    );
  }
  return isThere;
}
