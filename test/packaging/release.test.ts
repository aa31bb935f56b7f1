/** `npm run release`: what is published, and notes by which it can be checked. */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, temporaryDirectory } from '../support/cli.js';
import { PYTHON } from '../support/python.js';

const isRequired = process.env['AUTOLRS_REQUIRE_FRAMEWORKS'] === '1';

describe('packaging/release.js', { timeout: 300_000 }, () => {
  it('makes both packages, their sums, and a note of commit and tools', ({ skip }) => {
    const out = join(temporaryDirectory(), 'out');
    const script = join(ROOT, 'packaging', 'release.js');
    const { status, stderr } = spawnSync(
      process.execPath,
      [script, '--out', out, '--allow-dirty'],
      { encoding: 'utf8', env: { ...process.env, AUTOLRS_PYTHON: PYTHON } },
    );
    if (status !== 0 && !isRequired) return skip(`the packages could not be made: ${stderr}`);
    expect(status, stderr).toBe(0);
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const files = readdirSync(out).toSorted();
    expect(files).toEqual([
      'SHA256SUMS',
      expect.stringMatching(new RegExp(`^autolrs-${version}-.*\\.whl$`)),
      `autolrs-${version}.tgz`,
      'provenance.json',
    ]);
    const provenance = JSON.parse(readFileSync(join(out, 'provenance.json'), 'utf8'));
    expect(provenance).toMatchObject({
      version: 1,
      release: version,
      commit: expect.stringMatching(/^[0-9a-f]{40}$/),
      clean: expect.any(Boolean),
      tools: { node: process.version, npm: expect.any(String), python: expect.any(String) },
    });
    const sums = readFileSync(join(out, 'SHA256SUMS'), 'utf8').trimEnd().split('\n');
    expect(sums).toHaveLength(2);
    for (const line of sums) {
      const [sha256, file = ''] = line.split('  ');
      const digest = createHash('sha256')
        .update(readFileSync(join(out, file)))
        .digest('hex');
      expect(digest).toBe(sha256);
      expect(provenance.files).toContainEqual({ file, sha256 });
    }
    // Where it was made is nobody's affair.
    expect(JSON.stringify(provenance)).not.toContain(ROOT);
  });

  it('leaves a folder alone that holds anything else', () => {
    const out = temporaryDirectory();
    writeFileSync(join(out, 'notes.txt'), 'mine');
    const args = [join(ROOT, 'packaging', 'release.js'), '--out', out, '--allow-dirty'];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect([status, stderr]).toEqual([2, expect.stringContaining('notes.txt')]);
    expect(readdirSync(out)).toEqual(['notes.txt']);
  });
});
