// @ts-check
/**
 * A strategy of one's own: three LRs for a few steps each, and the best of them to the end, halved for its last quarter.
 *
 *     autolrs run --strategy examples/library/three-probes.js --steps 400 -- python train.py
 *
 * A strategy yields commands and is handed their answers. It knows no clock, no dice but the seed's and no files: a run
 * that is resumed plays it again from its journal, and it must ask the same.
 *
 * @param {import('autolrs').TunerOptions} options
 * @param {import('autolrs').TrainerFacts} facts
 * @param {import('autolrs').StrategyTools} tools
 * @returns {import('autolrs').Conversation<import('autolrs').FinishReason>}
 */
export function* strategy({ steps, minLr = 1e-3, maxLr = 1 }, facts, tools) {
  const { decide, discard, finish, restore, save, train } = tools;
  const total = steps ?? facts.total ?? 1000;
  const probeSteps = Math.max(5, Math.round(total / 50));
  const tried = [];
  yield* save('start');
  for (const lr of [minLr, Math.sqrt(minLr * maxLr), maxLr]) {
    const { losses, end } = yield* train({ purpose: 'search', steps: probeSteps, lr });
    tried.push({ lr, loss: end === 'diverged' ? Infinity : mean(losses.slice(-5)) });
    yield* restore('start');
  }
  yield* discard('start');
  const [best] = tried.toSorted((a, b) => a.loss - b.loss);
  const parts = [
    { stage: 0, steps: total - Math.floor(total / 4), lr: best.lr },
    { stage: 1, steps: Math.floor(total / 4), lr: best.lr / 2 },
  ];
  for (const part of parts) {
    yield* decide({ kind: 'commit-started', ...part });
    const { end } = yield* train({ purpose: 'commit', steps: part.steps, lr: part.lr });
    if (end === undefined) continue;
    const reason = end === 'data' ? 'data' : 'diverged';
    yield* finish(reason, { diverged: [part.lr] });
    return reason;
  }
  yield* finish('budget', { diverged: [] });
  return 'budget';
}

/** @param {readonly number[]} values */
function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
