/** What the command line provides to a run: display, signals, wording of errors, Python's path. */

import type { RunContext, RunSettings } from '../../app/run-context.js';
import { lrLabel } from '../../display/run/lr-label.js';
import { createDisplay } from '../create-display.js';
import { explainError } from '../explain-error.js';
import { listenForInterrupts } from '../signals.js';

export function createFrontend({
  quiet,
  tuner,
}: RunSettings): Pick<
  RunContext,
  'display' | 'listenForInterrupts' | 'explainError' | 'pythonPath'
> {
  return {
    display: createDisplay(quiet, lrLabel(tuner)),
    listenForInterrupts,
    explainError,
    pythonPath: process.env['PYTHONPATH'],
  };
}
