// @ts-check
/**
 * `npm run build:wheel`: one Python wheel with the adapters and the command, in dist-wheel/.
 *
 * In it the command lies as it does in the npm package, so that the same code finds what belongs to it in both:
 *
 *     autolrs/                         the adapters, for scripts
 *     autolrs_cli/__init__.py          what `autolrs` starts: it becomes Node with the next file
 *     autolrs_cli/dist/cli/            the command and all its dependencies; it starts by main.js
 *     autolrs_cli/dist/page/           the script and the style of reports
 *     autolrs_cli/adapters/python/     the adapters again, for scripts that another Python runs
 *
 * The same sources give the same bytes, wherever and whenever they are built with the same tools.
 */

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ADAPTERS = join(ROOT, 'adapters', 'python');

/** The oldest Node that package.json allows. */
const TARGET = 'node20.19';

/** What a zip's clock can say at the earliest is 1980; any fixed time will do. */
const EPOCH_SECONDS = 315_619_200; // 1980-01-02, in every time zone after the clock's beginning

const outDir = process.argv[2] ?? join(ROOT, 'dist-wheel');
const python = process.env['AUTOLRS_PYTHON'] ?? 'python3';

const stage = mkdtempSync(join(tmpdir(), 'autolrs-wheel-'));
try {
  const cli = join(stage, 'autolrs_cli');
  for (const name of ['pyproject.toml', 'README.md']) {
    copyFileSync(join(ADAPTERS, name), join(stage, name));
  }
  copySources('autolrs', join(stage, 'autolrs'));
  copySources('autolrs_cli', cli);
  copySources('autolrs', join(cli, 'adapters', 'python', 'autolrs'));
  const packages = await bundle(join(cli, 'dist', 'cli'));
  for (const name of ['report.js', 'report-style.css']) {
    cpSync(join(ROOT, 'dist', 'page', name), join(cli, 'dist', 'page', name));
  }
  const { name, version, type } = readManifest(ROOT);
  writeFileSync(join(cli, 'package.json'), `${JSON.stringify({ name, version, type })}\n`);
  copyFileSync(join(ROOT, 'LICENSE'), join(stage, 'LICENSE'));
  writeFileSync(
    join(stage, 'LICENSE.bundled.txt'),
    licencesOf([...packages, 'node_modules/uplot']),
  );
  makeUniform(stage);
  rmSync(outDir, { recursive: true, force: true });
  const quiet = ['--quiet', '--disable-pip-version-check'];
  execFileSync(python, ['-m', 'pip', 'wheel', ...quiet, '--no-deps', '-w', outDir, stage], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, SOURCE_DATE_EPOCH: String(EPOCH_SECONDS) },
  });
} finally {
  rmSync(stage, { recursive: true, force: true });
}
for (const file of readdirSync(outDir)) console.log(join(outDir, file));

/**
 * @param {string} name
 * @param {string} to
 */
function copySources(name, to) {
  cpSync(join(ADAPTERS, name), to, {
    recursive: true,
    filter: (path) => !path.endsWith('__pycache__'),
  });
}

/**
 * Puts the command into main.js, and what is loaded when it is needed into files of its own. Returns the folders of
 * the packages that are in them.
 *
 * @param {string} outdir
 */
async function bundle(outdir) {
  const { metafile } = await build({
    entryPoints: { main: join(ROOT, 'bin', 'autolrs.js') },
    absWorkingDir: ROOT,
    outdir,
    bundle: true,
    splitting: true,
    chunkNames: 'part-[hash]',
    platform: 'node',
    format: 'esm',
    target: TARGET,
    minify: true,
    keepNames: true, // the names of errors are shown
    metafile: true,
    logLevel: 'warning',
    // Packages of the older kind ask for Node's own modules by `require`, which a module does not have.
    banner: {
      js: "import { createRequire as createRequire$ } from 'node:module'; const require = createRequire$(import.meta.url);",
    },
  });
  const folders = Object.keys(metafile.inputs).flatMap((path) => {
    const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
    return folder === undefined ? [] : [folder];
  });
  return [...new Set(folders)].toSorted();
}

/**
 * The licences of what is in the bundle, which all ask to be passed on with it.
 *
 * @param {readonly string[]} folders
 */
function licencesOf(folders) {
  const texts = folders.map((folder) => {
    const { name, version, license } = readManifest(join(ROOT, folder));
    const file = readdirSync(join(ROOT, folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`${folder} has no licence file to pass on`);
    const text = readFileSync(join(ROOT, folder, file), 'utf8').trim();
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  const head = 'The command in this package contains these works, each under its own licence.\n';
  return [head, ...texts].join(`\n${'-'.repeat(72)}\n\n`);
}

/** @param {string} folder */
function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/**
 * The archive keeps modes, and a checkout's depend on who made it.
 *
 * @param {string} folder
 */
function makeUniform(folder) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
  }
}
