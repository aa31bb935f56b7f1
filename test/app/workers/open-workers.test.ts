import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunContext } from '../../../src/app/run-context.js';
import { openDoor } from '../../../src/app/workers/door.js';
import { openWorkers } from '../../../src/app/workers/open-workers.js';
import { resolveOptions } from '../../../src/core/options.js';
import { Lineage } from '../../../src/core/record/lineage.js';
import { openTrainerLog } from '../../../src/journal/trainer-log.js';
import { temporaryDirectory } from '../../support/cli.js';
import { SimulatedTrainer } from '../../support/simulated-trainer.js';

describe('where workers join', () => {
  it('is closed again where the run directory cannot be written', async () => {
    const place = temporaryDirectory();
    const opening = openDoor({
      dir: join(place, 'gone'),
      socketDir: place,
      transport: { kind: 'unix' },
      onJoin: () => {},
    });
    await expect(opening).rejects.toMatchObject({ code: 'RUN_DIRECTORY_UNUSABLE' });
    expect(readdirSync(place)).toEqual([]);
  });

  it('is left out, in a sentence, by a run that goes on without', async () => {
    const place = temporaryDirectory();
    const dir = join(place, 'run');
    writeFileSync(dir, 'a file where a folder should be');
    const said: string[] = [];
    const context = {
      settings: {
        tuner: resolveOptions({ strategy: 'horizon', budget: 2400, wholeRungs: true }),
        command: ['true'],
        join: true,
        restarts: 0,
        transport: { kind: 'unix' },
      },
      run: { dir },
      display: { say: (line: string) => void said.push(line) },
    } as unknown as RunContext; // all that it reads
    const trainerLog = openTrainerLog(place, () => {});
    const workers = await openWorkers(context, {
      facts: new SimulatedTrainer({ disk: new Map() }).facts,
      lineage: new Lineage(0, 'apart'),
      note: () => {},
      trainerLog,
      checkpoints: { removeOfWorkers: () => {} },
      signal: new AbortController().signal,
    });
    trainerLog.close();
    expect(workers).toBeUndefined();
    expect(said).toEqual([expect.stringMatching(/^no worker can join: /)]);
  });
});
