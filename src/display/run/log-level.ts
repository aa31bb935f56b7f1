/** The levels of `--log-level`, from nothing to everything; apart from the logger, which is slow to load. */

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
