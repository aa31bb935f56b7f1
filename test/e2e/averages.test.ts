/** Averages of the weights under the whole command: what stays is the same after a kill, and the script is told. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli, temporaryDirectory } from '../support/cli.js';
import { hasPythonModules, PYTHON } from '../support/python.js';

const env = { AUTOLRS_STRATEGY: 'horizon', OMP_NUM_THREADS: '1' };

/**
 * A convex loss and noise in the labels of training, so that an average is better than the weights. The script strikes itself or the tuner, once, at the
 * update that STRIKE_AT names.
 */
const SCRIPT = `
import os, signal, torch, autolrs.torch
torch.manual_seed(0)
x = torch.randn(512, 8)
y = x @ torch.randn(8, 1)
y[:256] += 3 * torch.randn(256, 1)
model = torch.nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
def validate():
    with torch.no_grad():
        return (model(x[256:]) - y[256:]).square().mean()
tuner = autolrs.torch.attach(model, optimizer, validate=validate)
data = torch.utils.data.TensorDataset(x[:256], y[:256])
loader = torch.utils.data.DataLoader(data, batch_size=4, shuffle=True)
def strike():
    victim = os.environ.get("STRIKE_VICTIM")
    here = os.environ.get("AUTOLRS_PHASE") != "search" and tuner.step_count == 400
    if victim and here and not os.path.exists("struck"):
        open("struck", "w").close()
        os.kill(os.getpid() if victim == "script" else os.getppid(), signal.SIGKILL)
for batch, labels in tuner.cycle(loader, epochs=24):
    strike()
    loss = (model(batch) - labels).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    tuner.step(loss)
state = [each.tolist() for each in model.state_dict().values()]
import json
json.dump({"weights": tuner.weights, "state": state, "validation": validate().item()}, open("end.json", "w"))
`;

function folderWithScript(): string {
  const folder = join(temporaryDirectory(), 'work');
  mkdirSync(folder);
  writeFileSync(join(folder, 'train.py'), SCRIPT);
  return folder;
}

function run(folder: string, more: Readonly<Record<string, string>> = {}, flags: string[] = []) {
  const args = ['run', '--run-dir', 'run', ...flags, '--', PYTHON, 'train.py'];
  return runCli(args, { cwd: folder, env: { ...env, ...more } });
}

function endOf(folder: string) {
  const end = JSON.parse(readFileSync(join(folder, 'end.json'), 'utf8'));
  const result = JSON.parse(readFileSync(join(folder, 'run', 'result.json'), 'utf8'));
  return { end, weights: result.weights, validation: result.loss.validation };
}

describe.skipIf(!hasPythonModules('torch'))('averages of the weights', { timeout: 600_000 }, () => {
  it('may be what stays, told alike to the script and in the account, and the same after kill -9', async () => {
    const undisturbed = folderWithScript();
    const { code, stderr } = await run(undisturbed);
    expect(code, stderr).toBe(0);
    const { end, weights, validation } = endOf(undisturbed);
    expect(end.weights).toBe('averaged');
    expect(weights).toBe('averaged');
    expect(validation).toBeCloseTo(end.validation, 6);
    expect(stderr).toMatch(/average of the weights kept: loss [\d.]+ for [\d.]+/);
    for (const victim of ['script', 'tuner']) {
      const folder = folderWithScript();
      const struck = await run(folder, { STRIKE_VICTIM: victim });
      readFileSync(join(folder, 'struck'));
      if (victim === 'tuner') {
        expect(struck.code).toBeNull();
        const resumed = await runCli(['resume', 'run'], { cwd: folder, env });
        expect(resumed.code, resumed.stderr).toBe(0);
      } else expect(struck.code, struck.stderr).toBe(0);
      expect(endOf(folder)).toEqual(endOf(undisturbed));
    }
  });

  it('are not kept with --average off', async () => {
    const folder = folderWithScript();
    const { code, stderr } = await run(folder, {}, ['--average', 'off']);
    expect(code, stderr).toBe(0);
    const { end, weights } = endOf(folder);
    expect(end.weights).toBe('raw');
    expect(weights).toBeUndefined();
    expect(readFileSync(join(folder, 'run', 'journal.jsonl'), 'utf8')).not.toContain('"powers"');
  });
});
