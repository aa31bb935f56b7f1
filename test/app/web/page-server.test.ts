/** The server of the live page: what it answers, and to whom. */

import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { type PageServer, servePage } from '../../../src/app/web/page-server.js';
import { playHorizon } from '../../support/played-runs.js';
import { pageOf, pageRunOf, reportOf } from '../../support/report.js';

const report = reportOf(playHorizon().entries, 'horizon');
let name = 'first';
const page = () => pageOf(pageRunOf(report, { name }));

let servers: PageServer[] = [];
afterEach(async () => {
  for (const server of servers) await server.close();
  servers = [];
});

async function serve(options: Partial<Parameters<typeof servePage>[0]> = {}): Promise<PageServer> {
  const server = await servePage({ page, ...options });
  servers.push(server);
  return server;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

function ask(
  { port }: PageServer,
  path: string,
  { method = 'GET', headers = {} as Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    })
      .on('error', reject)
      .end();
  });
}

/** Listens to events until there are so many. */
function events({ port, token }: PageServer, count: number, onFirst: () => void = () => {}) {
  return new Promise<readonly string[]>((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, path: `/${token}/events`, agent: false },
      (response) => {
        expect(response.headers['content-type']).toBe('text/event-stream');
        let text = '';
        let hasBegun = false;
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
          const data = [...text.matchAll(/^event: page\ndata: (.*)\n\n/gm)].map(
            ([, one]) => one ?? '',
          );
          if (data.length > 0 && !hasBegun) {
            hasBegun = true;
            onFirst();
          }
          if (data.length < count) return;
          asked.destroy();
          resolve(data);
        });
      },
    );
    asked.on('error', reject).end();
  });
}

describe('servePage', () => {
  it('answers with the page, whose policy lets it ask this server alone', async () => {
    const server = await serve();
    const { status, headers, body } = await ask(server, `/${server.token}/`);
    expect(status).toBe(200);
    expect(body).toContain('data-events="events"');
    expect(headers['content-security-policy']).toMatch(
      /connect-src 'self'.*frame-ancestors 'none'/,
    );
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(headers['cross-origin-resource-policy']).toBe('same-origin');
    expect(server.url).toBe(`http://127.0.0.1:${server.port}/${server.token}/`);
  });

  it('has another secret each time, of more than a hundred bits', async () => {
    const [one, other] = [await serve(), await serve()];
    expect(one.token).not.toBe(other.token);
    expect(one.token).toMatch(/^[\w-]{24}$/);
  });

  it('answers nothing without the secret', async () => {
    const server = await serve();
    for (const path of [
      '/',
      '/x/',
      `/${server.token}x/`,
      `/${server.token.slice(1)}/`,
      `/${server.token}`,
      `//${server.token}/`,
    ]) {
      const { status, body } = await ask(server, path);
      expect([path, status, body]).toEqual([path, 404, '']);
    }
    expect((await ask(server, `/${server.token}/other`)).status).toBe(404);
  });

  it('answers no name that is not loopback’s, as of a site that points here', async () => {
    const server = await serve();
    for (const host of [
      'evil.example',
      'evil.example:80',
      `127.0.0.1.evil.example:${server.port}`,
    ]) {
      const { status } = await ask(server, `/${server.token}/`, { headers: { host } });
      expect(status).toBe(403);
    }
    const { status } = await ask(server, `/${server.token}/`, { headers: { host: 'localhost:1' } });
    expect(status).toBe(200);
  });

  it('is read-only', async () => {
    const server = await serve();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      expect((await ask(server, `/${server.token}/`, { method })).status).toBe(405);
    }
    expect((await ask(server, `/${server.token}/`, { method: 'HEAD' })).body).toBe('');
  });

  it('tells the state at once, and again at each update', async () => {
    name = 'first';
    const server = await serve();
    const told = await events(server, 2, () => {
      name = 'second';
      server.update();
    });
    expect(told.map((data) => JSON.parse(data).runs[0].origin.name)).toEqual(['first', 'second']);
  });

  it('is found again at its old place, or elsewhere if that is taken', async () => {
    const first = await serve();
    const { port, token } = first;
    const elsewhere = await serve({ before: { port, token } });
    expect(elsewhere.token).toBe(token);
    expect(elsewhere.port).not.toBe(port);
    await first.close();
    servers = servers.filter((server) => server !== first);
    expect((await serve({ before: { port, token } })).port).toBe(port);
  });

  it('says that a port which was asked for is taken', async () => {
    const { port } = await serve();
    await expect(serve({ port })).rejects.toThrow(
      `port ${port} on 127.0.0.1 cannot be had: it is taken`,
    );
  });

  it('bounds how many pages are open', async () => {
    const server = await serve();
    const open = Array.from({ length: 32 }, () => {
      const asked = request({
        host: '127.0.0.1',
        port: server.port,
        path: `/${server.token}/events`,
        agent: false,
      });
      const first = new Promise((resolve) =>
        asked.on('response', (response) => response.once('data', resolve)),
      );
      asked.on('error', () => {}).end();
      return { asked, first };
    });
    for (const { first } of open) await first;
    expect((await ask(server, `/${server.token}/events`)).status).toBe(503);
    for (const { asked } of open) asked.destroy();
  });
});
