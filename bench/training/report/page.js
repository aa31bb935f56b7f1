/** docs/internals/benchmarks.md, from what was measured. */

import { intervalText, lossText, namesOf, percent, ratioText, table, withUnit } from './format.js';
import { bestOfGrid } from './grid.js';
import { byMethod, isTuned, labelOf, labelWithLr } from './labels.js';
import { plainRowsOf, rowsOf, scoreForecasts, TARGETS } from './measures.js';
import { peakSection } from './peaks.js';
import { summarySections } from './summary.js';

/** The page. `workloads` come from `readResults`. */
export function renderPage(workloads) {
  const measured = workloads
    .map((workload) => ({
      ...workload,
      best: bestOfGrid(workload),
      rows: rowsOf(workload).sort(byMethod),
    }))
    .filter(({ best }) => best !== undefined);
  const missing = workloads.filter((workload) => bestOfGrid(workload) === undefined);
  return [
    INTRODUCTION,
    `${NOT_MEASURED}\n`,
    ...summarySections(measured),
    METHODS + tunedText(measured),
    '## Workload by workload\n',
    WORKLOADS,
    ...measured.map(workloadSection),
    ...unfinishedSection(missing),
    ...testSection(measured),
    ...peakSection(measured),
    ...forecastSection(measured),
    FOOTER,
  ].join('\n');
}

const INTRODUCTION = `# Training benchmarks

Real trainings of a fixed number of steps T compare methods from the same seeds. The measure is the **final
validation loss** at equal total steps. Steps that a search rolls back count as much as committed steps.

The losses of a workload are divided by that of its *best of grid*. This is the best of about fifty fixed schedules
and LRs, selected afterwards. It is not known in advance, so 1.00 is hard to reach. Below 1 a method beats every fixed
schedule that was tried. Averaging of weights is open to fixed schedules too. With *best of grid, averaged* each of these
runs may end at an average of its weights instead. The lines come from several machines. Processors round differently,
and the same seed may end a few per cent apart on two of them.

This page is made by \`node bench/training/report.js\` from
\`bench/training/results.jsonl\`, which \`npm run bench:training\` appends to. Do not edit it.
`;

const NOT_MEASURED = 'On a GPU: not measured.';

const METHODS = `## Methods

- **Best of grid**: six schedules times at least seven LRs, each twice the one before. Each runs on two seeds, or on one
  if a run takes half a minute (\`--grid-seeds 1\`). A schedule's LRs continue until its best one lies inside. The six
  best configurations then run on five seeds, and the lowest median is the reference. Other schedules appear in the
  tables with the seeds that they have.
- **Best of grid, averaged**: each run of the grid keeps four averages of its weights and of BatchNorm's statistics. A
  step's weight in them rises with the power 20, 8, 3 or 1 of its number. They reach over about 5, 11, 25 and 50 % of the
  run. The lowest median validation loss chooses schedule, LR and power together; it may choose no average. The grid goes
  on, and has six more finalists, for these losses too. Averages are validated at the end alone.
- **Fixed schedules** run at the LR that was best in hindsight. They are constant, step (a tenth at 50 % and 75 %), cosine
  and linear (both to zero), and WSD (the last 25 % linear to zero). Each begins with 5 % of linear warm-up. One-cycle is
  as in PyTorch, with constant momentum.
- **Cosine, default LR** is the cosine at PyTorch's default: 1e-3 for SGD, Adam and AdamW, 1e-2 for RMSprop.
- **Ramp, then cosine** raises the LR exponentially until the loss is clearly above its minimum. A cosine then falls from
  the LR of the minimum. It follows AutoWU (Kim et al., 2021), without its Gaussian process. It has no search steps.
- **Schedule-Free** and **Prodigy** (PyTorch only) are the packages \`schedulefree\` and \`prodigyopt\`, with the settings
  that their authors recommend first. Schedule-Free uses SGD where the workload has SGD, else AdamW.
- **GreedyLR** is that of the package \`transformers\`, as in its authors' first example. It begins at the default LR and
  is evaluated 40 times. After more than two evaluations in a row that improve the LR rises by a factor of 0.9. After as
  many that do not it falls.
- **AdEMAMix** (PyTorch only) is that of the package \`pytorch_optimizer\`, with the cosine at its default LR of 1e-3.
- **Optuna** is TPE over peak LR (1e-5 to 10) and warm-up (0 to 20 %) of a cosine of T steps, with a median pruner. 1x is
  one trial. 3x and 10x are three and ten times T steps over all trials of one study, evaluated three times. The best
  whole trial counts.
- **Optimal, computed** (quadratics only) uses the expected final loss in closed form, and its slope in each LR. The
  schedule is where L-BFGS ends.
`;

/** The strategies that were run, which differ by their name alone. */
function tunedText(measured) {
  const labels = measured.flatMap(({ rows }) => rows.filter(isTuned).map(labelOf));
  if (labels.length === 0) return '';
  return `- **${[...new Set(labels)].join(', ')}**: \`autolrs run --strategy NAME --budget T\` and nothing else. No LR is given. "Outside" is
  wall time in which the script did not start, train, validate, save or load. It is the tuner's own, with Node's start and
  checkpoints on disk, on a machine with other work.
`;
}

const WORKLOADS = `A workload cuts its own validation split from the training data. Test data serve the last table only.

- *Median* and *worst* are over seeds, of the final validation loss divided by the median of best of grid. *95 %* is as
  above, for three seeds or more. *Of averaged* divides by the median of best of grid, averaged.
- *Steps to* is when a run's validation loss is first as low as best of grid, or at most 1 % or 5 % above. It is a median
  over seeds, as a part of T, search included. A dash means that half of the seeds never are, or that Optuna was not
  evaluated there.
`;

const FOOTER = `## Run it

\`\`\`sh
bench/training/fetch.sh            # data that the machine does not have yet
pip install -r bench/training/requirements.txt
npm run bench:training -- --quick  # minutes: small workloads, a table, nothing kept
npm run bench:training             # hours: all that is not in the store yet
node bench/training/report.js      # this page, and the figure
\`\`\`

It can be stopped at any time and resumes where it was. A workload is a file in \`bench/training/workloads\`, and a method is
one in \`bench/training/methods\`. A changed workload has another version, and its old runs no longer count. After a change
to a strategy \`--methods NAME --again\` runs it anew. Of two lines for a run the later counts. \`--averages\` runs those runs
of the grid again that have no averages. On first use the two fine-tuning workloads train the network that they tune,
which takes half a minute, and keep it in the cache.
`;

function workloadSection({ name, about, optimizer, total, isHeldOut, best, rows }) {
  return [
    `### ${name}\n`,
    `${about}. ${optimizer}. T = ${total.toLocaleString('en-US')}.`,
    `${isHeldOut ? 'Held out' : 'Developed on'}. Best of grid: ${labelWithLr(best)}, loss ${lossText(best.loss)}` +
      ` (median of ${best.runs.length} seeds),`,
    `found by ${best.gridRuns} runs: ${Math.round(best.gridSteps / total)} times T.\n`,
    table(
      [
        'method',
        'seeds',
        'loss',
        'median',
        percent(0.95),
        'worst',
        'of averaged',
        percent(0.95),
        ...TARGETS.map((above) => (above === 0 ? 'steps to it' : `to ${percent(above)}`)),
        'search',
        'outside',
      ],
      // The best of the grid is a line of its schedule.
      rows
        .filter(({ method }) => method !== 'grid')
        .map((row) => [
          labelWithLr(row),
          row.seeds,
          lossText(row.loss),
          ratioText(row.ratio),
          intervalText(row.interval),
          ratioText(row.worst),
          row.averagedRatio === undefined ? '' : ratioText(row.averagedRatio),
          intervalText(row.averagedInterval),
          ...row.reached.map((part) => (Number.isFinite(part) ? percent(part) : '-')),
          percent(row.searchShare),
          isTuned(row) && Number.isFinite(row.outsideSeconds)
            ? withUnit(row.outsideSeconds.toFixed(1), 's')
            : '',
        ]),
    ),
  ].join('\n');
}

/** Losses as they are, where there is no best of grid to divide them by. */
function unfinishedSection(workloads) {
  if (workloads.length === 0) return [];
  const rows = workloads.flatMap((workload) =>
    plainRowsOf(workload)
      .sort(byMethod)
      .map((row) => [
        workload.name,
        labelOf(row),
        row.seeds,
        lossText(row.loss),
        lossText(row.worst),
        percent(row.searchShare),
      ]),
  );
  return [
    '### Without a finished grid\n',
    `The fixed schedules have not all run for ${namesOf(workloads)}. The losses are therefore not divided.`,
    'These workloads are in no other table.\n',
    table(['workload', 'method', 'seeds', 'median loss', 'worst', 'search'], rows),
  ];
}

function testSection(measured) {
  const all = measured.flatMap(({ rows }) => rows).sort(byMethod);
  const labels = [...new Set(all.map(labelOf))];
  return [
    '## Test loss\n',
    'This is the median over seeds on data that no choice used. Above, best of grid and Optuna choose by the same validation',
    'losses that judge them. Here they do not.\n',
    table(
      ['method', ...measured.map(({ name }) => name)],
      labels.map((label) => [
        label,
        ...measured.map(({ rows }) => {
          const row = rows.find((one) => labelOf(one) === label);
          return row === undefined ? '' : lossText(row.test);
        }),
      ]),
    ),
  ];
}

/** How the forecasts of the end did, in all runs that made some. */
function forecastSection(measured) {
  const rows = [false, true].flatMap((isHeldOut) =>
    scoreForecasts(
      measured
        .filter((workload) => workload.isHeldOut === isHeldOut)
        .flatMap(({ configurations }) => configurations.flatMap((one) => one.runs)),
    ).map(({ isFromSearch, made, held, ratio }) => [
      isFromSearch ? 'from the search' : 'on the way',
      isHeldOut ? 'held out' : 'developed on',
      made,
      percent(held / made),
      ratioText(ratio),
    ]),
  );
  if (rows.length === 0) return [];
  return [
    '## Forecasts of the end\n',
    '`horizon` forecasts the final loss from its search. The interval held four of five final losses in the runs that it was',
    'made on. The forecast is updated at a half, three quarters and nine tenths of the run. Those intervals are made for four',
    'of five too, and are widened by the noise of the evaluations. The table has all its runs:\n',
    table(
      ['forecast', 'workloads', 'made', 'in the interval', 'forecast over the actual loss, median'],
      rows,
    ),
  ];
}
