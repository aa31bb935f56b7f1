import { describe, expect, it } from 'vitest';
import { escapeControls } from '../../src/core/escape-controls.js';

describe('visible', () => {
  it('leaves words in any script, emoji and tabs as they are', () => {
    const text = 'loss\t0.3 épée 损失 😀 “x”';
    expect(escapeControls(text)).toBe(text);
  });

  it('shows controls, breaks of lines, reversals and halves of characters', () => {
    const hidden = ['\u0000', '\u000a', '\u000d', '\u001b', '\u007f', '\u0085', '\u009b'];
    for (const character of [...hidden, '\u2028', '\u2029', '\u202e', '\u2066', '\ud800']) {
      const code = character.charCodeAt(0).toString(16).padStart(4, '0');
      expect(escapeControls(`a${character}b`)).toBe(`a\\u${code}b`);
    }
  });
});
