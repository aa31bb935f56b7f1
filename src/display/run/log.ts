/** Diagnostics for those who ask (`--log-level`): pino's records, written as one readable line each. */

import type { Logger } from 'pino';
import { escapeControls } from '../../core/escape-controls.js';
import { LOG_LEVELS, type LogLevel } from './log-level.js';

export interface Log {
  write(level: Exclude<LogLevel, 'silent'>, message: string, facts?: object): void;
}

/** A log that hands each line to `say`, so that a live view is not torn by it. */
export function createLog(least: LogLevel, say: (line: string) => void): Log {
  let logger: Promise<Logger> | undefined;
  return {
    write(level, message, facts = {}) {
      if (LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(least)) return;
      // Most runs log nothing, and need not load what would do it.
      logger ??= loadLogger(least, say);
      void logger.then((loaded) => loaded[level](facts, message));
    },
  };
}

async function loadLogger(level: LogLevel, say: (line: string) => void): Promise<Logger> {
  const { default: pino } = await import('pino');
  const render = (json: string): string => {
    const { level: number, msg, ...facts } = JSON.parse(json) as Record<string, unknown>; // pino's
    const label = pino.levels.labels[Number(number)] ?? 'log';
    const details = Object.entries(facts).map(
      ([name, value]) => `${name}=${JSON.stringify(value)}`,
    );
    // A message may be the trainer's.
    return escapeControls([`${label}: ${String(msg ?? '')}`, ...details].join(' '));
  };
  return pino({ level, base: null, timestamp: false }, { write: (line) => say(render(line)) });
}
