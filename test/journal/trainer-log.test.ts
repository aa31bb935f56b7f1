import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTrainerLog } from '../../src/journal/trainer-log.js';
import { temporaryDirectory } from '../support/cli.js';

const read = (dir: string, name: string) => readFileSync(join(dir, name), 'utf8');

describe('the trainer log', () => {
  it('is bounded: the newest output and what came before it, whole chunks, over all processes', () => {
    const dir = temporaryDirectory();
    const lost = (error: unknown) => {
      throw error;
    };
    for (const chunks of [['aaaa', 'bbbb'], ['cccc', 'dddd', 'eeee'], ['ff']]) {
      const log = openTrainerLog(dir, lost, 10);
      for (const chunk of chunks) log.write(Buffer.from(chunk));
      log.close();
    }
    expect(readdirSync(dir).toSorted()).toEqual(['trainer.log', 'trainer.log.1']);
    expect([read(dir, 'trainer.log.1'), read(dir, 'trainer.log')]).toEqual(['ccccdddd', 'eeeeff']);
  });

  it('takes a chunk that is larger than the bound', () => {
    const dir = temporaryDirectory();
    const log = openTrainerLog(dir, () => {}, 3);
    for (const chunk of ['aaaaaa', 'bbbbbb']) log.write(Buffer.from(chunk));
    log.close();
    expect([read(dir, 'trainer.log.1'), read(dir, 'trainer.log')]).toEqual(['aaaaaa', 'bbbbbb']);
  });

  it('ends, and is told lost once, where it cannot be begun anew', () => {
    const dir = temporaryDirectory();
    const lost: string[] = [];
    const log = openTrainerLog(dir, (error) => lost.push(error.message), 3);
    log.write(Buffer.from('aaa'));
    rmSync(dir, { recursive: true });
    for (const chunk of ['bbb', 'ccc']) log.write(Buffer.from(chunk));
    log.close();
    expect(lost).toEqual([expect.stringContaining('cannot be used: it is gone')]);
  });
});
