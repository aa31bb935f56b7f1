import { describe, expect, it } from 'vitest';
import { abilitiesOf, paint } from '../../../src/display/text/paint.js';

describe('abilitiesOf', () => {
  it('has no colour where NO_COLOR is set to anything', () => {
    expect(abilitiesOf({}).hasColour).toBe(true);
    expect(abilitiesOf({ NO_COLOR: '' }).hasColour).toBe(true);
    expect(abilitiesOf({ NO_COLOR: '1' }).hasColour).toBe(false);
  });

  it('has characters beyond ASCII where the locale has', () => {
    expect(abilitiesOf({ LANG: 'de_DE.UTF-8' }).isUnicode).toBe(true);
    expect(abilitiesOf({ LANG: 'C.utf8' }).isUnicode).toBe(true);
    expect(abilitiesOf({ LANG: 'C' }).isUnicode).toBe(false);
    expect(abilitiesOf({ LANG: 'C.UTF-8', LC_ALL: 'POSIX' }).isUnicode).toBe(false);
    expect(abilitiesOf({}).isUnicode).toBe(false);
  });
});

describe('paint', () => {
  const colourful = { hasColour: true, isUnicode: true };

  it('sets a colour and takes it back, and none for blanks', () => {
    expect(paint('a', 'red', colourful)).toBe('\u001b[31ma\u001b[39m');
    expect(paint('  ', 'red', colourful)).toBe('  ');
    expect(paint('a', 'red', { ...colourful, hasColour: false })).toBe('a');
  });
});
