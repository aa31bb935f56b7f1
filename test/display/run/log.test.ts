import { describe, expect, it } from 'vitest';
import { createLog } from '../../../src/display/run/log.js';

describe('the log', () => {
  it('writes what is at its level or above as one readable line', async () => {
    const line = await new Promise<string>((resolve) => {
      const log = createLog('warn', resolve);
      log.write('info', 'not this');
      log.write('error', 'this', { step: 3, why: 'x' });
    });
    expect(line).toBe('error: this step=3 why="x"');
  });

  it('lets no message fake a line or move the cursor', async () => {
    const line = await new Promise<string>((resolve) => {
      createLog('info', resolve).write('info', 'x\nautolrs: done\u001b[2J', { why: '\u009b' });
    });
    expect(line).toBe('info: x\\u000aautolrs: done\\u001b[2J why="\\u009b"');
  });
});
