/** Which GPUs there are to part among workers. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDevices } from '../../src/cli/devices.js';
import { temporaryDirectory } from '../support/cli.js';

describe('the GPUs of a machine', () => {
  it('are those that the environment names', () => {
    expect(readDevices('0, 2,GPU-5a', '/nowhere')).toEqual(['0', '2', 'GPU-5a']);
  });

  it('are as many as its device files, counted from 0, where the environment says nothing', () => {
    const dev = temporaryDirectory();
    for (const name of ['nvidia10', 'nvidia2', 'nvidiactl', 'null'])
      writeFileSync(join(dev, name), '');
    expect(readDevices(undefined, dev)).toEqual(['0', '1']);
  });

  it('are none where there is nothing to part', () => {
    expect(readDevices('3', '/nowhere')).toEqual([]);
    expect(readDevices('', '/nowhere')).toEqual([]);
    expect(readDevices(undefined, '/nowhere')).toEqual([]);
  });
});
