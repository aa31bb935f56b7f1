/** A report as Markdown, for the summary of a CI job or a comment on a change. */

import { escapeControls } from '../../core/escape-controls.js';
import type {
  PageComparison,
  PageRun,
  ReportPage,
  TextTable,
} from '../../core/report/report-page.js';
import { costOf } from './cost.js';
import { keyFiguresOf, stagesOf, statusOf } from './facts.js';

/** A space of no width, between what would be read as one. */
const NOTHING = '\u200b';

/** Rows of stages that a summary has. */
const MOST_STAGES = 12;

export function renderMarkdown({ runs, comparison, comparisonFailure }: ReportPage): string {
  const parts = [
    ...(comparison === undefined ? [] : compared(comparison)),
    ...(comparisonFailure === undefined ? [] : [paragraph(comparisonFailure)]),
    ...runs.flatMap(runParts),
  ];
  return `${parts.join('\n\n')}\n`;
}

function runParts(run: PageRun): readonly string[] {
  const { report, origin } = run;
  const { word, sentence } = statusOf(run);
  const { note, ...stages } = stagesOf(report);
  const shown = { ...stages, rows: stages.rows.slice(-MOST_STAGES) };
  const cost = costOf(report.result).map(({ name, total, parts }) => {
    const each = parts.map((part) => `${part.value} ${part.name} (${part.share})`).join(', ');
    return `- **${name}** ${total}: ${each}`;
  });
  const left = stages.rows.length - shown.rows.length;
  return [
    `### ${plain(origin.name === '' ? origin.script : origin.name)}: ${plain(word)}`,
    paragraph(sentence),
    table({
      header: ['', '', ''],
      rows: keyFiguresOf(report).map((one) => [one.label, one.value, one.note]),
    }),
    cost.join('\n'),
    ...(shown.rows.length === 0 ? [] : [table(shown)]),
    ...(left > 0
      ? [paragraph(`The last ${shown.rows.length} stages of ${report.stageCount}.`)]
      : []),
    ...(note === '' || left > 0 ? [] : [paragraph(note)]),
    ...(origin.reproduce === undefined ? [] : [codeBlock(origin.reproduce)]),
  ];
}

function compared({
  about,
  runs,
  table: losses,
  targets,
  advice,
}: PageComparison): readonly string[] {
  const verdicts = runs.flatMap(({ name, verdict, facts }) =>
    verdict === ''
      ? []
      : [
          [
            `**${plain(`${name}: ${verdict}`)}**`,
            '',
            ...facts.map((fact) => `- ${paragraph(fact)}`),
          ].join('\n'),
        ],
  );
  return [
    '## Comparison',
    paragraph(about),
    ...verdicts,
    `Runs: ${runs.map(({ name }) => plain(name)).join(', ')}`,
    table(losses),
    table(targets),
    ...advice.map(paragraph),
  ];
}

function table({ header, rows }: TextTable): string {
  const line = (cells: readonly string[]) => `| ${cells.map(plain).join(' | ')} |`;
  return [line(header), `|${' --: |'.repeat(header.length)}`, ...rows.map(line)].join('\n');
}

/** A fence longer than any in the text, which is one line. */
function codeBlock(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}sh\n${escapeControls(text)}\n${fence}`;
}

/** As `plain`, at the beginning of a line, where it is no list and no heading of the line above either. */
function paragraph(text: string): string {
  return plain(text).replace(/^(\d*)(?=[-+=.)]+(?: |$))/, '$1\\');
}

/** What would be markup, a cell's end, a formula, a link, a mention or an order to a terminal is text. */
function plain(text: string): string {
  return escapeControls(text.replace(/\s+/g, ' ').trim())
    .replace(/[\\`*_[\]<>|#~!&$]/g, '\\$&')
    .replace(/(@|#|GH-)(?=\w)/g, `$1${NOTHING}`)
    .replace(/:\/\//g, `:${NOTHING}//`)
    .replace(/www\./gi, (start) => `${start.slice(0, -1)}${NOTHING}.`);
}
