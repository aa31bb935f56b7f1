/** Warns once where a validation lacks the metric that the run goes by: what was not measured is no evaluation. */

import { escapeControls } from '../core/escape-controls.js';
import type { Metric } from '../core/metric.js';
import type { Entry } from '../core/record/entry.js';
import type { Observer } from './ports.js';

export class MetricMonitor implements Observer {
  readonly #metric: Metric;
  readonly #warn: (message: string) => void;
  /** Without it the first validation is refused, and no warning is due. */
  #wasThere: boolean;
  #isOfRun = false;
  #isDone = false;

  /** @param wasThere Whether an earlier process of the run has had it. */
  constructor(metric: Metric, warn: (message: string) => void, wasThere = false) {
    this.#metric = metric;
    this.#warn = warn;
    this.#wasThere = wasThere;
  }

  add(entry: Entry): void {
    if (this.#isDone) return;
    if (entry.kind === 'command') {
      const { command } = entry;
      this.#isOfRun = command.kind === 'validate' && command.purpose === 'commit';
    }
    if (entry.kind !== 'reply' || entry.reply.kind !== 'validated' || !this.#isOfRun) return;
    const { loss, metrics = {} } = entry.reply;
    const { name } = this.#metric;
    const isThere = Object.hasOwn(metrics, name);
    this.#wasThere ||= isThere;
    if (!this.#wasThere) return;
    // A loss that is not finite is another matter, and told as that.
    if (!Number.isFinite(loss) || Number.isFinite(metrics[name])) return;
    const what = isThere ? 'is not finite' : 'is not there';
    this.#warn(
      `${escapeControls(name)} ${what} in this validation, which therefore counts neither as better nor as worse; let validate return it each time`,
    );
    this.#isDone = true;
  }
}
