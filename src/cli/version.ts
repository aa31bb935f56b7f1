/** Our version, from package.json: the one place that knows it. */

import { readFileSync } from 'node:fs';

export function readVersion(): string {
  const url = new URL('../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(url, 'utf8')) as { version: string }; // our own file
  return version;
}
