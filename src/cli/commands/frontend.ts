/** What the command line provides to a run: display, signals, wording of errors, Python's path. */

import type { ParentPort } from '../../app/inside/parent-port.js';
import type { RunContext, RunSettings } from '../../app/run-context.js';
import type { LiveServer } from '../../app/web/live-server.js';
import { createStepsDisplay } from '../../display/inside/steps-display.js';
import type { FollowedRun } from '../../display/run/live/followed-run.js';
import { firstLabel } from '../../display/run/lr-label.js';
import { createDisplay } from '../create-display.js';
import { readDevices } from '../devices.js';
import { explainError } from '../explain-error.js';
import { listenForInterrupts } from '../signals.js';

export function createFrontend(
  { quiet, tuner, web }: RunSettings,
  parent?: ParentPort,
  label = firstLabel(tuner),
  past?: FollowedRun,
): Pick<
  RunContext,
  | 'display'
  | 'listenForInterrupts'
  | 'explainError'
  | 'pythonPath'
  | 'parent'
  | 'devices'
  | 'openWeb'
> {
  const display = createDisplay(quiet, label, past);
  return {
    parent,
    display: parent === undefined ? display : createStepsDisplay(display, parent.tell),
    listenForInterrupts,
    explainError,
    pythonPath: process.env['PYTHONPATH'],
    devices: readDevices(),
    ...(web && { openWeb }),
  };
}

async function openWeb(dir: string): Promise<LiveServer> {
  const { openLiveServer } = await import('../../app/web/live-server.js');
  const { spellRun } = await import('../flags/spell-run.js');
  // The run itself meets whatever befalls its journal, and says so.
  return openLiveServer({ dir, spell: spellRun, isOwn: true, onLost: () => {} });
}
