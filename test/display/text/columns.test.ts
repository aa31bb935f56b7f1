import { describe, expect, it } from 'vitest';
import { fitColumns } from '../../../src/display/text/columns.js';

describe('fitColumns', () => {
  it('counts a wide character as two columns, and a combining mark as none', () => {
    expect(fitColumns('abcdef', 4)).toBe('abcd');
    expect(fitColumns('学習率学習', 5)).toBe('学習');
    expect(fitColumns('e\u0301e\u0301e\u0301', 2)).toBe('e\u0301e\u0301');
    expect(fitColumns('🚀🚀', 3)).toBe('🚀');
  });

  it('gives back what fits whole, and nothing for no columns', () => {
    expect(fitColumns('学習 loss', 9)).toBe('学習 loss');
    expect(fitColumns('abc', 0)).toBe('');
  });
});
