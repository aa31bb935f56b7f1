/** The report of `doctor`: a line a check, what is wrong below it with what to do, and the verdict. */

import { fitnessOf, notExamined } from '../../core/doctor/diagnose.js';
import type { CheckVerdict, Examination, Finding } from '../../core/doctor/finding.js';
import { escapeControls } from '../../core/escape-controls.js';
import { plural } from '../text/format.js';
import { wrap } from '../text/wrap.js';
import { sayFinding, sayUnexamined } from './sentences.js';

const DEFAULT_COLUMNS = 80;
const LEAST_COLUMNS = 50;
const MOST_COLUMNS = 100;

const WORDS: Readonly<Record<CheckVerdict, string>> = {
  ok: 'ok',
  note: 'note',
  defect: 'DEFECT',
  unknown: '-',
};

/** Below verdict and check. */
const INDENT = ' '.repeat(20);

/** Lines without colour, of at most `columns` columns where that is 50 or more. */
export function describeExamination(
  examination: Examination,
  findings: readonly Finding[],
  columns = DEFAULT_COLUMNS,
): readonly string[] {
  const width = Math.min(MOST_COLUMNS, Math.max(LEAST_COLUMNS, columns));
  const { failure } = examination.circumstances;
  // The script's own words, where it failed.
  const lines = findings.some(({ cause }) => cause === 'not-started' || cause === 'failed')
    ? (failure?.lines ?? [])
    : [];
  return [
    ...findings.flatMap((finding) => describeFinding(finding, examination, width)),
    ...(lines.length > 0 ? ['', 'its last lines:'] : []),
    ...lines.map((line) => `  ${escapeControls(line)}`),
    '',
    ...describeVerdict(findings, width),
  ];
}

function describeFinding(
  finding: Finding,
  examination: Examination,
  width: number,
): readonly string[] {
  const head = `${WORDS[finding.verdict].padEnd(8)}${finding.check.padEnd(12)}`;
  const { says, fix, code } = sayFinding(finding, examination);
  return [
    ...wrap(head + says, width, INDENT),
    ...(fix === undefined ? [] : wrap(`${INDENT}${fix}`, width, INDENT)),
    ...(code ?? []).map((line) => `${INDENT}  ${line}`),
  ];
}

/** The verdict, and below it what could not be examined, with what that means for a run. */
function describeVerdict(findings: readonly Finding[], width: number): readonly string[] {
  const count = (verdict: CheckVerdict) =>
    findings.filter((each) => each.verdict === verdict).length;
  const notes = count('note') > 0 ? `, with ${plural(count('note'), 'note')}` : '';
  switch (fitnessOf(findings)) {
    case 'fit':
      return wrap(`fit for a run${notes}`, width);
    case 'unfit':
      return wrap(`not fit for a run: ${plural(count('defect'), 'defect')}${notes}`, width);
    case 'fit-but-for':
      return [
        ...wrap(`fit for a run${notes}, except for what was not examined:`, width),
        ...notExamined(findings).flatMap((finding) =>
          wrap(`  ${finding.check.padEnd(12)}${sayUnexamined(finding)}`, width, ' '.repeat(14)),
        ),
      ];
  }
}
