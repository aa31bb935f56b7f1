/** The page of a run that goes on: folded from its journal as that grows. */

import { REPORT_VERSION, type ReportPage } from '../../core/report/report-page.js';
import { nameRuns } from '../compare/name-runs.js';
import { ReportFold, type SpellRun } from '../report/report-fold.js';
import { runningProcess } from '../report/running-process.js';
import { JournalTail } from './journal-tail.js';

export class LivePage {
  readonly #dir: string;
  readonly #spell: SpellRun;
  #tail: JournalTail;
  #fold: ReportFold;
  #process = '';
  #page: ReportPage | undefined;

  constructor(dir: string, spell: SpellRun) {
    this.#dir = dir;
    this.#spell = spell;
    this.#tail = new JournalTail(dir);
    this.#fold = this.#newFold();
  }

  /**
   * Reads what was written since.
   *
   * @returns Whether there is anything new.
   * @throws AutolrsError when there is no readable journal.
   */
  read(): boolean {
    if (this.#tail.isReplaced) {
      this.#tail = new JournalTail(this.#dir);
      this.#fold = this.#newFold();
    }
    let isNew = false;
    for (const record of this.#tail.read()) {
      this.#fold.add(record);
      isNew = true;
    }
    const holder = JSON.stringify(runningProcess(this.#dir) ?? null);
    if (holder !== this.#process) isNew = true;
    this.#process = holder;
    if (isNew) this.#page = undefined;
    return isNew;
  }

  get page(): ReportPage {
    this.#page ??= {
      version: REPORT_VERSION,
      runs: [this.#fold.page(runningProcess(this.#dir))],
    };
    return this.#page;
  }

  #newFold(): ReportFold {
    const [name = ''] = nameRuns([this.#dir]);
    return new ReportFold(this.#dir, name, this.#spell);
  }
}
