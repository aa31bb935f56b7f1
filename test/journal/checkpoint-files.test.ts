import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCheckpointFiles } from '../../src/journal/checkpoint-files.js';
import { temporaryDirectory } from '../support/cli.js';

/** `printf abc | sha256sum` */
const SHA256_OF_ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

describe('checkpoint files', () => {
  it('are sealed by size and SHA-256, and known to be whole as long as they are unchanged', async () => {
    const files = openCheckpointFiles(temporaryDirectory());
    const file = files.nameOf(3, 40);
    writeFileSync(files.pathOf(file), 'abc');
    const sealed = await files.seal(file);
    expect(sealed).toEqual({ bytes: 3, sha256: SHA256_OF_ABC });
    const checkpoint = { file, step: 40, bytes: 3, sha256: SHA256_OF_ABC };
    expect(await files.isWhole(checkpoint)).toBe(true);
    writeFileSync(files.pathOf(file), 'abd');
    expect(await files.isWhole(checkpoint)).toBe(false);
    files.remove(file);
    expect(await files.isWhole(checkpoint)).toBe(false);
    expect(await files.seal(file)).toBeUndefined();
  });

  it('are removed with what an unfinished write has left, and nothing else is', () => {
    const dir = temporaryDirectory();
    const files = openCheckpointFiles(dir);
    const names = ['checkpoint-1-step-9', 'checkpoint-1-step-9.tmp', 'mine', 'checkpoint-2-step-9'];
    for (const name of names) writeFileSync(join(dir, 'checkpoints', name), '');
    files.remove('checkpoint-1-step-9');
    expect(readdirSync(join(dir, 'checkpoints')).toSorted()).toEqual([
      'checkpoint-2-step-9',
      'mine',
    ]);
  });

  it('in parts are sealed by their index, whole as long as each part is, and removed together', async () => {
    const files = openCheckpointFiles(temporaryDirectory());
    const file = files.nameOf(3, 40);
    const path = files.pathOf(file);
    const part = { name: `${file}.0123abcd.rank-0`, bytes: 3, sha256: SHA256_OF_ABC };
    const index = (parts: unknown) => writeFileSync(path, `{"autolrs-parts":1,"parts":${parts}}`);
    index(JSON.stringify([part]));
    const partPath = join(path, '..', part.name);
    expect(await files.seal(file)).toBeUndefined();
    writeFileSync(partPath, 'ab');
    expect(await files.seal(file)).toBeUndefined();
    writeFileSync(partPath, 'abc');
    const sealed = await files.seal(file);
    const checkpoint = { file, step: 40, bytes: 0, sha256: '', ...sealed };
    expect(checkpoint.bytes).toBe(readFileSync(path).length + 3);
    expect(await files.isWhole(checkpoint)).toBe(true);
    writeFileSync(partPath, 'abd');
    expect(await files.isWhole(checkpoint)).toBe(false);
    const others = [
      `${file}.4567cdef.rank-1.tmp`,
      `${file}0.0123abcd.rank-0`,
      `${file}.mine`,
      `${files.nameOf(4, 40)}.0123abcd.rank-0`,
    ];
    for (const name of others) writeFileSync(join(path, '..', name), '');
    files.remove(file);
    expect(readdirSync(join(path, '..')).toSorted()).toEqual(others.slice(1).toSorted());
  });

  it('in parts are none by an index that is forged, too long, or names a link', async () => {
    const dir = temporaryDirectory();
    const files = openCheckpointFiles(dir);
    const file = files.nameOf(3, 40);
    const name = `${file}.0123abcd.rank-0`;
    const part = { name, bytes: 3, sha256: SHA256_OF_ABC };
    const sealOf = (parts: string) => {
      writeFileSync(files.pathOf(file), `{"autolrs-parts":1,"parts":${parts}}`);
      return files.seal(file);
    };
    const partPath = join(files.pathOf(file), '..', name);
    writeFileSync(partPath, 'abc');
    writeFileSync(join(dir, 'outside'), 'abc');
    expect(await sealOf(JSON.stringify([part]))).toBeDefined();
    for (const forged of [
      '{}',
      '[{}]',
      JSON.stringify([{ ...part, name: '../outside' }]),
      JSON.stringify([{ ...part, sha256: undefined }]),
      JSON.stringify([part]) + ' '.repeat(2 ** 21),
    ]) {
      expect(await sealOf(forged), forged.slice(0, 99)).toBeUndefined();
    }
    rmSync(partPath);
    symlinkSync('../', partPath); // of three bytes
    expect(await sealOf(JSON.stringify([part]))).toBeUndefined();
  });

  it('of workers are removed from the scratch folder, whichever process has written them', () => {
    const dir = temporaryDirectory();
    const scratch = join(dir, 'scratch');
    mkdirSync(scratch);
    const names = [
      'workers-0',
      'workers-1.tmp',
      'workers-1.0123abcd.rank-0',
      'workers-1.0123abcd.rank-1.tmp',
      'workers',
      'mine',
    ];
    for (const name of names) writeFileSync(join(scratch, name), '');
    openCheckpointFiles(dir).removeOfWorkers();
    expect(readdirSync(scratch).toSorted()).toEqual(['mine', 'workers']);
    writeFileSync(join(scratch, 'workers-1'), '');
    openCheckpointFiles(dir).clearScratch();
    expect(readdirSync(scratch).toSorted()).toEqual(['mine', 'workers']);
  });

  it('in the scratch folder are removed one by one, with their parts', () => {
    const dir = temporaryDirectory();
    const files = openCheckpointFiles(dir);
    const path = files.scratchPathOf('workers-2');
    for (const end of ['', '.tmp', '.0123abcd.rank-0', '1']) writeFileSync(`${path}${end}`, '');
    files.removeScratch('workers-2');
    expect(readdirSync(join(dir, 'scratch'))).toEqual(['workers-21']);
  });

  it('have no names that lead out of their folder, whatever a journal says', () => {
    const files = openCheckpointFiles(temporaryDirectory());
    for (const name of ['../journal.jsonl', '/etc/passwd', '', 'a/b', 'checkpoint-1-step-9/../x']) {
      expect(() => files.pathOf(name), name).toThrow(/no name of a checkpoint/);
      expect(() => files.remove(name), name).toThrow(/no name of a checkpoint/);
      expect(() => files.scratchPathOf(name), name).toThrow(/no name of a checkpoint/);
    }
  });

  it('are no links', async () => {
    const dir = temporaryDirectory();
    const files = openCheckpointFiles(dir);
    const outside = join(temporaryDirectory(), 'outside');
    writeFileSync(outside, 'abc');
    symlinkSync(outside, files.pathOf('checkpoint-1-step-1'));
    expect(await files.seal('checkpoint-1-step-1')).toBeUndefined();
    expect(existsSync(outside)).toBe(true);
  });
});
