/**
 * The live page over HTTP, for browsers on this machine alone: on loopback, behind a secret in the address, and read-only.
 *
 * A page of another site may ask this machine for anything, and a name of its own may point here: so the host that is asked
 * for must be loopback's, and without the secret there is nothing. No answer may be read by another site.
 */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AutolrsError } from '../../core/errors.js';
import type { ReportPage } from '../../core/report/report-page.js';
import { policyOf, renderPage } from '../../display/report/page.js';
import { readPageAssets } from '../page-assets.js';

export interface PageServer {
  /** For the browser. */
  readonly url: string;
  readonly port: number;
  readonly token: string;
  /** Tells every open page of the present state. */
  update(): void;
  /** Ends all connections. */
  close(): Promise<void>;
}

export interface PageServerOptions {
  readonly page: () => ReportPage;
  /** Where to listen and by which secret, as before; another port where that one is taken. */
  readonly before?: { readonly port: number; readonly token: string };
  /** The port that was asked for, which must be free. */
  readonly port?: number;
}

const HOST = '127.0.0.1';
const TOKEN_BYTES = 18;

/** Pages that are open at a time; a browser that reloads for ever takes no more than these. */
const MOST_CLIENTS = 32;

/** A page that does not read for so long is closed, and comes again by itself. */
const MOST_BUFFERED_BYTES = 16 * 1024 * 1024;

/** Proxies and browsers take a silent connection for a dead one. */
const HEARTBEAT_MS = 15_000;

/** @throws AutolrsError `USAGE` when the port that was asked for cannot be had. */
export async function servePage({ page, before, port }: PageServerOptions): Promise<PageServer> {
  const token = before?.token ?? randomBytes(TOKEN_BYTES).toString('base64url');
  const assets = readPageAssets();
  const clients = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    const path = admit(request, response, token);
    if (path === undefined) return;
    if (path === '') answerPage(response, renderPage(page(), { ...assets, events: 'events' }));
    else if (path === 'events') openEvents(response);
    else refuse(response, 404);
  });
  const policy = policyOf(assets, true);
  const answerPage = (response: ServerResponse, html: string) => {
    response.writeHead(200, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': `${policy}; frame-ancestors 'none'`,
      ...HEADERS,
    });
    response.end(html);
  };
  const openEvents = (response: ServerResponse) => {
    if (clients.size >= MOST_CLIENTS) {
      refuse(response, 503);
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream', ...HEADERS });
    clients.add(response);
    response.on('close', () => clients.delete(response));
    response.write(`retry: 2000\n\n${eventOf(page())}`);
  };
  const tell = (text: string) => {
    for (const client of clients) {
      if (client.writableLength > MOST_BUFFERED_BYTES) client.destroy();
      else client.write(text);
    }
  };
  const heartbeat = setInterval(() => tell(':\n\n'), HEARTBEAT_MS);
  heartbeat.unref();
  const bound = await listen(server, port ?? before?.port ?? 0, port !== undefined);
  return {
    url: `http://${HOST}:${bound}/${token}/`,
    port: bound,
    token,
    update() {
      if (clients.size > 0) tell(eventOf(page()));
    },
    close() {
      clearInterval(heartbeat);
      for (const client of clients) client.end();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

const HEADERS = {
  'Cache-Control': 'no-store',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const;

/** JSON has no newline, so that it is one line of an event. */
function eventOf(page: ReportPage): string {
  return `event: page\ndata: ${JSON.stringify(page)}\n\n`;
}

/** The path after the secret; undefined once the request is refused. */
function admit(
  { method, headers, url = '/' }: IncomingMessage,
  response: ServerResponse,
  token: string,
): string | undefined {
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? '')) {
    return refuse(response, 403);
  }
  if (method !== 'GET' && method !== 'HEAD') return refuse(response, 405);
  const [, given = '', path] = /^\/([^/?]*)(?:\/([^?]*))?(?:\?.*)?$/.exec(url) ?? [];
  if (path === undefined || !isSame(given, token)) return refuse(response, 404);
  return path;
}

/** In a time that says nothing of where they differ. */
function isSame(one: string, other: string): boolean {
  const [first, second] = [one, other].map((text) => createHash('sha256').update(text).digest());
  return first !== undefined && second !== undefined && timingSafeEqual(first, second);
}

function refuse(response: ServerResponse, status: 403 | 404 | 405 | 503): undefined {
  response.writeHead(status, { 'Content-Type': 'text/plain', ...HEADERS });
  response.end();
  return undefined;
}

/** Listens there, or anywhere if that is taken and not insisted on. */
function listen(server: Server, port: number, mustBe: boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (!mustBe && port !== 0) {
        listen(server, 0, false).then(resolve, reject);
        return;
      }
      const reason = error.code === 'EADDRINUSE' ? 'it is taken' : (error.code ?? error.message);
      const message = `port ${port} on ${HOST} cannot be had: ${reason}; give another --port, or leave it out`;
      reject(new AutolrsError('USAGE', message, { cause: error }));
    });
    server.listen(port, HOST, () => {
      server.removeAllListeners('error');
      // A page that asks wrongly ends no run.
      server.on('error', () => {});
      resolve((server.address() as AddressInfo).port);
    });
  });
}
