/** The flags of `watch`, checked. */

import { AutolrsError } from '../../core/errors.js';

/** What commander hands over. */
export interface RawWatchFlags {
  readonly port?: string;
  readonly json?: boolean;
}

export interface WatchSettings {
  /** Undefined: one that is free. */
  readonly port: number | undefined;
  readonly json: boolean;
}

/** @throws AutolrsError `USAGE` naming the flag, the value and the remedy. */
export function readWatchFlags({ port, json = false }: RawWatchFlags): WatchSettings {
  if (port === undefined) return { port: undefined, json };
  const number = Number(port);
  if (/^\d+$/.test(port) && number >= 1 && number <= 65_535) return { port: number, json };
  throw new AutolrsError('USAGE', `--port is "${port}"; give a port from 1 to 65535`);
}
