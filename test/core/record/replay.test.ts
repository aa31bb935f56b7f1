import { expect, it } from 'vitest';
import { type Conversation, decide, finish } from '../../../src/core/conversation/conversation.js';
import type { Decision, FinishReason } from '../../../src/core/conversation/decision.js';
import { Replay } from '../../../src/core/record/replay.js';

function* extended(): Conversation<FinishReason> {
  const limits = yield* finish('budget', { diverged: [] });
  yield* decide({ kind: 'budget', ...limits, from: 'given' });
  return 'budget';
}

it.each(['budget', 'extension'])(
  'an older journal may call the budget of an extended run "%s"',
  (kind) => {
    const replay = new Replay(extended(), 0, 'inside');
    replay.add({ kind: 'decision', decision: { kind: 'finished', reason: 'budget' } });
    replay.add({ kind: 'extension', steps: 300 });
    replay.add({ kind: 'decision', decision: { kind, steps: 300, from: 'given' } as Decision });
    expect(replay.resumePoint.finished).toBeUndefined();
  },
);
