/** Parts of the Python files that all frameworks have in common. */

import type { ExportedSchedule } from './exported.js';
import type { CosineShape } from './fit.js';
import type { Knots } from './knots.js';

/** Longest line of what is written. */
const COLUMNS = 99;

/** Deviations below this are of the last digits. */
export const NO_DEVIATION = 1e-9;

/** Says what the file is, in a docstring that no name of a run ends. */
export function headOf(exported: ExportedSchedule, what: string, usage: readonly string[]): string {
  const { run, steps } = exported;
  return [
    `"""The learning rates of autolrs run ${run.replace(/[^\w.-]/g, '?')}, as ${what}.`,
    '',
    `For ${steps} optimizer steps; after the last one the LR stays. Needs no autolrs.`,
    describeForm(exported),
    '',
    ...usage.map((line) => `    ${line}`),
    '"""',
  ].join('\n');
}

function describeForm({ fit }: ExportedSchedule): string {
  if (fit === undefined) return 'It is the very schedule of the run.';
  const { name, deviation } = fit;
  if (deviation.largest < NO_DEVIATION) return `It is the very schedule of the run (${name}).`;
  const percent = (share: number) => `${Number((100 * share).toPrecision(2))} %`;
  return `A fit (${name}): at most ${percent(deviation.largest)} of the highest LR away, typically ${percent(deviation.typical)}.`;
}

/** A list of numbers over as many lines as it takes. */
export function listOf(name: string, numbers: readonly number[]): string {
  const words = numbers.map(String);
  const whole = `${name} = [${words.join(', ')}]`;
  if (whole.length <= COLUMNS) return whole;
  const lines = [''];
  for (const word of words) {
    const line = lines.at(-1) ?? '';
    const longer = line === '' ? `    ${word},` : `${line} ${word},`;
    if (longer.length <= COLUMNS) lines[lines.length - 1] = longer;
    else lines.push(`    ${word},`);
  }
  return `${name} = [\n${lines.join('\n')}\n]`;
}

export function knotLists({ steps, lrs }: Knots): string {
  return `${listOf('STEPS', steps)}\n${listOf('LRS', lrs)}`;
}

export function cosineConstants({ peak, end, warmUpSteps, steps }: CosineShape): string {
  return [
    `PEAK = ${peak}`,
    `END = ${end}`,
    `WARM_UP_STEPS = ${warmUpSteps}`,
    `STEPS = ${steps}`,
  ].join('\n');
}

/** `lr_at(step)` in plain Python, with the constants that it needs. */
export function lrFunction({ form }: ExportedSchedule): { imports: string; code: string } {
  if (form.kind === 'cosine') {
    return {
      imports: 'from math import cos, pi',
      code: `${cosineConstants(form)}


def lr_at(step):
    """The LR of an optimizer step, counted from 0."""
    step = min(step, STEPS - 1)
    if step < WARM_UP_STEPS:
        return PEAK * (step + 1) / WARM_UP_STEPS
    first = max(0, WARM_UP_STEPS - 1)
    passed = (step - first) / max(1, STEPS - 1 - first)
    return END + (PEAK - END) * (1 + cos(pi * passed)) / 2
`,
    };
  }
  return {
    imports: 'from bisect import bisect_right',
    code: `# Between two of these steps the LR is linear.
${knotLists(form.knots)}


def lr_at(step):
    """The LR of an optimizer step, counted from 0."""
    right = bisect_right(STEPS, step)
    if right == 0 or right == len(STEPS):
        return LRS[max(0, right - 1)]
    share = (step - STEPS[right - 1]) / (STEPS[right] - STEPS[right - 1])
    return LRS[right - 1] + share * (LRS[right] - LRS[right - 1])
`,
  };
}
