/** Diagnostics for those who ask (`--log-level`): pino's records, written as one readable line each. */

import pino from 'pino';
import type { LogLevel } from './log-level.js';

export type Log = pino.Logger;

/** A logger that hands each line to `say`, so that a live view is not torn by it. */
export function createLog(level: LogLevel, say: (line: string) => void): Log {
  return pino({ level, base: null, timestamp: false }, { write: (line) => say(render(line)) });
}

function render(json: string): string {
  const { level, msg, ...facts } = JSON.parse(json) as Record<string, unknown>; // pino wrote it
  const details = Object.entries(facts).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const label = pino.levels.labels[Number(level)] ?? 'log';
  return [`${label}: ${String(msg ?? '')}`, ...details].join(' ');
}
