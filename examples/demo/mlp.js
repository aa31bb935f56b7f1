// @ts-check
/** A small multilayer perceptron with SGD and momentum, in plain loops: enough to train on real data without Python. */

/** @typedef {() => number} Uniform A source of numbers in [0, 1). */

const MOMENTUM = 0.9;

/**
 * One hidden layer of rectified units and a softmax over the classes.
 *
 * @param {{ inputs: number, hidden: number, classes: number, uniform: Uniform }} shape
 */
export function createMlp({ inputs, hidden, classes, uniform }) {
  const size = (inputs + 1) * hidden + (hidden + 1) * classes;
  const weights = new Float64Array(size);
  const velocity = new Float64Array(size);
  const gradient = new Float64Array(size);
  const outputFrom = (inputs + 1) * hidden; // where the output layer's weights begin
  const activation = new Float64Array(hidden);
  const error = new Float64Array(hidden);
  const scores = new Float64Array(classes);
  // He's initialisation, uniform: the variance of a rectified unit's input stays that of its output.
  for (let i = 0; i < size; i++) {
    const fanIn = i < outputFrom ? inputs : hidden;
    weights[i] = (2 * uniform() - 1) * Math.sqrt(6 / fanIn);
  }

  /** Fills `activation` and `scores` (class probabilities). Returns the cross-entropy of `label`. */
  function forward(
    /** @type {Float64Array} */ x,
    /** @type {number} */ from,
    /** @type {number} */ label,
  ) {
    for (let h = 0; h < hidden; h++) {
      const row = h * (inputs + 1);
      let sum = weights[row + inputs];
      for (let i = 0; i < inputs; i++) sum += weights[row + i] * x[from + i];
      activation[h] = Math.max(sum, 0);
    }
    let highest = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < classes; c++) {
      const row = outputFrom + c * (hidden + 1);
      let sum = weights[row + hidden];
      for (let h = 0; h < hidden; h++) sum += weights[row + h] * activation[h];
      scores[c] = sum;
      if (sum > highest) highest = sum;
    }
    let total = 0;
    for (let c = 0; c < classes; c++) {
      scores[c] = Math.exp(scores[c] - highest);
      total += scores[c];
    }
    for (let c = 0; c < classes; c++) scores[c] /= total;
    return -Math.log(scores[label]);
  }

  function backward(
    /** @type {Float64Array} */ x,
    /** @type {number} */ from,
    /** @type {number} */ label,
  ) {
    error.fill(0);
    for (let c = 0; c < classes; c++) {
      const row = outputFrom + c * (hidden + 1);
      const delta = scores[c] - (c === label ? 1 : 0);
      for (let h = 0; h < hidden; h++) {
        gradient[row + h] += delta * activation[h];
        error[h] += delta * weights[row + h];
      }
      gradient[row + hidden] += delta;
    }
    for (let h = 0; h < hidden; h++) {
      if (activation[h] === 0) continue;
      const row = h * (inputs + 1);
      for (let i = 0; i < inputs; i++) gradient[row + i] += error[h] * x[from + i];
      gradient[row + inputs] += error[h];
    }
  }

  return {
    weights,
    velocity,

    /**
     * One update on a batch. Returns its mean loss before the update.
     *
     * @param {Float64Array} x Rows of `inputs` numbers.
     * @param {Uint8Array} y Labels.
     * @param {ArrayLike<number>} batch Row numbers.
     * @param {number} lr
     */
    trainBatch(x, y, batch, lr) {
      gradient.fill(0);
      let loss = 0;
      for (let b = 0; b < batch.length; b++) {
        const row = batch[b];
        loss += forward(x, row * inputs, y[row]);
        backward(x, row * inputs, y[row]);
      }
      for (let i = 0; i < size; i++) {
        velocity[i] = MOMENTUM * velocity[i] + gradient[i] / batch.length;
        weights[i] -= lr * velocity[i];
      }
      return loss / batch.length;
    },

    /** Mean loss over rows `from` to `to`. */
    evaluate(
      /** @type {Float64Array} */ x,
      /** @type {Uint8Array} */ y,
      /** @type {number} */ from,
      /** @type {number} */ to,
    ) {
      let loss = 0;
      for (let row = from; row < to; row++) loss += forward(x, row * inputs, y[row]);
      return loss / (to - from);
    },
  };
}
