// Preloaded into the tuner with --expose-gc: what is left of its heap after a full collection, in MB, once a second, to fd 3.
import { writeSync } from 'node:fs';

if (process.argv[1]?.endsWith('autolrs.js')) {
  setInterval(() => {
    globalThis.gc();
    writeSync(3, `${process.memoryUsage().heapUsed / 2 ** 20}\n`);
  }, 1000).unref();
}
