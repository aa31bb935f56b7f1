/**
 * For terminals: the plain lines of what is done, and below them what is going on, redrawn in place: two small plots where
 * there is room, and two lines. The trainer's own output scrolls by above; a line that it has not finished (a progress bar)
 * stands over ours.
 *
 * Nothing is blank in between: a picture is written over the one before, each line to its end, in one piece.
 */

import { StringDecoder } from 'node:string_decoder';
import { escapeLines } from '../../../core/escape-controls.js';
import { columnsOf, fitColumns } from '../../text/columns.js';
import {
  formatCount,
  formatLoss,
  formatLr,
  formatSeconds,
  formatShare,
} from '../../text/format.js';
import type { TerminalAbilities } from '../../text/paint.js';
import type { Sink } from '../../text/sink.js';
import { wrapWords } from '../../text/wrap.js';
import type { Display } from '../display.js';
import { type LrLabel, labelAfter } from '../lr-label.js';
import { narrateEntry } from '../narrate.js';
import type { ProgressSnapshot } from '../progress.js';
import { FollowedRun } from './followed-run.js';

/** Ten pictures a second look fluent and cost nothing. */
const REDRAW_MS = 100;
const BAR_CELLS = 10;
const CONTINUATION = '  ';
/** A line narrower than this is no help to a reader. */
const LEAST_COLUMNS = 20;
const ERASE_DOWN = '\x1b[0J';
const ERASE_LINE = '\x1b[K';

/** Around what belongs together: terminals that know it show all of it at once. */
const [HOLD, SHOW] = ['\x1b[?2026h', '\x1b[?2026l'];

/** A terminal of which nothing is known. */
const PLAIN: TerminalAbilities = { isUnicode: false, hasColour: false };

/** Probes come by the dozen: they show in the live lines, the lines that stay are for what stays. */
const FLEETING: ReadonlySet<string> = new Set(['probe-ended', 'commit-started']);

/** @param run - What was there before, of a run that is resumed. */
export function createLiveDisplay(
  sink: Sink,
  firstLabel: LrLabel,
  abilities: TerminalAbilities = PLAIN,
  run = new FollowedRun(),
): Display {
  let label = firstLabel;
  const decoder = new StringDecoder('utf8');
  let partial = '';
  let drawn: readonly string[] = [];
  let isClosed = false;

  /** To the first character of the picture. */
  const home = () => (drawn.length > 1 ? `\r\x1b[${drawn.length - 1}A` : '\r');
  const erase = () => {
    if (drawn.length === 0) return '';
    const text = home() + ERASE_DOWN;
    drawn = [];
    return text;
  };
  /** Not to the last column: a terminal that waits there erases what it holds. One of unknown size says 0. */
  const columnsNow = () => Math.max(LEAST_COLUMNS, sink.columns || 80) - 1;
  const picture = (): readonly string[] => {
    if (isClosed) return [];
    const columns = columnsNow();
    const rest = partial === '' ? [] : [visibleTail(partial)];
    return [
      ...rest.map((line) => fitColumns(line, columns)),
      ...run.plots.render({ columns, rows: sink.rows }, label, abilities),
      ...renderProgress(run.progress.snapshot(), label, columns).map((line) =>
        fitColumns(line, columns),
      ),
    ];
  };
  /** The picture in the place of the one before. */
  const draw = () => {
    const start = drawn.length === 0 ? '' : home();
    drawn = picture();
    return `${start}${drawn.map((line) => line + ERASE_LINE).join('\n')}${ERASE_DOWN}`;
  };
  const redraw = () => {
    const now = picture();
    if (now.length === drawn.length && now.every((line, i) => line === drawn[i])) return;
    void sink.write(HOLD + draw() + SHOW);
  };
  const say = (line: string) => {
    const columns = columnsNow();
    const lines = escapeLines(line)
      .split('\n')
      .flatMap((each) => wrapWords(each, columns, CONTINUATION));
    const start = drawn.length === 0 ? '' : home();
    drawn = [];
    const above = lines.map((each) => `${each}${ERASE_LINE}\n`).join('');
    void sink.write(HOLD + start + above + draw() + SHOW);
  };
  const timer = setInterval(redraw, REDRAW_MS);
  timer.unref();

  return {
    add(entry) {
      run.add(entry);
      const word = label;
      label = labelAfter(entry, label);
      if (entry.kind === 'decision' && FLEETING.has(entry.decision.kind)) return;
      const line = narrateEntry(entry, word);
      if (line !== undefined) say(line);
    },
    tell(losses) {
      run.tell(losses);
    },
    passOn(chunk) {
      partial += typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk));
      const end = partial.lastIndexOf('\n') + 1;
      const whole = partial.slice(0, end);
      // A flood without newlines must not grow: only the tail of a line can be seen anyway.
      partial = partial.slice(end).slice(-4096);
      return whole === '' ? undefined : sink.write(HOLD + erase() + whole + draw() + SHOW);
    },
    say,
    close() {
      if (isClosed) return;
      clearInterval(timer);
      isClosed = true;
      void sink.write(erase() + (partial === '' ? '' : `${partial}\n`));
    },
  };
}

/** The two live lines. Where there is no room for all, the speed is left out. */
export function renderProgress(
  now: ProgressSnapshot,
  word: LrLabel,
  columns = Number.POSITIVE_INFINITY,
): readonly string[] {
  if (now.activity === '') return ['waiting for the trainer'];
  const stage = now.stage === undefined ? [] : [`stage ${now.stage}`];
  const forecast = now.forecast === undefined ? [] : [`forecast ${formatLoss(now.forecast)}`];
  const lr = now.lr === undefined ? [] : [`${word} ${formatLr(now.lr)}`];
  const doing = [...stage, now.activity, ...lr, `loss ${formatLoss(now.loss)}`, ...forecast];
  const { committed, search } = now.ledger;
  const speed =
    now.stepsPerSecond === undefined ? '' : `${formatCount(now.stepsPerSecond)} steps/s`;
  const doneAt = (shown: string) => [
    now.share === undefined ? '' : `${renderBar(now.share)} ${Math.floor(now.share * 100)} %`,
    `${formatCount(committed)} committed`,
    `search ${formatShare(search, committed + search)}`,
    shown,
    now.secondsLeft === undefined ? '' : `ETA ${formatSeconds(now.secondsLeft)}`,
  ];
  const line = (parts: readonly string[]) => parts.filter((part) => part !== '').join('  ');
  const whole = line(doneAt(speed));
  return [line(doing), columnsOf(whole) <= columns ? whole : line(doneAt(''))];
}

function renderBar(share: number): string {
  const full = Math.round(share * BAR_CELLS);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_CELLS - full)}]`;
}

/** What a carriage return leaves visible of an unfinished line. */
function visibleTail(line: string): string {
  return line.split('\r').findLast((part) => part !== '') ?? '';
}
