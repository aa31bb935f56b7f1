/** `autolrs plan [-- COMMAND]`: what a run would do and take. Nothing is trained but by `--measure`, and nothing is kept. */

import { rmSync } from 'node:fs';
import { tellFailure } from '../../app/execute-run.js';
import { exitCodeOfError } from '../../app/exit-codes.js';
import { makeTemporary } from '../../app/files/make-temporary.js';
import { say, stdout } from '../../app/output.js';
import { loadStrategy } from '../../app/own-strategy/load-strategy.js';
import { askScript, type ScriptAnswer } from '../../app/plan/ask-script.js';
import { planFiles } from '../../app/plan/disk-checkpoints.js';
import { planDocument } from '../../app/plan/plan-document.js';
import { withReplay } from '../../app/replay/with-replay.js';
import type { TrainerFacts } from '../../core/conversation/command.js';
import { AutolrsError } from '../../core/errors.js';
import type { PlanOutline } from '../../core/plan/outline.js';
import { planRun } from '../../core/plan/plan-run.js';
import { NO_COSTS } from '../../core/plan/planning-trainer.js';
import { describePlan } from '../../display/plan/table.js';
import { describeUnattached } from '../../display/run/from-outside.js';
import { explainError } from '../explain-error.js';
import { listenForInterrupts } from '../signals.js';
import { checkTrainingPython } from '../training-python.js';
import { readVersion } from '../version.js';
import type { PlanSettings } from './read-plan.js';

/** What is assumed of a script that was not asked: all that an adapter can. A pattern is for one that does not validate. */
function assume({ validationPattern }: PlanSettings): TrainerFacts {
  const validate = validationPattern === undefined;
  return {
    name: 'the script',
    step: 0,
    lr: 1e-3,
    groups: [1],
    world: 1,
    can: { validate, disk: true, rewind: true, cancel: true, base: true, average: true },
    holds: [],
  };
}

/** @throws AutolrsError `USAGE` for what a run would refuse, and `INTERRUPTED`. */
export async function planCommand(asked: PlanSettings): Promise<number> {
  const settings = await withReplay(asked);
  const { tuner, hasCommand, measured, workers = 1, quiet, json } = settings;
  const own = tuner.own && (await loadStrategy(tuner.own));
  const note = quiet ? () => {} : say;
  let answer: ScriptAnswer | undefined;
  try {
    answer = hasCommand ? await ask(settings, note) : undefined;
  } catch (error) {
    return tellEnd(error, json);
  }
  const facts = answer?.facts ?? assume(settings);
  if (facts.attached === false) note(describeUnattached(facts));
  const costs = answer?.measured?.costs ?? NO_COSTS;
  const plan = planRun({ options: tuner, facts, costs, workers, own });
  const outline: PlanOutline = {
    options: tuner,
    validationPattern: settings.validationPattern,
    plan,
    script: answer?.facts,
    measured: answer?.measured,
    files: planFiles(plan, facts, tuner, {
      asked: settings.checkpointSteps,
      measured: answer?.measured,
    }),
  };
  if (measured === undefined) note(unmeasured(settings));
  const lines = json ? [JSON.stringify(planDocument(outline))] : describePlan(outline);
  stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

async function ask(settings: PlanSettings, note: (line: string) => void): Promise<ScriptAnswer> {
  const { command, quiet, scoutDir } = settings;
  const cwd = process.cwd();
  await checkTrainingPython(command, { quiet, cwd });
  const dir = makeTemporary('autolrs-plan-');
  try {
    note('starting the script, in a process that is thrown away; its output is kept aside');
    return await askScript({
      ...settings,
      dir,
      cwd: scoutDir ?? cwd,
      version: readVersion(),
      listenForInterrupts,
      pythonPath: process.env['PYTHONPATH'],
      say: note,
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A script that fails has its last lines shown: its output was kept aside. */
function tellEnd(error: unknown, json: boolean): number {
  const failure = explainError(error);
  if (!(failure instanceof AutolrsError) || failure.facts.stderrTail === undefined) throw error;
  tellFailure(failure, true);
  const { code, message } = failure;
  const exitCode = exitCodeOfError(code);
  if (json) stdout.write(`${JSON.stringify({ version: 1, error: { code, message, exitCode } })}\n`);
  return exitCode;
}

function unmeasured({ hasCommand, validationPattern }: PlanSettings): string {
  const can =
    validationPattern === undefined ? 'attaches, validates and saves' : 'attaches and saves';
  return hasCommand
    ? 'nothing was trained; --measure adds minutes and bytes'
    : `no script was asked: one is assumed that ${can}; for its own plan, with minutes and bytes: autolrs plan --measure -- python train.py`;
}
