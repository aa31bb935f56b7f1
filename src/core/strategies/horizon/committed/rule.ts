/** A rule of a committed run's policy: what it looks for at which moment, and what it does about it. */

import type { Conversation } from '../../../conversation/conversation.js';
import type { CommittedRun } from './committed-run.js';

export type Moment = 'divergence' | 'evaluation' | 'end';

export interface RuleOptions<Seen> {
  readonly name: string;
  readonly at: Moment;
  /** Whether the rule counts at this point of the run. */
  readonly when: (run: CommittedRun) => boolean;
  /** What the losses show; undefined: nothing. */
  readonly seen: (run: CommittedRun) => Seen | undefined;
  readonly done: (run: CommittedRun, seen: Seen) => Conversation<'nothing-survives' | undefined>;
}

/** The action of a rule that sees something; undefined where it does not. */
export interface Rule {
  readonly name: string;
  readonly actionFor: (
    run: CommittedRun,
    moment: Moment,
  ) => ReturnType<RuleOptions<never>['done']> | undefined;
}

export function rule<Seen>({ name, at, when, seen, done }: RuleOptions<Seen>): Rule {
  return {
    name,
    actionFor: (run, moment) => {
      if (moment !== at || !when(run)) return undefined;
      const evidence = seen(run);
      return evidence === undefined ? undefined : done(run, evidence);
    },
  };
}

/** Applies the first rule that sees something. */
export function* applyFirst(
  rules: readonly Rule[],
  run: CommittedRun,
  moment: Moment,
): Conversation<'nothing-survives' | undefined> {
  for (const { actionFor } of rules) {
    const action = actionFor(run, moment);
    if (action !== undefined) return yield* action;
  }
  return undefined;
}
