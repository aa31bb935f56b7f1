/** What a script imports that a Python does not have. Nothing of the script is run. */

import { execa } from 'execa';

/** A Python that takes longer to say has another trouble, which the run will show. */
const LONGEST_MS = 30_000;

/** Options of Python before the script that have a value of their own. */
const WITH_VALUE: ReadonlySet<string> = new Set(['-W', '-X', '--check-hash-based-pycs']);

/**
 * Imports amid other statements are left out: they may be tried, or be for another case. So is a script that sets `sys.path`
 * by itself.
 */
const PROGRAM = `
import ast, importlib.util, os, sys
kind, target = sys.argv[1:]
if kind == "-m":
    names = [target]
else:
    sys.path[0] = os.path.dirname(os.path.abspath(target))
    with open(target, "rb") as file:
        source = file.read()
    if b"sys.path" in source or b"addsitedir" in source:
        sys.exit()
    names = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.append(node.module)
for name in dict.fromkeys(name.partition(".")[0] for name in names):
    if name not in sys.modules and importlib.util.find_spec(name) is None:
        print(name)
`;

export interface ImportFinding {
  /** The script, or the module of `-m`. */
  readonly script: string;
  readonly names: readonly string[];
}

/**
 * @param args - What follows the Python in the training command.
 * @returns Undefined where there is no script to read.
 */
export async function findMissingImports(
  python: string,
  args: readonly string[],
  cwd: string,
): Promise<ImportFinding | undefined> {
  const [kind, target] = targetOf(args);
  if (target === undefined) return undefined;
  const { stdout, failed } = await execa(python, ['-c', PROGRAM, kind, target], {
    cwd,
    reject: false,
    timeout: LONGEST_MS,
    stdin: 'ignore',
    stderr: 'ignore',
  });
  if (failed) return undefined; // the script itself will say it better
  return { script: target, names: stdout.split(/\r?\n/).filter((name) => name !== '') };
}

function targetOf(args: readonly string[]): readonly [kind: string, target: string | undefined] {
  let i = 0;
  while (args[i]?.startsWith('-')) {
    if (args[i] === '-m') return ['-m', args[i + 1]];
    if (args[i] === '-c' || args[i] === '-') return ['-', undefined];
    i += WITH_VALUE.has(args[i] ?? '') ? 2 : 1;
  }
  return ['script', args[i]];
}
