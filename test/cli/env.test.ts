import { describe, expect, it } from 'vitest';
import { ROOT, runCli } from '../support/cli.js';

const STEERED = {
  AUTOLRS: '1',
  AUTOLRS_RUN_ID: 'r',
  AUTOLRS_RUN_DIR: '/runs/my run',
  AUTOLRS_TOKEN: 'secret',
  AUTOLRS_ADDRESS: 'tcp:10.0.0.1:4000',
  PYTHONPATH: '/lib',
};

describe('autolrs env', () => {
  it('prints what every rank needs, as words for a shell, and no secret', async () => {
    const { code, stdout } = await runCli(['env'], { env: STEERED });
    expect(code).toBe(0);
    expect(stdout).toContain("AUTOLRS=1 AUTOLRS_RUN_ID=r AUTOLRS_RUN_DIR='/runs/my run'");
    expect(stdout).toContain('PYTHONPATH=/lib');
    expect(stdout).not.toMatch(/TOKEN|ADDRESS|secret/);
  });

  it('prints what rank 0 needs besides, as JSON too', async () => {
    const { stdout } = await runCli(['env', '--rank0', '--json'], { env: STEERED });
    expect(JSON.parse(stdout)).toMatchObject(STEERED);
  });

  it('says where it is to be called, and by which transport rank 0 can be elsewhere', async () => {
    const env = { AUTOLRS: '', AUTOLRS_ADDRESS: '' };
    const outside = await runCli(['env'], { env });
    expect([outside.code, outside.stderr]).toEqual([
      2,
      expect.stringContaining('call `autolrs env` in what `autolrs run` starts'),
    ]);
    const stdio = await runCli(['env', '--rank0'], { env: { ...env, AUTOLRS: '1' } });
    expect([stdio.code, stdio.stderr]).toEqual([2, expect.stringContaining('--transport tcp')]);
  });

  it('is there in what autolrs run starts', async () => {
    const inner = `autolrs: $("${process.execPath}" "${ROOT}/bin/autolrs.js" env --rank0)`;
    const { stderr } = await runCli([
      'run',
      '--transport',
      'tcp',
      '--',
      'sh',
      '-c',
      `echo "${inner}"`,
    ]);
    expect(stderr).toMatch(/AUTOLRS=1 .*AUTOLRS_ADDRESS=tcp:127\.0\.0\.1:\d+ AUTOLRS_TOKEN=\w+/);
  });
});
