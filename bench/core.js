/**
 * How long the core takes: a suggestion after 10 observations, a forecast of 100 and of 1,000 losses.
 *
 *     npm run build && node bench/core.js [--python PATH] [--json]
 *
 * With the path of a Python that has scikit-optimize, its tell and ask on the same observations stand beside ours.
 */

import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Bench } from 'tinybench';
import { forecastLoss } from '../dist/core/forecast/forecast.js';
import { createRandom } from '../dist/core/math/random.js';
import { fromUnit } from '../dist/core/search/space.js';
import { suggestLr } from '../dist/core/search/suggest.js';

const { values } = parseArgs({
  options: { python: { type: 'string' }, json: { type: 'boolean', default: false } },
});

const space = { minLr: 1e-4, maxLr: 1e-1 };
const random = createRandom(1);
// A bowl with some noise, as ten probes of a stage leave it: the middle of what the fit's speed depends on.
const observations = Array.from({ length: 10 }, (_, i) => {
  const unit = (i + 0.5) / 10;
  return { lr: fromUnit(space, unit), loss: 0.5 + 3 * (unit - 0.4) ** 2 + 0.05 * random.normal() };
});
const seriesOf = (count) => ({
  steps: Array.from({ length: count }, (_, i) => i),
  losses: Array.from(
    { length: count },
    (_, i) => 0.5 + 1.8 * Math.exp((-3 * i) / count) + 0.1 * random.normal(),
  ),
});

const suggestName = 'suggestLr, 10 observations';
const bench = new Bench({ time: 1500, warmupTime: 1000 });
bench.add(suggestName, () => {
  suggestLr(space, observations, random, { acquisition: { kind: 'lcb', kappa: 1000 } });
});
for (const count of [100, 1000]) {
  const series = seriesOf(count);
  for (const method of ['robust', 'published']) {
    bench.add(`forecastLoss, ${count} losses, ${method}`, () => {
      forecastLoss(series, 10 * count, { method });
    });
  }
}
await bench.run();

const rows = bench.tasks.map(({ name, result }) => ({
  name,
  medianMs: result.latency.p50,
  p99Ms: result.latency.p99,
}));
const skopt = values.python === undefined ? undefined : timeSkopt(values.python);
const ours = rows.find(({ name }) => name === suggestName);

if (values.json) {
  console.log(JSON.stringify({ node: process.version, cpu: cpus()[0]?.model, rows, skopt }));
} else {
  console.log(`node ${process.version}, ${cpus()[0]?.model}; milliseconds`);
  for (const { name, medianMs, p99Ms } of rows) {
    console.log(`${name.padEnd(42)} median ${medianMs.toFixed(2)}  p99 ${p99Ms.toFixed(2)}`);
  }
  if (skopt !== undefined) {
    const name = `scikit-optimize ${skopt.version}, tell and ask`;
    console.log(`${name.padEnd(42)} median ${skopt.medianMs.toFixed(2)}`);
    console.log(`ratio of the medians ${(skopt.medianMs / ours.medianMs).toFixed(0)}`);
  }
}

/** Runs skopt.py on the observations of this benchmark; it answers with one line of JSON. */
function timeSkopt(python) {
  const script = fileURLToPath(new URL('skopt.py', import.meta.url));
  const input = JSON.stringify({ ...space, observations });
  const output = execFileSync(python, [script], { input, encoding: 'utf8' });
  return JSON.parse(output);
}
