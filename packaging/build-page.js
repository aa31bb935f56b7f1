// @ts-check
/**
 * `npm run build` ends with it: puts the script of the report's page, with uPlot in it, and its style into dist/page/.
 * They are read when a page is written: `autolrs report` itself loads no uPlot.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const licence = readFileSync(join(ROOT, 'node_modules/uplot/LICENSE'), 'utf8').trim();
const { version } = JSON.parse(readFileSync(join(ROOT, 'node_modules/uplot/package.json'), 'utf8'));

await build({
  entryPoints: {
    report: join(ROOT, 'src/page/main.ts'),
    'report-style': join(ROOT, 'src/page/page.css'),
  },
  absWorkingDir: ROOT,
  outdir: join(ROOT, 'dist/page'),
  bundle: true,
  minify: true,
  format: 'iife',
  // What understands light-dark(), which the style is written in.
  target: ['chrome123', 'firefox120', 'safari17.5'],
  legalComments: 'none',
  // uPlot's licence asks to be passed on with it, and a report is given away.
  banner: { js: `/*! Contains uPlot ${version}:\n${licence}\n*/` },
  logLevel: 'warning',
});
