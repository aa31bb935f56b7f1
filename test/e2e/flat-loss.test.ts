/** Real PyTorch scripts that report a loss which owes nothing to the LR. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli, temporaryDirectory } from '../support/cli.js';
import { hasPythonModules, PYTHON } from '../support/python.js';

/** @param reported The expression of what is reported in place of `loss`. */
const scriptOf = (reported: string) => `
import torch
import autolrs.torch

torch.manual_seed(0)
x, y = torch.randn(256, 8), torch.randn(256, 1)
model, frozen = torch.nn.Linear(8, 1), torch.nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
mse = torch.nn.functional.mse_loss
tuner = autolrs.torch.attach(model, optimizer)
data = torch.utils.data.TensorDataset(x, y)
for a, b in tuner.cycle(torch.utils.data.DataLoader(data, batch_size=16, shuffle=True), epochs=60):
    loss = mse(model(a), b)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    tuner.step(${reported})
print("trained to its end")
`;

async function run(reported: string) {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, 'train.py'), scriptOf(reported));
  const args = ['run', '--run-dir', 'run', '--', PYTHON, 'train.py'];
  const env = { AUTOLRS_STRATEGY: 'horizon' };
  return { ...(await runCli(args, { cwd, env })), cwd, env };
}

describe.skipIf(!hasPythonModules('torch'))(
  'autolrs run on a script whose loss tells nothing',
  { timeout: 120_000 },
  () => {
    it.each([
      ['torch.tensor(0.0)', 'was 0 at each of 31 steps'],
      ['mse(frozen(a), b)', 'was the same at every LR, '],
    ])('ends in the search where it reports %s, with one sentence', async (reported, sentence) => {
      const { code, stderr, cwd, env } = await run(reported);
      expect(code, stderr).toBe(3);
      const last = stderr.trim().split('\n').at(-1);
      expect(last).toContain(`autolrs: flat loss: the training loss ${sentence}`);
      expect(stderr).not.toContain('finished');
      expect(stderr).not.toContain('trained to its end');
      expect(stderr).not.toContain('Traceback');
      const again = await runCli(['resume', 'run'], { cwd, env });
      expect(again.stderr).toContain(`the run is over (flat loss: the training loss ${sentence}`);
      const shown = await runCli(['show', 'run'], { cwd, env });
      expect(shown.stdout).toContain('flat loss');
    });
  },
);
