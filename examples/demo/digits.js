// @ts-check
/**
 * A training script as anybody might have it: handwritten digits, a small network, SGD with momentum. It trains alone
 * (`node digits.js`) and under the tuner (`autolrs run -- node digits.js`); the lines that say `tuner` are the whole
 * difference.
 */

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { attach } from 'autolrs/node';
import { createMlp } from './mlp.js';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '6000' },
    seed: { type: 'string', default: '1' },
    lr: { type: 'string', default: '0.01' },
  },
});
const BATCH = 32;
const PIXELS = 64;

/** A small generator with its whole state in one number, so that a snapshot can hold it. */
const random = { state: Number(values.seed) };
function uniform() {
  random.state = (random.state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(random.state ^ (random.state >>> 15), 1 | random.state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
}

function shuffle(/** @type {Uint32Array} */ order) {
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
}

/** Rows of 64 pixels in [0, 1] and their labels, in an order that mixes the writers. */
function readDigits() {
  const file = new URL('digits.csv.gz', import.meta.url);
  const lines = gunzipSync(readFileSync(file)).toString().trim().split('\n');
  const mixed = Uint32Array.from(lines, (_, i) => i);
  shuffle(mixed);
  const rows = Array.from(mixed, (i) => lines[i]);
  const x = new Float64Array(rows.length * PIXELS);
  const y = new Uint8Array(rows.length);
  rows.forEach((row, r) => {
    const numbers = row.split(',').map(Number);
    for (let i = 0; i < PIXELS; i++) x[r * PIXELS + i] = numbers[i] / 16;
    y[r] = numbers[PIXELS];
  });
  return { x, y, rows: rows.length };
}

const { x, y, rows } = readDigits();
// The last fifth is for validation.
const trainRows = Math.floor(rows * 0.8);
const model = createMlp({ inputs: PIXELS, hidden: 32, classes: 10, uniform });
let lr = Number(values.lr);
let position = trainRows; // a new epoch begins at once
const order = Uint32Array.from({ length: trainRows }, (_, i) => i);

function nextBatch() {
  if (position + BATCH > trainRows) {
    shuffle(order);
    position = 0;
  }
  position += BATCH;
  return order.subarray(position - BATCH, position);
}

const validate = () => model.evaluate(x, y, trainRows, rows);

const tuner = attach({
  name: 'digits.js',
  total: Number(values.steps),
  getLr: () => lr,
  setLr: (value) => {
    lr = value;
  },
  save: () => ({
    weights: model.weights.slice(),
    velocity: model.velocity.slice(),
    order: order.slice(),
    position,
    random: random.state,
  }),
  restore: (saved) => {
    model.weights.set(saved.weights);
    model.velocity.set(saved.velocity);
    order.set(saved.order);
    position = saved.position;
    random.state = saved.random;
  },
  validate,
  holds: ['weights', 'momentum', 'rng', 'data'],
  rewind: true,
});

while (await tuner.next()) {
  tuner.step(model.trainBatch(x, y, nextBatch(), lr));
}
console.log(`validation loss ${validate().toFixed(4)}`);
