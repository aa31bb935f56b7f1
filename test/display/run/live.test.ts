import { describe, expect, it } from 'vitest';
import { FollowedRun } from '../../../src/display/run/live/followed-run.js';
import { createLiveDisplay, renderProgress } from '../../../src/display/run/live/live.js';
import { Progress } from '../../../src/display/run/progress.js';
import { playHorizon, playRun } from '../../support/played-runs.js';
import { createSink } from '../../support/text-sink.js';

const ESCAPE = String.fromCharCode(27);

describe('the live display', () => {
  it('redraws in place, cut to the terminal’s width, and leaves nothing behind but whole lines', () => {
    const sink = createSink();
    const display = createLiveDisplay(sink, 'LR');
    for (const entry of playRun().entries) display.add(entry);
    void display.passOn('trainer says\n');
    display.close();
    const drawn = sink.text.split(ESCAPE);
    expect(drawn.length).toBeGreaterThan(10);
    expect(sink.text.endsWith(`${ESCAPE}[0J`)).toBe(true);
    expect(sink.text).toContain('trainer says\n');
  });

  it('breaks what it says between words, short of the last column, and no path', () => {
    const sink = createSink({ columns: 80, rows: 24 });
    const display = createLiveDisplay(sink, 'LR');
    const sentence =
      'step 997: no improvement for 4 evaluations; back to step 690, LR 0.125 to 0.0983, falling to 0';
    const full = 'f'.repeat(80);
    const path = `/${'long/'.repeat(20)}run`;
    for (const line of [sentence, full.slice(1), full, `run r1 in ${path}`]) display.say(line);
    const said = sink.text
      .split('\n')
      .filter((line) => line.endsWith(`${ESCAPE}[K`))
      .map((line) =>
        line.slice(0, -`${ESCAPE}[K`.length).replace(`${ESCAPE}[?2026h`, '').replace(/^.*\r/, ''),
      );
    expect(said).toEqual([
      'step 997: no improvement for 4 evaluations; back to step 690, LR 0.125 to',
      '  0.0983, falling to 0',
      full.slice(1),
      full,
      'run r1 in',
      `  ${path}`,
    ]);
    display.close();
  });

  it('takes a terminal of unknown size for one of 80 columns', () => {
    const sink = createSink({ columns: 0, rows: 0 });
    const display = createLiveDisplay(sink, 'LR');
    display.say('one sentence of several words');
    display.close();
    expect(sink.text).toContain('one sentence of several words');
  });

  it('shows the past of a run that is resumed, and that its script is being started', () => {
    const { entries } = playHorizon();
    const half = entries.slice(0, Math.ceil(entries.length * 0.8));
    const undisturbed = createSink({ columns: 80, rows: 24 });
    const display = createLiveDisplay(undisturbed, 'LR');
    for (const entry of half) display.add(entry);
    const past = new FollowedRun();
    for (const entry of half) past.add(entry);
    const resumed = createSink({ columns: 80, rows: 24 });
    const other = createLiveDisplay(resumed, 'LR', undefined, past);
    for (const each of [display, other]) each.say('LAST');
    const lastPicture = (text: string) => text.split('LAST').at(-1);
    expect(lastPicture(resumed.text)).toContain('committed steps');
    expect(lastPicture(resumed.text)).toBe(lastPicture(undisturbed.text));
    other.add({ kind: 'started', process: { host: 'h', pid: 1 } });
    other.say('LAST');
    expect(lastPicture(resumed.text)).toContain('  starting the script  ');
    for (const each of [display, other]) each.close();
  });

  it('writes each picture over the one before, in one piece, with nothing blank in between', () => {
    const chunks: string[] = [];
    const sink = {
      columns: 80,
      rows: 24,
      write(chunk: string | Uint8Array) {
        chunks.push(String(chunk));
      },
    };
    const display = createLiveDisplay(sink, 'LR', { isUnicode: true, hasColour: true });
    for (const entry of playRun().entries) display.add(entry);
    display.say('a word\nand another');
    expect(chunks.length).toBeGreaterThan(50);
    const pictures = chunks.slice(1);
    for (const chunk of pictures) {
      expect(chunk.startsWith(`${ESCAPE}[?2026h\r`)).toBe(true);
      expect(chunk.endsWith(`${ESCAPE}[0J${ESCAPE}[?2026l`)).toBe(true);
      // What is below the cursor is erased at the end alone.
      expect(chunk.split(`${ESCAPE}[0J`)).toHaveLength(2);
    }
    const last = chunks.at(-1) ?? '';
    expect(last).toContain(`a word${ESCAPE}[K\nand another${ESCAPE}[K\n`);
    // Two plots with their axis, and two lines.
    expect(last.split(`${ESCAPE}[K`)).toHaveLength(2 + 7 + 2 + 1);
    display.close();
    expect(chunks.at(-1)).toBe(`\r${ESCAPE}[8A${ESCAPE}[0J`);
  });

  it('shows stage, probe, LR, loss, forecast, shares, speed and time left', () => {
    const progress = new Progress();
    const { entries } = playRun();
    const third = entries.findIndex(
      (e) =>
        e.kind === 'decision' &&
        e.decision.kind === 'probe-started' &&
        e.decision.stage === 2 &&
        e.decision.probe === 2,
    );
    for (const entry of entries.slice(0, third + 2)) progress.add(entry);
    const [doing = '', done = ''] = renderProgress(progress.snapshot(), 'LR');
    expect(doing).toMatch(/^stage 2 {2}probe 3 of 10 {2}LR \S+ {2}loss \S+ {2}forecast \S+$/);
    expect(done).toMatch(
      /^\[#*\.+\] \d+ % {2}[\d,]+ committed {2}search \d+ % {2}[\d,]+ steps\/s {2}ETA .+$/,
    );
    expect(Math.max(doing.length, done.length)).toBeLessThan(80);
    const [, whole] = renderProgress(progress.snapshot(), 'LR', done.length);
    expect(whole).toBe(done);
    const [, short] = renderProgress(progress.snapshot(), 'LR', done.length - 1);
    expect(short).toBe(done.replace(/ {2}[\d,]+ steps\/s/, ''));
  });

  it('counts losses told by progress once, not again with the reply', () => {
    const progress = new Progress();
    progress.add({
      kind: 'command',
      command: { kind: 'train', purpose: 'commit', steps: 3, lr: 0.1 },
    });
    progress.tell([1, 2]);
    expect(progress.snapshot().ledger).toEqual({ committed: 2, search: 0 });
    const reply = {
      kind: 'trained',
      steps: 3,
      losses: [1, 2, 3],
      lr: 0.1,
      step: 3,
      seconds: 1,
    } as const;
    progress.add({ kind: 'reply', reply });
    expect(progress.snapshot().ledger).toEqual({ committed: 3, search: 0 });
  });
});
