/**
 * A trainer that speaks the wire (docs/reference/protocol.md) itself, with what Node brings along.
 *
 * `node regression.js` trains as it is, `autolrs run -- node regression.js` under the tuner. It fits a line to noisy
 * points of which there is no end: the step says which ones are next, so that after a restore the same ones come again.
 * Four numbers are all that a checkpoint holds, so all of them are files; a larger model would keep those without
 * `path` in memory, by their `id`.
 */

import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { deserialize, serialize } from 'node:v8';

const TOTAL = 2000;
let model = { step: 0, lr: 0.1, slope: 0, offset: 0 };

function evaluate(first, count) {
  let [loss, bySlope, byOffset] = [0, 0, 0];
  for (let k = first; k < first + count; k++) {
    const x = ((k * k * 7) % 2003) / 1001 - 1;
    const noise = ((k * k * 11) % 3001) / 1500 - 1;
    const error = model.slope * x + model.offset - (3 * x - 1 + noise);
    loss += (error * error) / count;
    bySlope += (2 * error * x) / count;
    byOffset += (2 * error) / count;
  }
  return { loss, bySlope, byOffset };
}

function trainStep(lr) {
  const { step, slope, offset } = model;
  const { loss, bySlope, byOffset } = evaluate(16 * step, 16);
  model = { step: step + 1, lr, slope: slope - lr * bySlope, offset: offset - lr * byOffset };
  return loss;
}

const validate = () => evaluate(1_000_000, 500).loss;

// From here on it is the wire.

function refuse(code, message) {
  throw Object.assign(new Error(message), { wireCode: code });
}

const ANSWERS = {
  initialize: () => ({
    protocol: 1,
    trainer: { name: 'regression.js' },
    total: TOTAL,
    groups: [1],
    world: 1,
    can: { validate: true, disk: true, memory: false, rewind: true },
    holds: ['slope', 'offset'],
  }),
  train({ steps, lr, halt = Infinity }) {
    const lrs = Array.isArray(lr) ? lr : Array(steps).fill(lr);
    if (lrs.length !== steps || !lrs.every(Number.isFinite)) {
      refuse(-32602, `"lr" must be a number, or ${steps} of them`);
    }
    const losses = [];
    let [end, smoothed, weight] = [undefined, 0, 0];
    while (losses.length < steps && end === undefined) {
      const loss = trainStep(lrs[losses.length]);
      losses.push(loss); // becomes null if it is not finite: JSON has no other way
      smoothed = 0.9 * smoothed + 0.1 * loss;
      weight = 0.9 * weight + 0.1;
      if (!Number.isFinite(loss)) end = 'diverged';
      else if (smoothed / weight > halt) end = 'halt';
    }
    return { steps: losses.length, losses, end };
  },
  validate: () => ({ loss: validate() }),
  save({ id, path = refuse(-32002, 'checkpoints are kept in files alone') }) {
    writeFileSync(`${path}.tmp`, serialize(model));
    sync(`${path}.tmp`);
    renameSync(`${path}.tmp`, path);
    sync(dirname(path)); // the new name has to last as well
    return { id };
  },
  restore({ id, path = refuse(-32002, 'checkpoints are kept in files alone') }) {
    if (!existsSync(path)) refuse(-32001, `there is no checkpoint ${path}`);
    model = deserialize(readFileSync(path));
    return { id };
  },
  discard({ id, path = refuse(-32002, 'checkpoints are kept in files alone') }) {
    rmSync(path, { force: true });
    return { id };
  },
  shutdown: () => ({}),
};

function sync(path) {
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
}

function replyTo({ method, params = {} }) {
  const began = performance.now();
  try {
    if (!Object.hasOwn(ANSWERS, method)) refuse(-32601, `there is no method ${method}`);
    const result = ANSWERS[method](params);
    const seconds = (performance.now() - began) / 1000;
    // A result may tell more than is asked of it.
    return { result: { ...result, step: model.step, lr: model.lr, seconds } };
  } catch (error) {
    const code = error.wireCode ?? (params.path === undefined ? -32603 : -32004);
    return { error: { code, message: error.message } };
  }
}

async function serve() {
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    if (request.id === undefined) continue; // a notification: there is nothing to do
    const reply = { jsonrpc: '2.0', id: request.id, ...replyTo(request) };
    process.stdout.write(`${JSON.stringify(reply)}\n`);
    if (request.method === 'shutdown') return;
  }
  throw new Error('the tuner is gone without a shutdown');
}

if (process.env.AUTOLRS === '1') await serve();
while (process.env.AUTOLRS !== '1' && model.step < TOTAL) trainStep(model.lr);
console.log(`validation loss ${validate()}`);
