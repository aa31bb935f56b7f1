/** The adapter's version, which is the package's. */

import { readFileSync } from 'node:fs';
import { isRecord } from './wire-error.js';

export function readVersion(): string {
  // Seen from dist/adapters/node.
  const file = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  const manifest: unknown = JSON.parse(file);
  return isRecord(manifest) ? String(manifest['version']) : '';
}
