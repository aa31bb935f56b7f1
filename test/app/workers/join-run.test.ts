import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeJoinPlace } from '../../../src/app/workers/join-file.js';
import { joinRun } from '../../../src/app/workers/join-run.js';
import { temporaryDirectory } from '../../support/cli.js';

it.each(['SSH-2.0-OpenSSH_9.6', '{"worker":1}', 'null', '{"run":{}}'])(
  'a worker that meets another program where the tuner was says so: %s',
  async (line) => {
    const dir = temporaryDirectory();
    const path = join(dir, 'stale');
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.write(`${line}\r\n`);
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    writeJoinPlace(dir, { address: `unix:${path}`, secret: 'x' });
    const { signal } = new AbortController();
    const joining = joinRun({
      dir,
      command: ['false'],
      pythonPath: undefined,
      waitMs: 0,
      interrupts: { signal },
    });
    await expect(joining).rejects.toMatchObject({ code: 'RUN_DIRECTORY_UNUSABLE' });
    server.close();
  },
);
