import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fixture, runCli, temporaryDirectory } from '../support/cli.js';

const INTERVAL = ['--min-lr', '1e-3', '--max-lr', '1'];

async function run(transport: string) {
  const root = temporaryDirectory();
  const dir = join(root, 'run');
  const secretFile = join(root, 'secret');
  const options = ['--transport', transport, '--log-level', 'trace', '--run-dir', dir, ...INTERVAL];
  const args = ['run', '--json', ...options, '--', ...fixture('attaches.mjs')];
  const end = await runCli(args, { env: { SECRET_FILE: secretFile } });
  // Recursively: a checkpoint could hold it as well.
  const files = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .toSorted();
  const text = files.map((file) => readFileSync(join(dir, file), 'utf8')).join('');
  return { ...end, dir, files, text, secret: readFileSync(secretFile, 'utf8') };
}

describe('autolrs run --transport', () => {
  for (const transport of ['unix', 'tcp', 'tls:127.0.0.1:0']) {
    it(`${transport} trains as over stdio, and leaves the script its stdout`, async () => {
      const [over, stdio] = [await run(transport), await run('stdio')];
      expect(over.code, over.stderr).toBe(0);
      const result = JSON.parse(over.stdout);
      expect(result).toMatchObject({ status: 'finished', steps: { committed: 300 } });
      expect(result.schedule).toEqual(JSON.parse(stdio.stdout).schedule);
      const log = readFileSync(join(over.dir, 'trainer.log'), 'utf8');
      const mine = '{"jsonrpc":"2.0","id":1,"result":"mine"}\n[]\nthe script ends\n';
      expect(log).toBe(mine);
    });

    it(`${transport} leaves neither the secret nor a socket behind`, async () => {
      const { secret, files, text, stdout, stderr } = await run(transport);
      expect(secret).toMatch(/^[0-9a-f]{64}$/);
      expect(files.filter((file) => !file.startsWith('checkpoints/'))).toEqual([
        'journal.jsonl',
        'result.json',
        'schedule.json',
        expect.stringMatching(/^tensorboard\/events\.out\.tfevents\./),
        'trainer.log',
      ]);
      for (const where of [text, stdout, stderr]) expect(where).not.toContain(secret);
      expect(stderr).toContain('the trainer connected'); // the log that could have told it
    });
  }

  it('says that a port which other machines reach is not encrypted, and which one is', async () => {
    const host = hostname();
    const { stderr } = await run(`tcp:${host}:0`);
    const sentence = 'others on the network can read what passes';
    expect(stderr.split(sentence)).toHaveLength(2);
    expect((await run(`tls:${host}:0`)).stderr).not.toContain(sentence);
    expect((await run('tcp')).stderr).not.toContain(sentence);
  });

  it('gives no secret over stdio, and another one in every run over a socket', async () => {
    const secrets = await Promise.all(['stdio', 'unix', 'unix'].map(run));
    expect(secrets[0]?.secret).toBe('none');
    expect(secrets[1]?.secret).not.toBe(secrets[2]?.secret);
  });

  it('tells whoever connects nothing of the run before it has proven itself', async () => {
    for (const [transport, told] of [
      ['stdio', 'protocol tuner run'],
      ['tcp', 'protocol tuner'],
    ] as const) {
      const options = ['--transport', transport, '--run-dir', join(temporaryDirectory(), 'run')];
      const args = ['run', ...options, ...INTERVAL, '--', ...fixture('tells-initialize.mjs')];
      const { code, stderr } = await runCli(args);
      expect([code, stderr]).toEqual([0, expect.stringMatching(new RegExp(`^${told}$`, 'm'))]);
    }
  });

  it('unix ends with 130 when interrupted, and leaves no socket', async () => {
    const dir = join(temporaryDirectory(), 'run');
    let isSent = false;
    const args = ['run', '--transport', 'unix', '--run-dir', dir, ...INTERVAL];
    const { code, stderr } = await runCli([...args, '--', ...fixture('slow.mjs')], {
      onStderr(text, kill) {
        if (isSent || !text.includes('probe 2')) return;
        isSent = true;
        kill('SIGINT');
      },
    });
    expect(code, stderr).toBe(130);
    expect(readdirSync(dir)).not.toContain('trainer.sock');
  });

  it('unix ends with its script, although a child of that holds the connection for 20 s', {
    timeout: 15_000,
  }, async () => {
    const dir = join(temporaryDirectory(), 'run');
    const args = ['run', '--transport', 'unix', '--run-dir', dir, ...INTERVAL];
    const { code, stderr } = await runCli([...args, '--', ...fixture('leaves-a-child.mjs')]);
    expect(stderr).toContain('the script ended with exit code 5 while answering "train"');
    expect(code).toBe(3);
  });

  it('refuses what is no transport, before anything is written', async () => {
    const cwd = temporaryDirectory();
    const { code, stderr } = await runCli(['run', '--transport', 'pigeon', '--', 'x'], { cwd });
    expect(stderr).toBe(
      'autolrs: --transport is "pigeon"; give one of: stdio, unix, tcp, tcp:HOST:PORT, tls:HOST:PORT (ports up to 65535, IPv6 as in tls:[::1]:0)\n',
    );
    expect(code).toBe(2);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('refuses a port that is taken in one sentence with exit code 2', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => {
      server.once('listening', resolve);
    });
    const bound = server.address();
    const port = typeof bound === 'object' ? bound?.port : undefined;
    const dir = join(temporaryDirectory(), 'run');
    const args = ['run', '--quiet', '--run-dir', dir, '--', ...fixture('attaches.mjs')];
    const env = { AUTOLRS_TRANSPORT: `tcp:127.0.0.1:${port}` };
    const { code, stderr } = await runCli(args, { env });
    expect(stderr).toMatch(/^autolrs: cannot listen on tcp:127\.0\.0\.1:\d+: it is in use; .*\n$/);
    expect(code).toBe(2);
  });
});
