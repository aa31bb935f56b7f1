/**
 * Preloaded into a process (`node --import`), makes one thing fail at one moment, as AUTOLRS_FAULT says:
 * `WHO KIND N`, with WHO `tuner` or `trainer` and N counted from 1; for `slow-disk` N is how many milliseconds each sync
 * takes longer. It fires once a run: AUTOLRS_FAULT_FIRED is the file that says that it has. With AUTOLRS_KEEP the tuner
 * keeps a copy of each checkpoint that it removes.
 */

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [who, kind, n] = (process.env.AUTOLRS_FAULT ?? '').split(' ');
const fired = process.env.AUTOLRS_FAULT_FIRED;
const isTuner = process.argv[1]?.endsWith('autolrs.js') ?? false;
const { openSync, writeSync, existsSync } = fs;

if (fired && who === (isTuner ? 'tuner' : 'trainer') && !existsSync(fired)) arm(Number(n));

function arm(at) {
  let count = 0;
  const isDue = () => ++count === at;
  const fire = () => writeSync(openSync(fired, 'w'), `${who} ${kind} ${at}`);
  const die = () => {
    fire();
    process.kill(process.pid, 'SIGKILL');
    for (;;); // the signal comes at once, and nothing may be done before it
  };

  if (kind === 'kill-at-record' || kind === 'kill-in-record') {
    const journals = new Set();
    fs.openSync = (path, ...rest) => {
      const fd = openSync(path, ...rest);
      if (String(path).endsWith('journal.jsonl')) journals.add(fd);
      return fd;
    };
    fs.writeSync = (fd, bytes, ...rest) => {
      if (journals.has(fd) && isDue()) {
        if (kind === 'kill-in-record') writeSync(fd, bytes.subarray(0, bytes.length >> 1));
        die();
      }
      return writeSync(fd, bytes, ...rest);
    };
  }

  if (kind === 'disk-full') {
    for (const name of [
      'openSync',
      'writeSync',
      'writeFileSync',
      'fsyncSync',
      'renameSync',
      'mkdirSync',
      'linkSync',
    ]) {
      const real = fs[name];
      fs[name] = (...args) => {
        const isReading = name === 'openSync' && (args[1] === undefined || args[1] === 'r');
        if (!isReading && isDue()) {
          fire();
          throw Object.assign(new Error(`ENOSPC: no space left on device, ${name}`), {
            code: 'ENOSPC',
          });
        }
        return real(...args);
      };
    }
  }

  if (kind === 'slow-disk') {
    const { fsyncSync } = fs;
    const nobody = new Int32Array(new SharedArrayBuffer(4));
    fs.fsyncSync = (fd) => {
      if (!existsSync(fired)) fire();
      Atomics.wait(nobody, 0, 0, at);
      return fsyncSync(fd);
    };
  }

  if (kind === 'kill-at-request') {
    const { emit } = process.stdin;
    process.stdin.emit = function (event, ...args) {
      if (event === 'data' && isDue()) die();
      return emit.call(this, event, ...args);
    };
  }

  if (kind === 'kill-in-reply') {
    const write = process.stdout.write.bind(process.stdout);
    process.stdout.write = (line, ...rest) => {
      const isReply = typeof line === 'string' && /^\{"jsonrpc":"2.0","id"/.test(line);
      if (isReply && isDue()) {
        writeSync(1, line.slice(0, line.length >> 1));
        die();
      }
      return write(line, ...rest);
    };
  }

  syncBuiltinESMExports();
}

if (isTuner && process.env.AUTOLRS_KEEP) {
  const { rmSync, existsSync: isThere, copyFileSync } = fs;
  fs.rmSync = (path, options) => {
    if (/checkpoint-\d+-step-\d+$/.test(path) && isThere(path)) copyFileSync(path, `${path}.kept`);
    return rmSync(path, options);
  };
  syncBuiltinESMExports();
}
