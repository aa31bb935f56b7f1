/** The example of each framework under the real CLI: steered, killed and resumed. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, runCli, temporaryDirectory } from '../support/cli.js';
import { hasFramework, pythonOf } from '../support/python.js';

const EXAMPLES: Readonly<Record<string, { script: string; env?: Record<string, string> }>> = {
  lightning: { script: 'digits.py' },
  transformers: { script: 'parity.py' },
  keras: { script: 'digits.py', env: { KERAS_BACKEND: 'tensorflow' } },
  jax: { script: 'digits.py' },
  tensorflow: { script: 'digits.py' },
};
const FLAGS =
  '--steps 80 --tau 40 --tau-max 40 --candidates 3 --min-lr 1e-4 --max-lr 1e-1 --seed 1';

describe.each(Object.entries(EXAMPLES))('%s', { timeout: 600_000 }, (framework, example) => {
  it.skipIf(!hasFramework(framework))(
    'trains its example to the end, and after a SIGKILL goes on',
    async () => {
      const dir = join(temporaryDirectory(), 'run');
      const script = join(ROOT, 'examples', framework, example.script);
      const command = ['run', '--run-dir', dir, ...FLAGS.split(' '), '--checkpoint-steps', '10'];
      const env = { ...example.env, OMP_NUM_THREADS: '1', TF_CPP_MIN_LOG_LEVEL: '3' };
      let isKilled = false;
      const killed = await runCli([...command, '--', pythonOf(framework), script], {
        env,
        onStderr(text, kill) {
          if (isKilled || !text.includes('stage 1 probe 2')) return;
          isKilled = true;
          kill('SIGKILL');
        },
      });
      expect(killed.code, killed.stderr).toBeNull();

      const resumed = await runCli(['resume', dir, '--json'], { env });
      expect(resumed.code, resumed.stderr).toBe(0);
      const result = JSON.parse(resumed.stdout);
      expect(result.status).toBe('finished');
      expect(result.steps.committed).toBe(80);
      expect(resumed.stderr).toMatch(/validation: loss \d/);
      const validations: number[] = readFileSync(join(dir, 'journal.jsonl'), 'utf8')
        .split('\n')
        .filter((line) => line.includes('"kind":"validated"'))
        .map((line) => JSON.parse(line).reply.loss);
      expect(validations.length).toBeGreaterThanOrEqual(3);
      expect(validations.at(-1)).toBeLessThan(validations[0] ?? 0);
    },
  );
});
