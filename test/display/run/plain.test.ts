import { describe, expect, it } from 'vitest';
import { createPlainDisplay } from '../../../src/display/run/plain.js';
import { playRun } from '../../support/played-runs.js';
import { createSink } from '../../support/text-sink.js';

const ESCAPE = String.fromCharCode(27);

describe('the plain display', () => {
  it('says one line an event, free of escapes, of at most 80 columns', () => {
    const sink = createSink();
    const display = createPlainDisplay(sink, 'LR');
    for (const entry of playRun(0.4).entries) display.add(entry);
    expect(sink.text).not.toContain(ESCAPE);
    const lines = sink.text.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) {
      expect(line).toMatch(/^autolrs: /);
      expect(line.length, line).toBeLessThanOrEqual(80);
    }
  });

  it('passes the trainer’s bytes on unchanged and never begins its own line inside one', () => {
    const sink = createSink();
    const display = createPlainDisplay(sink, 'LR');
    void display.passOn('half a line');
    display.say('hello');
    void display.passOn('whole\n');
    display.say('again');
    expect(sink.text).toBe('half a line\nautolrs: hello\nwhole\nautolrs: again\n');
  });
});
