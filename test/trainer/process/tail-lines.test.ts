import { describe, expect, it } from 'vitest';
import { TailLines } from '../../../src/trainer/process/tail-lines.js';

function tailOf(...chunks: readonly (string | Uint8Array)[]): readonly string[] {
  const tail = new TailLines();
  for (const chunk of chunks) tail.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return tail.lines;
}

describe('StderrTail', () => {
  it('keeps the last twenty lines that hold anything, oldest first', () => {
    const text = Array.from({ length: 30 }, (_, i) => `line ${i}\n\n`).join('');
    const lines = tailOf(text);
    expect(lines.length).toBe(20);
    expect([lines[0], lines.at(-1)]).toEqual(['line 10', 'line 29']);
  });

  it('puts together a character that comes in two chunks', () => {
    const bytes = Buffer.from('épée 损失\n');
    expect(tailOf(...[...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(['épée 损失']);
  });

  it('shows the last state of a progress bar, as a terminal does', () => {
    expect(tailOf('\r 10 %', '\r 20 %', '\nValueError: x\r\n')).toEqual([' 20 %', 'ValueError: x']);
  });

  it('holds at most 8 KiB of a flood without newlines', () => {
    const lines = tailOf(...Array.from({ length: 100 }, () => 'x'.repeat(10_000)));
    expect(lines.join('').length).toBe(8192);
  });

  it('leaves colours out and shows what else a terminal would obey', () => {
    expect(tailOf('\u001b[1;31mValueError\u001b[0m: \tx \u001b]0;title\u0007\n')).toEqual([
      'ValueError: \tx \\u001b]0;title\\u0007',
    ]);
  });

  it('is empty when nothing was written', () => {
    expect(tailOf()).toEqual([]);
  });
});
