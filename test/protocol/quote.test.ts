import { describe, expect, it } from 'vitest';
import { quoteLine, quoteValue } from '../../src/protocol/quote.js';

describe('quoteLine', () => {
  it('leaves a line of 120 characters and shortens one of 121', () => {
    expect(quoteLine('x'.repeat(120))).toBe('x'.repeat(120));
    expect(quoteLine('x'.repeat(121))).toBe(`${'x'.repeat(117)}...`);
  });

  it('shows what a terminal would obey, and is no longer for it', () => {
    expect(quoteLine('a\nautolrs: \u001b[2J\u009b31m\u0000\u007f')).toBe(
      'a\\u000aautolrs: \\u001b[2J\\u009b31m\\u0000\\u007f',
    );
    expect(quoteLine('\u0007'.repeat(100))).toMatch(/^(?:\\u0007){19}\\u0\.\.\.$/);
  });

  it('cuts no character in half', () => {
    expect(quoteLine(`${'x'.repeat(116)}😀😀😀`)).toBe(`${'x'.repeat(116)}...`);
    expect(quoteLine(`${'x'.repeat(119)}😀`)).toBe(`${'x'.repeat(117)}...`);
  });
});

describe('quoteValue', () => {
  it('writes a value as JSON, numbers that overflow aside', () => {
    const value = { a: [1, null, true, 'x "y"', {}], b: {}, c: [] };
    expect(quoteValue(value)).toBe(JSON.stringify(value));
    expect(quoteValue(JSON.parse('[1e999]'))).toBe('[Infinity]');
    expect(quoteValue(undefined)).toBe('nothing');
    expect(quoteValue('text')).toBe('"text"');
  });

  it('looks no further than it quotes', () => {
    const bottom: unknown[] = [];
    let deep = bottom;
    for (let i = 0; i < 1_000_000; i++) deep = [deep];
    expect(quoteValue(deep)).toBe(`${'['.repeat(117)}...`);
    const wide = Array.from({ length: 1_000_000 }, () => 'x');
    expect(quoteValue(wide)).toBe(`${JSON.stringify(wide.slice(0, 50)).slice(0, 117)}...`);
    expect(quoteValue({ ['k'.repeat(1_000_000)]: 1 })).toBe(`{"${'k'.repeat(115)}...`);
  });
});
