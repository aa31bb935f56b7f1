/**
 * For terminals: the plain lines of what is done, and below them two lines that are redrawn in place for what is going
 * on. The trainer's own output scrolls by above; a line that it has not finished (a progress bar) stands over ours.
 */

import { StringDecoder } from 'node:string_decoder';
import { escapeLines } from '../../core/escape-controls.js';
import { fitColumns } from '../text/columns.js';
import { formatCount, formatLoss, formatLr, formatSeconds, formatShare } from '../text/format.js';
import type { Sink } from '../text/sink.js';
import type { Display } from './display.js';
import type { LrLabel } from './lr-label.js';
import { narrate } from './narrate.js';
import { Progress, type ProgressSnapshot } from './progress.js';

/** Ten pictures a second look fluent and cost nothing. */
const REDRAW_MS = 100;
const BAR_CELLS = 10;
const ERASE_DOWN = '\x1b[0J';

/** Probes come by the dozen: they show in the live lines, the lines that stay are for what stays. */
const FLEETING: ReadonlySet<string> = new Set(['probe-ended', 'commit-started']);

export function createLiveDisplay(sink: Sink, word: LrLabel): Display {
  const progress = new Progress();
  const decoder = new StringDecoder('utf8');
  let partial = '';
  let drawnLines = 0;
  let isClosed = false;

  const erase = () => {
    if (drawnLines === 0) return '';
    const up = drawnLines > 1 ? `\x1b[${drawnLines - 1}A` : '';
    drawnLines = 0;
    return `\r${up}${ERASE_DOWN}`;
  };
  const draw = () => {
    if (isClosed) return '';
    const width = (sink.columns ?? 80) - 1;
    const shown = [
      ...(partial === '' ? [] : [visibleTail(partial)]),
      ...renderProgress(progress.snapshot(), word),
    ];
    drawnLines = shown.length;
    return shown.map((line) => fitColumns(line, width)).join('\n');
  };
  const redraw = () => {
    void sink.write(erase() + draw());
  };
  const say = (line: string) => {
    void sink.write(`${erase()}${escapeLines(line)}\n${draw()}`);
  };
  const timer = setInterval(redraw, REDRAW_MS);
  timer.unref();

  return {
    add(entry) {
      progress.add(entry);
      if (entry.kind !== 'decision' || FLEETING.has(entry.decision.kind)) return;
      const line = narrate(entry.decision, word);
      if (line !== undefined) say(line);
    },
    tell: (losses) => progress.tell(losses),
    passOn(chunk) {
      partial += typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk));
      const end = partial.lastIndexOf('\n') + 1;
      const whole = partial.slice(0, end);
      // A flood without newlines must not grow: only the tail of a line can be seen anyway.
      partial = partial.slice(end).slice(-4096);
      return whole === '' ? undefined : sink.write(erase() + whole + draw());
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

/** The two live lines. */
export function renderProgress(now: ProgressSnapshot, word: LrLabel): readonly string[] {
  if (now.activity === '') return ['waiting for the trainer'];
  const stage = now.stage === undefined ? [] : [`stage ${now.stage}`];
  const forecast = now.forecast === undefined ? [] : [`forecast ${formatLoss(now.forecast)}`];
  const lr = now.lr === undefined ? [] : [`${word} ${formatLr(now.lr)}`];
  const doing = [...stage, now.activity, ...lr, `loss ${formatLoss(now.loss)}`, ...forecast];
  const { committed, search } = now.ledger;
  const done = [
    now.share === undefined ? '' : `${renderBar(now.share)} ${Math.floor(now.share * 100)} %`,
    `${formatCount(committed)} committed`,
    `search ${formatShare(search, committed + search)}`,
    now.stepsPerSecond === undefined ? '' : `${formatCount(now.stepsPerSecond)} steps/s`,
    now.secondsLeft === undefined ? '' : `ETA ${formatSeconds(now.secondsLeft)}`,
  ];
  return [doing.join('  '), done.filter((part) => part !== '').join('  ')];
}

function renderBar(share: number): string {
  const full = Math.round(share * BAR_CELLS);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_CELLS - full)}]`;
}

/** What a carriage return leaves visible of an unfinished line. */
function visibleTail(line: string): string {
  return line.split('\r').findLast((part) => part !== '') ?? '';
}
