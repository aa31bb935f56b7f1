/** `autolrs watch DIR`: the page of a run in a browser on this machine, live, until it is interrupted. */

import { resolve } from 'node:path';
import { say, stdout } from '../../app/output.js';
import { openLiveServer } from '../../app/web/live-server.js';
import { assertHoldsRun } from '../../journal/read.js';
import type { WatchSettings } from '../flags/read-watch.js';
import { spellRun } from '../flags/spell-run.js';
import { listenForInterrupts } from '../signals.js';

/** @throws AutolrsError when there is no readable journal, or no longer one, or the port cannot be had. */
export async function watchCommand(
  directory: string,
  { port, json }: WatchSettings,
): Promise<number> {
  const dir = resolve(directory);
  assertHoldsRun(dir);
  const interrupts = listenForInterrupts(() => {});
  let lost: { readonly error: unknown } | undefined;
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  interrupts.signal.addEventListener('abort', () => end());
  const server = await openLiveServer({
    dir,
    spell: spellRun,
    ...(port !== undefined && { port }),
    onLost(error) {
      lost = { error };
      end();
    },
  });
  say(`${server.url} shows the run in "${dir}" as it goes on; Ctrl-C ends this`);
  if (json) stdout.write(`${JSON.stringify({ version: 1, url: server.url, dir })}\n`);
  await ended;
  interrupts.stop();
  await server.close();
  if (lost !== undefined) throw lost.error;
  return 0;
}
