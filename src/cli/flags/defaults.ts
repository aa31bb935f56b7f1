/** Defaults of the flags that set no option of the core. */

import type { TensorBoardScope } from '../../app/run-context.js';
import type { LogLevel } from '../../display/run/log-level.js';

/** Ten minutes: a first import of a framework and a data set from a cold network disk take that long. */
export const DEFAULT_START_TIMEOUT_SECONDS = 600;

export const DEFAULT_RESTARTS = 3;

export const DEFAULT_TENSORBOARD: TensorBoardScope = 'committed';

export const DEFAULT_LOG_LEVEL: LogLevel = 'warn';

/** The examination of `doctor`: a minute or two is aimed at; some scripts take long for their first step. */
export const DEFAULT_LIMIT_SECONDS = 300;
