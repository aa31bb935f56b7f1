/** The probes of a search as decisions. All strategies begin and end their probes here. */

import { type Conversation, decide } from '../conversation/conversation.js';
import type { ProbeOutcome } from '../conversation/decision.js';
import type { StrategyState } from './state.js';

/** A probe by its place in the run. */
export interface ProbeLabel {
  readonly stage: number;
  readonly probe: number;
  readonly lr: number;
}

/** @param jitter Diagonal added to the search's covariance matrix; 0 where none was needed. */
export function* startProbe({ stage, probe, lr }: ProbeLabel, jitter = 0): Conversation<void> {
  yield* decide({ kind: 'probe-started', stage, probe, lr, ...(jitter > 0 && { jitter }) });
}

/** Records how the probe ended, and remembers its LR if it diverged. */
export function* endProbe(
  state: StrategyState,
  { stage, probe, lr }: ProbeLabel,
  { steps, outcome }: { readonly steps: number; readonly outcome: ProbeOutcome },
): Conversation<void> {
  if (outcome.kind === 'diverged') state.diverged.push(lr);
  yield* decide({ kind: 'probe-ended', stage, probe, lr, steps, outcome });
}
