/** The live page in a real browser: it follows a run, through its end and through a resume. */

import { type ChildProcess, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser } from '../support/chromium.js';
import { fixture, ROOT, runCli, temporaryDirectory } from '../support/cli.js';

const WAIT = { timeout: 60_000 };
let browser: Browser | undefined;
let children: ChildProcess[] = [];

beforeAll(async () => {
  browser = await openBrowser();
}, 60_000);
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
});
afterAll(() => browser?.close());

/** Starts the command; resolves with the address that it tells. */
function start(...args: readonly string[]): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [join(ROOT, 'bin', 'autolrs.js'), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(child);
  let text = '';
  return new Promise((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const [url] = /http:\/\/127\.0\.0\.1:\d+\/[\w-]+\//.exec(text) ?? [];
      if (url !== undefined) resolve({ child, url });
    });
    child.on('exit', (code) => reject(new Error(`it ended with ${code}: ${text}`)));
  });
}

async function open(url: string): Promise<{ page: Page; complaints: string[] }> {
  if (browser === undefined) throw new Error('there is no browser');
  const page = await (await browser.newContext()).newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url);
  return { page, complaints };
}

const tile = async (page: Page, label: string) =>
  page.locator('.tile', { hasText: label }).locator('.value').textContent();

const FLAGS = ['--strategy', 'paper', '--tau', '100', '--candidates', '2', '--min-lr', '1e-3'];
const REST = ['--max-lr', '0.1', '--checkpoint-steps', '100', '--quiet'];

describe('the live page', { timeout: 120_000 }, () => {
  it('follows a run through its end and its resume, and keeps what its reader has open', async ({
    skip,
  }) => {
    if (browser === undefined) return skip('there is no Chromium');
    const dir = join(temporaryDirectory(), 'run');
    const run = ['run', ...FLAGS, ...REST, '--steps', '300', '--run-dir', dir];
    const first = await runCli([...run, '--', ...fixture('trains.mjs')]);
    expect(first.code, first.stderr).toBe(0);
    const { url } = await start('watch', dir);
    const { page, complaints } = await open(url);
    await expect.poll(() => page.locator('.live').textContent(), WAIT).toBe('live');
    expect(await page.locator('.status').textContent()).toBe('finished');
    expect(await tile(page, 'committed steps')).toBe('300');
    await page.getByText('Decisions').click();
    const more = await runCli(['resume', '--quiet', dir, '--steps', '500']);
    expect(more.code, more.stderr).toBe(0);
    await expect.poll(() => tile(page, 'committed steps'), WAIT).toBe('500');
    expect(await page.locator('.decisions details').getAttribute('open')).toBe('');
    expect(await page.locator('.canvas').count()).toBeGreaterThan(1);
    expect(complaints).toEqual([]);
  });

  it('shows a run in progress by run --web, and finds the next process of it', async ({ skip }) => {
    if (browser === undefined) return skip('there is no Chromium');
    const dir = join(temporaryDirectory(), 'run');
    const slow = ['--', ...fixture('slow.mjs')];
    // More steps than any machine takes here: a page that tries again every two seconds must find it in progress.
    const run = ['run', '--web', ...FLAGS, ...REST, '--steps', '4000000', '--run-dir', dir];
    const { child, url } = await start(...run, ...slow);
    const { page, complaints } = await open(url);
    await expect.poll(() => page.locator('.status').textContent(), WAIT).toBe('running');
    await expect.poll(() => page.locator('progress').count(), WAIT).toBe(1);
    child.kill('SIGINT');
    await expect.poll(() => page.locator('.status').textContent(), WAIT).toBe('interrupted');
    await expect.poll(() => page.locator('.live').textContent(), WAIT).toContain('no connection');
    expect(statSync(join(dir, 'web.json')).mode & 0o777).toBe(0o600);
    const again = await start('resume', '--web', '--quiet', dir);
    expect(again.url).toBe(url);
    await expect.poll(() => page.locator('.live').textContent(), WAIT).toBe('live');
    await expect.poll(() => page.locator('.status').textContent(), WAIT).toBe('running');
    expect(complaints).toEqual([]);
  });
});

describe('watch', () => {
  it('refuses a directory without a run, and a port that is none', async () => {
    const none = await runCli(['watch', temporaryDirectory()]);
    expect(none.code).toBe(5);
    expect(none.stderr).toContain('holds no journal.jsonl');
    const port = await runCli(['watch', '.', '--port', '99999']);
    expect(port.code).toBe(2);
    expect(port.stderr).toContain('--port is "99999"; give a port from 1 to 65535');
  });

  it('ends with 0 at an interrupt', async () => {
    const dir = join(temporaryDirectory(), 'run');
    await runCli([
      'run',
      ...FLAGS,
      ...REST,
      '--steps',
      '100',
      '--run-dir',
      dir,
      '--',
      ...fixture('trains.mjs'),
    ]);
    const { child } = await start('watch', dir);
    child.removeAllListeners('exit');
    const code = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGINT');
    expect(await code).toBe(0);
  });
});
