/** Reports of runs in memory. */

import type { Metric } from '../../src/core/metric.js';
import type { Entry } from '../../src/core/record/entry.js';
import { ResultBuilder } from '../../src/core/record/result-builder.js';
import { ReportBuilder } from '../../src/core/report/report-builder.js';
import {
  type PageRun,
  REPORT_VERSION,
  type ReportPage,
} from '../../src/core/report/report-page.js';
import type { RunReport } from '../../src/core/report/run-report.js';

/** Entries, as they come, folded into a report. */
export class FoldedReport {
  readonly #result: ResultBuilder;
  readonly #report: ReportBuilder;

  constructor(strategy = 'paper', isFactor = false, metric?: Metric) {
    this.#result = new ResultBuilder({ id: 'r1', dir: '/runs/r1', strategy, seed: 0, metric });
    this.#result.begin(0);
    this.#report = new ReportBuilder({ strategy, isFactor, metric });
  }

  add(...entries: readonly Entry[]): this {
    for (const entry of entries) {
      this.#result.add(entry);
      this.#report.add(entry, this.#result.ledger);
    }
    return this;
  }

  build(): RunReport {
    return this.#report.build(this.#result.build('finished', 60));
  }
}

export function reportOf(entries: readonly Entry[], strategy?: string): RunReport {
  return new FoldedReport(strategy).add(...entries).build();
}

export function pageRunOf(report: RunReport, origin: Partial<PageRun['origin']> = {}): PageRun {
  return {
    report,
    origin: {
      name: 'r1',
      script: 'train.py',
      startedAt: Date.UTC(2026, 0, 2, 3, 4),
      version: '0.1.0',
      command: 'python train.py',
      cwd: '/home/me',
      reproduce: 'autolrs run --seed 0 -- python train.py',
      ...origin,
    },
  };
}

export function pageOf(...runs: readonly PageRun[]): ReportPage {
  return { version: REPORT_VERSION, runs };
}
