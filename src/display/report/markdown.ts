/** A report as Markdown, for the summary of a CI job or a comment on a change. */

import type {
  PageComparison,
  PageRun,
  ReportPage,
  TextTable,
} from '../../core/report/report-page.js';
import { costOf } from './cost.js';
import { keyFiguresOf, stagesOf, statusOf } from './facts.js';

/** Rows of stages that a summary has. */
const MOST_STAGES = 12;

export function renderMarkdown({ runs, comparison, comparisonFailure }: ReportPage): string {
  const parts = [
    ...(comparison === undefined ? [] : compared(comparison)),
    ...(comparisonFailure === undefined ? [] : [plain(comparisonFailure)]),
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
    plain(sentence),
    table({
      header: ['', '', ''],
      rows: keyFiguresOf(report).map((one) => [one.label, one.value, one.note]),
    }),
    cost.join('\n'),
    ...(shown.rows.length === 0 ? [] : [table(shown)]),
    ...(left > 0 ? [plain(`The last ${shown.rows.length} stages of ${report.stageCount}.`)] : []),
    ...(note === '' || left > 0 ? [] : [plain(note)]),
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
            `**${plain(name)}: ${plain(verdict)}**`,
            '',
            ...facts.map((fact) => `- ${plain(fact)}`),
          ].join('\n'),
        ],
  );
  return [
    '## Comparison',
    plain(about),
    ...verdicts,
    `Runs: ${runs.map(({ name }) => plain(name)).join(', ')}`,
    table(losses),
    table(targets),
    ...advice.map(plain),
  ];
}

function table({ header, rows }: TextTable): string {
  const line = (cells: readonly string[]) => `| ${cells.map(plain).join(' | ')} |`;
  return [line(header), `|${' --: |'.repeat(header.length)}`, ...rows.map(line)].join('\n');
}

/** A fence longer than any in the text. */
function codeBlock(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}sh\n${text.replaceAll('\n', ' ')}\n${fence}`;
}

/** What would be markup, a cell's end, a link or a mention is text. */
function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_[\]<>|#~!&]/g, '\\$&')
    .replace(/@(?=\w)/g, '@\u200b')
    .replace(/:\/\//g, ':\u200b//');
}
