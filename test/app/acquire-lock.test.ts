import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acquireLock } from '../../src/app/files/acquire-lock.js';
import { identityOf } from '../../src/journal/process-identity.js';
import { temporaryDirectory } from '../support/cli.js';

function lockedBy(holder: object): string {
  const dir = temporaryDirectory();
  writeFileSync(join(dir, 'lock'), JSON.stringify(holder));
  return dir;
}

describe('acquireLock', () => {
  it('waits until the lease of a holder on another machine is over', async () => {
    const dir = lockedBy({ host: 'another-host', pid: 1, leaseSeconds: 1.5 });
    const lock = await acquireLock(dir, undefined);
    expect(JSON.parse(readFileSync(join(dir, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid });
    lock.release();
  });

  it('gives up as soon as the lock is renewed', async () => {
    const dir = lockedBy({ host: 'another-host', pid: 1, leaseSeconds: 1000 });
    let renewals = 0;
    const renew = setInterval(() => {
      const at = Date.now() / 1000 + renewals++;
      utimesSync(join(dir, 'lock'), at, at);
    }, 100);
    try {
      await expect(acquireLock(dir, undefined)).rejects.toThrow('is in use by process 1');
    } finally {
      clearInterval(renew);
    }
  });

  it('waits for no holder of which it can tell that it runs, nor for one without a lease', async () => {
    for (const holder of [
      { ...identityOf(process.pid), leaseSeconds: 1 },
      { host: 'x', pid: 1 },
    ]) {
      await expect(acquireLock(lockedBy(holder), undefined)).rejects.toThrow('is in use by');
    }
  });
});
