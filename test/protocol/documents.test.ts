/** The JSON Schemas in docs/schema: those that the shapes make, and schemas that a validator takes. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { DOCUMENTS, schemaOf } from '../../src/protocol/documents/documents.js';
import { ROOT } from '../support/cli.js';

const FOLDER = join(ROOT, 'docs', 'schema');
const names = Object.keys(DOCUMENTS) as (keyof typeof DOCUMENTS)[]; // its own keys

describe('docs/schema', () => {
  it('has a schema for each document, and no other file', () => {
    expect(readdirSync(FOLDER)).toEqual(names.map((name) => `${name}.schema.json`).toSorted());
  });

  it.each(names)('has that of %s as its shape makes it (npm run docs:schema)', (name) => {
    const committed = JSON.parse(readFileSync(join(FOLDER, `${name}.schema.json`), 'utf8'));
    expect(committed).toEqual(schemaOf(name));
    expect(committed.required).toContain('version');
    expect(() => new Ajv2020({ strictTypes: false }).compile(committed)).not.toThrow();
  });

  it('takes keys that a later version adds, and no later version', () => {
    const validate = new Ajv2020().compile(schemaOf('watch'));
    const document = { version: 1, url: 'http://127.0.0.1:1/', dir: '/run' };
    expect(validate({ ...document, added: true })).toBe(true);
    expect(validate({ ...document, version: 2 })).toBe(false);
    expect(validate({ version: 1, url: 'http://127.0.0.1:1/' })).toBe(false);
    const closed = new Ajv2020().compile(schemaOf('watch', true));
    expect(closed({ ...document, added: true })).toBe(false);
  });
});
