/**
 * Makes docs/internals/benchmarks.md and docs/internals/benchmarks.svg from the store.
 *
 *     node bench/training/report.js            # write them
 *     node bench/training/report.js --check    # fail if they are not what the store says
 *     node bench/training/report.js --json     # print what is computed
 *     node bench/training/report.js --page     # print the page
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { renderFigure } from './report/figure.js';
import { bestOfAveragedGrid, bestOfGrid } from './report/grid.js';
import { plainRowsOf, rowsOf, scoreForecasts } from './report/measures.js';
import { renderPage } from './report/page.js';
import { octavesOf } from './report/peaks.js';
import { readResults } from './report/results.js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
    store: { type: 'string', default: here('results.jsonl') },
    workloads: { type: 'string', default: here('workloads.json') },
  },
});

const workloads = readResults(values.store, values.workloads);
const documents = {
  '../../docs/internals/benchmarks.md': renderPage(workloads),
  '../../docs/internals/benchmarks.svg': renderFigure(workloads),
};

if (values.json) {
  const computed = workloads.map((workload) => {
    const { runs: _, ...best } = { ...bestOfGrid(workload) };
    const { runs: __, ...averaged } = { ...bestOfAveragedGrid(workload) };
    const plain = plainRowsOf(workload);
    const forecasts = scoreForecasts(workload.configurations.flatMap((one) => one.runs));
    const octaves = octavesOf(workload);
    const rows = rowsOf(workload);
    return { name: workload.name, best, averaged, rows, plain, forecasts, octaves };
  });
  const isShown = (key) => !/resampled/i.test(key);
  console.log(JSON.stringify(computed, (key, value) => (isShown(key) ? value : undefined), 2));
} else if (values.page) {
  console.log(renderPage(workloads));
} else {
  for (const [path, text] of Object.entries(documents)) {
    if (!values.check) {
      writeFileSync(here(path), text);
    } else if (readFileSync(here(path), 'utf8') !== text) {
      console.error(`${path.slice(6)} is not what the store says: node bench/training/report.js`);
      process.exitCode = 1;
    }
  }
}
