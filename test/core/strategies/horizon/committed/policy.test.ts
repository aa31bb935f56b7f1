/** The policy of a committed run against its table in docs/internals/algorithm.md. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { POLICY } from '../../../../../src/core/strategies/horizon/committed/policy.js';
import { ROOT } from '../../../../support/cli.js';

const PAGE = join(ROOT, 'docs', 'internals', 'algorithm.md');

/** The cells of the first table after the heading `### Policy`, without its head. */
function policyRows(): readonly (readonly string[])[] {
  const [, section = ''] = readFileSync(PAGE, 'utf8').split('### Policy\n');
  const lines = section.split('\n');
  const first = lines.findIndex((line) => line.startsWith('|'));
  const table = lines.slice(first, lines.indexOf('', first));
  return table.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('the policy of a committed run', () => {
  it('has the rules of the page, in its order and under its names', () => {
    expect(policyRows().map(([name]) => name)).toEqual(POLICY.map(({ name }) => name));
  });

  it('says on the page of each rule what is seen, when, and what is done', () => {
    for (const cells of policyRows()) {
      expect(cells).toHaveLength(4);
      for (const cell of cells) expect(cell).not.toBe('');
    }
  });
});
