// @ts-check
/**
 * A training loop of one's own, steered by asking and telling: no script, no process, no wire.
 *
 *     node examples/library/own-loop.js
 *
 * The loop fits a linear model to noisy data by gradient descent with momentum.
 */

import { createRandom, createTuner } from 'autolrs';

const FEATURES = 20;
const BATCH = 16;
const MOMENTUM = 0.9;

const random = createRandom(1);
const truth = Array.from({ length: FEATURES }, () => random.normal());

/** Everything that training changes: a checkpoint is a copy of it. */
let state = { step: 0, weights: truth.map(() => 0), velocity: truth.map(() => 0) };

/** @type {Map<string, typeof state>} */
const checkpoints = new Map();

/**
 * One batch, which depends on the step alone, so that a restored model meets it again.
 *
 * @param {number} step
 */
function batchAt(step) {
  const draw = createRandom(1000 + step);
  return Array.from({ length: BATCH }, () => {
    const x = truth.map(() => draw.normal());
    return { x, y: dot(x, truth) + 0.1 * draw.normal() };
  });
}

/**
 * One update; returns the loss of its batch, before it.
 *
 * @param {number} lr
 */
function update(lr) {
  const { step, weights, velocity } = state;
  const gradient = weights.map(() => 0);
  let loss = 0;
  for (const { x, y } of batchAt(step)) {
    const error = dot(x, weights) - y;
    loss += error ** 2 / BATCH;
    for (const [i, value] of x.entries()) gradient[i] += (2 * error * value) / BATCH;
  }
  const next = velocity.map((v, i) => MOMENTUM * v - lr * gradient[i]);
  state = { step: step + 1, weights: weights.map((w, i) => w + next[i]), velocity: next };
  return loss;
}

/**
 * @param {import('autolrs').Command} command
 * @returns {import('autolrs').ToldReply}
 */
function carryOut(command) {
  switch (command.kind) {
    case 'save':
      checkpoints.set(command.checkpoint, state); // no update changes it in place
      return { kind: 'saved' };
    case 'restore':
      state = checkpoints.get(command.checkpoint) ?? state;
      return { kind: 'restored' };
    case 'discard':
      checkpoints.delete(command.checkpoint);
      return { kind: 'discarded' };
    case 'train': {
      const { lr, steps } = command;
      /** @type {number[]} */
      const losses = [];
      while (losses.length < steps && Number.isFinite(losses.at(-1) ?? 0)) {
        losses.push(update(typeof lr === 'number' ? lr : lr[losses.length]));
      }
      return { kind: 'trained', losses };
    }
    case 'validate':
      return { kind: 'validated', loss: meanSquare(state.weights.map((w, i) => w - truth[i])) };
    default:
      throw new Error(`not asked of a loop like this: ${command.kind}`);
  }
}

/**
 * @param {readonly number[]} a
 * @param {readonly number[]} b
 */
function dot(a, b) {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

/** @param {readonly number[]} values */
function meanSquare(values) {
  return dot(values, values) / values.length;
}

const tuner = createTuner({ budget: 1000, trainer: { lr: 0.001, canValidate: true } });
for (let command = tuner.ask(); command !== undefined; command = tuner.ask()) {
  tuner.tell(carryOut(command));
}

const { status, steps, loss, schedule } = tuner.result;
const peak = Math.max(...schedule.map(({ lr }) => lr));
console.log(`${status}: ${steps.committed} steps committed, ${steps.search} in the search`);
console.log(
  `peak LR ${peak.toPrecision(3)}, error of the weights ${loss.validation?.toPrecision(3)}`,
);
