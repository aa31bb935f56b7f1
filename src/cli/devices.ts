/** The GPUs of this machine by the names that CUDA_VISIBLE_DEVICES takes, so that each process may have one. */

import { readdirSync } from 'node:fs';

const DEVICE_FILE = /^nvidia\d+$/;

/** None where there is one at most: then there is nothing to part. */
export function readDevices(
  visible = process.env['CUDA_VISIBLE_DEVICES'],
  folder = '/dev',
): readonly string[] {
  const names = visible === undefined ? filesIn(folder) : visible.split(',').map((n) => n.trim());
  const devices = names.filter((name) => name !== '');
  return devices.length > 1 ? devices : [];
}

function filesIn(folder: string): readonly string[] {
  try {
    // CUDA counts those that a process has from 0, as a container has that is given the third of four.
    return readdirSync(folder)
      .filter((name) => DEVICE_FILE.test(name))
      .map((_, at) => String(at));
  } catch {
    return []; // no such folder on this system
  }
}
