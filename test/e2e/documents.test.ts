/** What the commands really print and write, against the schemas: every key is named, and every named one is right. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { type DOCUMENTS, schemaOf } from '../../src/protocol/documents/documents.js';
import { fixture, ROOT, runCli, temporaryDirectory } from '../support/cli.js';

const DIGITS = [process.execPath, join(ROOT, 'examples', 'demo', 'digits.js')];
const FLAGS = '--steps 120 --tau 60 --candidates 3 --min-lr 1e-3 --max-lr 1'.split(' ');

/** A document, or what is wrong with it. */
function check(name: keyof typeof DOCUMENTS, text: string): unknown {
  const ajv = new Ajv2020({ strictTypes: false, allErrors: true });
  const validate = ajv.compile(schemaOf(name, true));
  const document: unknown = JSON.parse(text);
  expect(validate(document) ? [] : validate.errors, name).toEqual([]);
  return document;
}

describe('the JSON documents of', { timeout: 120_000 }, () => {
  let cwd = '';
  const json = async (args: readonly string[], options = {}) =>
    (await runCli(args, { cwd, ...options })).stdout;

  it('range, whether it finds one or fails', async () => {
    cwd = temporaryDirectory();
    const flags = ['range', '--json', '--run-dir', 'a'];
    check('range', await json([...flags, '--', ...DIGITS]));
    check('range', await json(['range', '--json', '--', ...fixture('raises.mjs')]));
  });

  it('runs that go by a metric', async () => {
    cwd = temporaryDirectory();
    const flags = '--strategy horizon --metric accuracy --maximize --json --run-dir'.split(' ');
    for (const dir of ['a', 'b']) {
      check('result', await json(['run', ...flags, dir, '--', ...fixture('overfits.mjs')]));
    }
    expect(check('compare', await json(['compare', '--json', 'a', 'b']))).toMatchObject({
      loss: 'metric',
    });
    check('report', await json(['report', '--json', 'a', 'b']));
    check('list', await json(['list', '--json']));
  });

  it('plan, with and without a script and a measurement', async () => {
    cwd = temporaryDirectory();
    check('plan', await json(['plan', '--json', '--steps', '2000']));
    check('plan', await json(['plan', '--json', '--', ...DIGITS]));
    check('plan', await json(['plan', '--json', '--measure', '5', '--', ...DIGITS]));
    const failing = ['--', ...fixture('raises.mjs')];
    check('error', await json(['plan', '--json', '--measure', ...failing]));
  });

  it('run, show, resume, result.json, schedule.json and export', async () => {
    cwd = temporaryDirectory();
    const run = ['run', '--json', '--run-dir', 'a', ...FLAGS, '--', ...DIGITS];
    check('result', await json(run));
    for (const args of [
      ['show', '--json', 'a'],
      ['resume', '--json', 'a'],
    ]) {
      check('result', await json(args));
    }
    for (const name of ['result', 'schedule'] as const) {
      check(name, readFileSync(join(cwd, 'a', `${name}.json`), 'utf8'));
    }
    check('export', await json(['export', '--to', 'json', 'a']));
    for (const fit of ['cosine', 'wsd', 'piecewise']) {
      const fitted = await json(['export', '--to', 'json', '--fit', fit, 'a']);
      if (fitted !== '') check('export', fitted);
    }
    const horizon = ['run', '--json', '--strategy', 'horizon', '--budget', '400'];
    check('result', await json([...horizon, '--run-dir', 'b', '--', ...DIGITS]));
    writeFileSync(join(cwd, 'losses.csv'), 'step,loss\n1,3\n100,2\n200,1\n');
    for (const others of [['b'], ['losses.csv'], ['--target', '2', 'b', 'losses.csv']]) {
      check('compare', await json(['compare', '--json', 'a', ...others]));
    }
    check('report', await json(['report', '--json', 'a']));
    check('report', await json(['report', '--json', 'a', 'b']));
    check('list', await json(['list', '--json']));
  });

  it('runs that fail, and a journal that cannot be read', async () => {
    cwd = temporaryDirectory();
    for (const name of ['raises.mjs', 'ends-midway.mjs', 'slow.mjs']) {
      const args = ['run', '--json', '--restarts', '0', ...FLAGS, '--run-dir', name];
      const out = await json([...args, '--', ...fixture(name)]);
      check('result', out);
      check('result', await json(['show', '--json', name]));
    }
    writeFileSync(join(cwd, 'journal.jsonl'), 'nothing\n');
    check('list', await json(['list', '--json']));
  });

  it('doctor, config and watch', async () => {
    cwd = temporaryDirectory();
    check('doctor', await json(['doctor', '--json', '--', ...DIGITS]));
    check('doctor', await json(['doctor', '--json', '--', process.execPath, '-e', '0']));
    writeFileSync(join(cwd, 'autolrs.toml'), 'seed = 1\nlike = ["a"]\nweb = true\n');
    check('config', await json(['config', '--json'], { env: { AUTOLRS_KAPPA: '3' } }));
    writeFileSync(join(cwd, 'autolrs.toml'), '');
    await json(['run', '--quiet', '--run-dir', 'a', ...FLAGS, '--', ...DIGITS]);
    const onStderr = (text: string, kill: (signal: NodeJS.Signals) => void) => {
      if (text.includes('http://')) kill('SIGTERM');
    };
    check('watch', await json(['watch', '--json', 'a'], { onStderr }));
  });

  it('every command that has failed before it could begin', async () => {
    cwd = temporaryDirectory();
    for (const args of [
      ['run', '--json', '--seed', 'x', '--', 'true'],
      ['show', '--json', 'nowhere'],
      ['list', '--json', 'nowhere'],
      ['compare', '--json', 'nowhere', 'there'],
      ['report', '--json', '--no-such-option'],
    ]) {
      check('error', await json(args));
    }
  });
});
