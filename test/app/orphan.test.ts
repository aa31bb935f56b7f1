import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { endOrphan } from '../../src/app/orphan.js';
import { identityOf } from '../../src/journal/process-identity.js';

/** A process in a group of its own that never ends. */
async function startForever() {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  return { child, identity: identityOf(child.pid ?? 0), ended: once(child, 'exit') };
}

describe.runIf(existsSync('/proc/self/stat'))('endLeftover', () => {
  it('kills a script that goes on without its tuner', { timeout: 20_000 }, async () => {
    const { identity, ended } = await startForever();
    await endOrphan(identity);
    expect(await ended).toEqual([null, 'SIGKILL']);
  });

  it('waits no longer than the script takes to end by itself', async () => {
    const { child, identity, ended } = await startForever();
    child.kill('SIGTERM');
    await endOrphan(identity);
    expect(await ended).toEqual([null, 'SIGTERM']);
  });

  it('leaves a process alone that has only the same id, or that cannot be told from another', async () => {
    const { child, identity } = await startForever();
    await endOrphan({ ...identity, started: 'another boot 1' });
    await endOrphan({ host: identity.host, pid: identity.pid });
    expect(child.exitCode).toBeNull();
    expect(child.signalCode).toBeNull();
  });
});
