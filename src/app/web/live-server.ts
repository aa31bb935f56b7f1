/** A live page of a run directory: read again every second, and told to every browser that shows it. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomically } from '../../journal/run-directory.js';
import type { SpellRun } from '../report/report-fold.js';
import { LivePage } from './live-page.js';
import { type PageServer, servePage } from './page-server.js';

/** A person sees no sooner that something is new, and a journal grows by a line a second at the most. */
const POLL_MS = 1000;

/** Where it was found last, so that a page which is open finds it again. */
const PLACE_FILE = 'web.json';

export interface LiveServer {
  readonly url: string;
  /** Tells the last state, and ends. Never throws. */
  close(): Promise<void>;
}

export interface LiveServerOptions {
  readonly dir: string;
  readonly spell: SpellRun;
  /** The port that was asked for. */
  readonly port?: number;
  /** Whether the directory is ours to write to: then a later process of the run is found at the same address. */
  readonly isOwn?: boolean;
  /** The journal cannot be read any more. */
  readonly onLost: (error: unknown) => void;
}

/** @throws AutolrsError when there is no readable journal, or the port cannot be had. */
export async function openLiveServer(options: LiveServerOptions): Promise<LiveServer> {
  const { dir, spell, port, isOwn = false, onLost } = options;
  const live = new LivePage(dir, spell);
  live.read();
  const before = isOwn ? placeIn(dir) : undefined;
  const server = await servePage({
    page: () => live.page,
    ...(port !== undefined && { port }),
    ...(before && { before }),
  });
  if (isOwn) rememberPlace(dir, server);
  const refresh = () => {
    if (live.read()) server.update();
  };
  const timer = setInterval(() => {
    try {
      refresh();
    } catch (error) {
      clearInterval(timer);
      onLost(error);
    }
  }, POLL_MS);
  return {
    url: server.url,
    async close() {
      clearInterval(timer);
      try {
        refresh();
      } catch {
        // The run itself says that its directory is gone.
      }
      await server.close();
    },
  };
}

function placeIn(dir: string): { port: number; token: string } | undefined {
  try {
    const { port, token } = JSON.parse(readFileSync(join(dir, PLACE_FILE), 'utf8'));
    const isSound = Number.isInteger(port) && port > 0 && port < 65_536;
    return isSound && /^[\w-]{20,64}$/.test(token) ? { port, token } : undefined;
  } catch {
    return undefined; // there was none, or it is no file of ours
  }
}

function rememberPlace(dir: string, { port, token }: PageServer): void {
  try {
    writeFileAtomically(join(dir, PLACE_FILE), `${JSON.stringify({ port, token })}\n`);
  } catch {
    // The next process has another address then.
  }
}
