/** Two small plots for a terminal: the losses of the committed path, and the probes of the last search over log LR. */

import type { Command, Reply } from '../../../core/conversation/command.js';
import type { Decision } from '../../../core/conversation/decision.js';
import type { Entry } from '../../../core/record/entry.js';
import { BinnedSeries } from '../../../core/report/binned-series.js';
import type { ProbePoint, ReportedRung } from '../../../core/report/run-report.js';
import { extentOf, interestOf, rangeOf, searchLrRange } from '../../report/ranges.js';
import { DotGrid } from '../../text/dots.js';
import { formatCount, formatLoss, formatLr } from '../../text/format.js';
import type { TerminalAbilities } from '../../text/paint.js';
import { type CellMark, framePlot, LABEL_COLUMNS, spread } from '../../text/small-plot.js';
import type { LrLabel } from '../lr-label.js';

/** Rows of a plot, without its axis. */
const ROWS = 6;

/** Fewer columns than these, or fewer rows of the terminal, are left to the script's output. */
const LEAST_COLUMNS = 60;
const LEAST_ROWS = 18;

const MOST_BINS = 256;

export class LivePlots {
  #training = new BinnedSeries(MOST_BINS);
  #validation = new BinnedSeries(MOST_BINS);
  #committed = 0;
  #asked: Command | undefined;
  /** Losses of the command in flight that are drawn already. */
  #told = 0;
  #probes: { readonly point: ProbePoint; readonly planned: number }[] = [];
  #stage: number | undefined;
  #planned = 0;
  #chosen: number | null = null;

  /** @param committed Committed steps after the entry. */
  add(entry: Entry, committed: number): void {
    if (entry.kind === 'command') {
      this.#asked = entry.command;
      this.#told = 0;
      if (entry.command.kind === 'train' && this.#planned === 0)
        this.#planned = entry.command.steps;
    } else if (entry.kind === 'decision') this.#decide(entry.decision);
    else if (entry.kind === 'reply' || entry.kind === 'slice') this.#hear(entry.reply, committed);
  }

  /** Losses that the trainer told of before it answers. */
  tell(losses: readonly number[]): void {
    if (!this.#isCommit) return;
    this.#told += losses.length;
    this.#commit(losses);
  }

  /** Lines of at most `columns` columns, colour not counted; none where there is no room, or nothing to draw. */
  render(
    { columns, rows = 0 }: { readonly columns: number; readonly rows?: number | undefined },
    word: LrLabel,
    abilities: TerminalAbilities,
  ): readonly string[] {
    if (columns < LEAST_COLUMNS || rows < LEAST_ROWS) return [];
    const losses = this.#renderLosses(Math.floor(columns * 0.58), abilities);
    const search = this.#renderSearch(columns - Math.floor(columns * 0.58) - 2, word, abilities);
    if (losses.length === 0) return search;
    if (search.length === 0) return losses;
    return losses.map((line, i) => `${line}  ${search[i] ?? ''}`);
  }

  get #isCommit(): boolean {
    return this.#asked?.kind === 'train' && this.#asked.purpose === 'commit';
  }

  #decide(decision: Decision): void {
    if (decision.kind === 'probe-started') this.#planned = 0;
    else if (decision.kind === 'probe-ended') {
      const { stage, lr, steps, outcome } = decision;
      if (stage !== this.#stage) {
        this.#probes = [];
        this.#chosen = null;
      }
      this.#stage = stage;
      const loss =
        outcome.kind === 'forecast' && Number.isFinite(outcome.loss) ? outcome.loss : null;
      this.#probes.push({ point: { lr, steps, loss, sd: 0 }, planned: this.#planned });
    } else if (decision.kind === 'factor-found') this.#chosen = decision.peak;
    else if (decision.kind === 'commit-started' && decision.stage === this.#stage) {
      this.#chosen ??= decision.lr;
    }
  }

  #hear(reply: Reply, committed: number): void {
    if (reply.kind === 'restored' || reply.kind === 'begun') {
      this.#committed = committed;
      this.#training.cutAfter(committed);
      this.#validation.cutAfter(committed);
    } else if (reply.kind === 'trained' && this.#isCommit) {
      this.#commit(reply.losses.slice(this.#told));
      this.#told = 0;
      const printed = reply.printed?.at(-1);
      if (printed !== undefined) this.#validation.add(Math.max(1, this.#committed), printed);
    } else if (reply.kind === 'validated' && this.#asked?.kind === 'validate') {
      if (this.#asked.purpose !== 'commit') return;
      this.#validation.add(Math.max(1, this.#committed), reply.loss);
    }
  }

  #commit(losses: readonly number[]): void {
    for (const loss of losses) this.#training.add(++this.#committed, loss);
  }

  #renderLosses(columns: number, abilities: TerminalAbilities): readonly string[] {
    const points = this.#training.bins.filter(({ mean }) => Number.isFinite(mean));
    const range = rangeOf(points.map(({ mean }) => mean));
    if (range === undefined || points.length < 2) return [];
    const width = columns - LABEL_COLUMNS - 1;
    const grid = new DotGrid(width, ROWS, abilities.isUnicode);
    const end = this.#committed;
    const scale = range.isLog ? Math.log : (value: number) => value;
    const span = scale(range.high) - scale(range.low);
    const place = (step: number, loss: number) =>
      [step / end, (scale(range.high) - scale(loss)) / span] as const;
    points.forEach(({ step, mean }, i) => {
      const before = points[i - 1];
      if (before !== undefined) grid.line(place(before.step, before.mean), place(step, mean));
    });
    const measured = this.#validation.bins.flatMap(({ step, mean }): readonly CellMark[] => {
      const [x, y] = place(step, mean);
      const isInside = x >= 0 && x <= 1 && y >= 0 && y <= 1;
      const at = { row: Math.round(y * (ROWS - 1)), column: Math.round(x * (width - 1)) };
      return isInside ? [{ ...at, text: 'o', colour: 'yellow' }] : [];
    });
    const marks = measured.filter(isApart);
    return framePlot(grid, marks, {
      top: formatLoss(range.high),
      bottom: formatLoss(range.low),
      axis: spread('0', ['committed steps'], formatCount(end), width),
      colour: 'blue',
      abilities,
    });
  }

  #renderSearch(columns: number, word: LrLabel, abilities: TerminalAbilities): readonly string[] {
    if (this.#probes.length === 0) return [];
    const width = columns - LABEL_COLUMNS - 1;
    const rungs = this.#rungs;
    const search = { rungs, chosen: this.#chosen };
    const { low, high } = searchLrRange(search);
    const { best, span } = interestOf(rungs);
    const column = (lr: number) =>
      Math.round((Math.log(lr / low) / Math.log(high / low)) * (width - 1));
    const marks = rungs.flatMap(({ probes }, i) =>
      probes.flatMap(({ lr, loss }): readonly CellMark[] => {
        const at = column(lr);
        if (loss === null) return [{ row: 0, column: at, text: 'x', colour: 'red' }];
        const depth = span > 0 ? (best + span - loss) / span : 0.5;
        const row = Math.round(Math.max(0, Math.min(1, depth)) * (ROWS - 1));
        const isLast = i === rungs.length - 1;
        const dot = abilities.isUnicode ? '●' : '@';
        return [{ row, column: at, text: isLast ? dot : 'o', colour: isLast ? 'blue' : 'grey' }];
      }),
    );
    const chosen = this.#chosen === null ? [] : lineAt(column(this.#chosen), abilities);
    const lrs = extentOf(rungs.flatMap(({ probes }) => probes.map(({ lr }) => lr)));
    const names = this.#chosen === null ? [word] : [`${word} ${formatLr(this.#chosen)}`, word];
    return framePlot(new DotGrid(width, ROWS, abilities.isUnicode), [...chosen, ...marks], {
      top: span > 0 ? formatLoss(best + span) : '',
      bottom: formatLoss(best),
      axis: spread(formatLr(lrs.low), names, formatLr(lrs.high), width),
      colour: 'blue',
      abilities,
    });
  }

  /** Shorter probes first. */
  get #rungs(): readonly ReportedRung[] {
    const lengths = [...new Set(this.#probes.map(({ planned }) => planned))].sort((a, b) => a - b);
    return lengths.map((length) => ({
      probes: this.#probes.filter(({ planned }) => planned === length).map(({ point }) => point),
    }));
  }
}

function lineAt(column: number, { isUnicode }: TerminalAbilities): readonly CellMark[] {
  const text = isUnicode ? '│' : '|';
  return Array.from({ length: ROWS }, (_, row) => ({ row, column, text, colour: 'green' }));
}

/** Columns from one validation loss to the next that is marked: the curve is to be seen between them. */
const APART_COLUMNS = 3;

/** The last one is; of those before it, those that have room. */
function isApart({ column }: CellMark, i: number, all: readonly CellMark[]): boolean {
  const last = all.at(-1)?.column ?? 0;
  if (i === all.length - 1) return true;
  const slot = (at: number) => Math.floor((last - at) / APART_COLUMNS);
  const next = all[i + 1];
  return slot(column) > 0 && next !== undefined && slot(next.column) !== slot(column);
}
