// @ts-check
/**
 * `npm run docs:schema`: the JSON Schemas of all documents, from the shapes in src/protocol/documents, in docs/schema/. They
 * are committed: test/protocol/documents.test.ts fails where they are not those that this writes.
 */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DOCUMENTS, schemaOf } from '../dist/protocol/documents/documents.js';

const OUT = join(fileURLToPath(new URL('..', import.meta.url)), 'docs', 'schema');

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
for (const name of /** @type {(keyof typeof DOCUMENTS)[]} */ (Object.keys(DOCUMENTS))) {
  const text = `${JSON.stringify(schemaOf(name), null, 2)}\n`;
  writeFileSync(join(OUT, `${name}.schema.json`), text);
}
