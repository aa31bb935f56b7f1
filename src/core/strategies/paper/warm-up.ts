/** The optional warm-up: committed steps at an LR that grows linearly from 0 (paper §4.1). */

import { type Conversation, decide, discard } from '../../conversation/conversation.js';
import {
  didDiverge,
  restoreCounted,
  type StrategyState,
  saveCounted,
  trainCounted,
} from '../state.js';

export type WarmUpOutcome = 'done' | 'diverged' | 'data-ended';

/** Times that a warm-up which diverged is tried again. */
const RETRIES = 5;

/** Share of the LR at which it is tried again. */
const RETRY_SHARE = 1 / 4;

/** Warms up to the given LR, or to the script's own; a warm-up that diverges is rolled back and retried lower. */
export function* warmUp(state: StrategyState): Conversation<WarmUpOutcome> {
  const { warmupSteps, warmupLr } = state.options;
  if (warmupSteps === 0) return 'done';
  yield* saveCounted(state, 'warm-up');
  let lr = warmupLr ?? state.facts.lr;
  for (let attempt = 0; ; attempt++) {
    yield* decide({ kind: 'warmup-started', steps: warmupSteps, lr });
    const lrs = rampTo(lr, warmupSteps);
    const reply = yield* trainCounted(state, { purpose: 'commit', steps: warmupSteps, lr: lrs });
    if (!didDiverge(reply)) {
      yield* discard('warm-up');
      return reply.end === 'data' ? 'data-ended' : 'done';
    }
    state.diverged.push(lr);
    yield* restoreCounted(state, 'warm-up');
    const nextLr = attempt < RETRIES ? lr * RETRY_SHARE : undefined;
    yield* decide({ kind: 'warmup-diverged', lr, ...(nextLr !== undefined && { nextLr }) });
    if (nextLr === undefined) return 'diverged';
    lr = nextLr;
  }
}

function rampTo(lr: number, steps: number): number[] {
  return Array.from({ length: steps }, (_, i) => lr * ((i + 1) / steps));
}
