/** This machine, for the record. */

import { arch, availableParallelism, cpus, hostname, platform, release, totalmem } from 'node:os';
import type { MachineFacts } from '../core/record/machine.js';

export function describeMachine(): MachineFacts {
  return {
    host: hostname(),
    system: `${platform()} ${release()} ${arch()}`,
    processor: cpus()[0]?.model.trim() ?? '',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.version,
  };
}
