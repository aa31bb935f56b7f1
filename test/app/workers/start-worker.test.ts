import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunContext } from '../../../src/app/run-context.js';
import { createWorkerStarter } from '../../../src/app/workers/start-worker.js';
import { openTrainerLog } from '../../../src/journal/trainer-log.js';
import { temporaryDirectory } from '../../support/cli.js';

describe('the start of a worker', () => {
  it('fails by a promise where the run directory cannot be written', async () => {
    const place = temporaryDirectory();
    const dir = join(place, 'run');
    writeFileSync(dir, 'a file where a folder should be');
    const settings = { tuner: {}, command: ['true'] };
    const context = { settings, run: { dir } } as unknown as RunContext; // all that it reads
    const log = openTrainerLog(place, () => {});
    const starting = createWorkerStarter(context, log)(1, new AbortController().signal);
    await expect(starting).rejects.toMatchObject({ code: 'RUN_DIRECTORY_UNUSABLE' });
    log.close();
  });
});
