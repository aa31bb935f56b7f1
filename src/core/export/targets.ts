/** All forms in which a schedule is written, by name. */

import { kerasCode, optaxCode } from './arrays.js';
import type { ExportedSchedule } from './exported.js';
import { lightningCode, torchCode, transformersCode } from './torch.js';

export const CODE_TARGETS = ['torch', 'keras', 'optax', 'hf', 'lightning'] as const;
export const TARGETS = [...CODE_TARGETS, 'csv', 'json'] as const;
export type ExportTarget = (typeof TARGETS)[number];
export type CodeTarget = (typeof CODE_TARGETS)[number];

const CODE: Readonly<Record<CodeTarget, (exported: ExportedSchedule) => string>> = {
  torch: torchCode,
  keras: kerasCode,
  optax: optaxCode,
  hf: transformersCode,
  lightning: lightningCode,
};

/** A Python file. */
export function codeFor(target: CodeTarget, exported: ExportedSchedule): string {
  return CODE[target](exported);
}

export function isCode(target: ExportTarget): target is CodeTarget {
  return target !== 'csv' && target !== 'json';
}
