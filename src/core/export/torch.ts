/** Schedules for PyTorch, and for what is built on it. */

import type { ExportedSchedule } from './exported.js';
import { headOf, lrFunction } from './python.js';

const MAKE_SCHEDULER = `def make_scheduler(optimizer):
    """Sets the LR from the first step on. Ratios between parameter groups are kept."""
    first = optimizer.param_groups[0]
    base = float(first.get("initial_lr", first["lr"]))
    if not base > 0:
        raise ValueError(f"the optimizer's LR is {base}; give it any LR above 0")
    return LambdaLR(optimizer, lambda step: lr_at(step) / base)
`;

function fileOf(
  exported: ExportedSchedule,
  { what, usage, imports = [], more = '' }: TorchFile,
): string {
  const { imports: own, code } = lrFunction(exported);
  const libraries = ['from torch.optim.lr_scheduler import LambdaLR', ...imports].join('\n');
  return [
    headOf(exported, what, usage),
    `${own}\n\n${libraries}`,
    `${code}\n\n${MAKE_SCHEDULER}${more}`,
  ].join('\n\n');
}

interface TorchFile {
  readonly what: string;
  readonly usage: readonly string[];
  readonly imports?: readonly string[];
  readonly more?: string;
}

export function torchCode(exported: ExportedSchedule): string {
  return fileOf(exported, {
    what: 'a PyTorch scheduler',
    usage: ['scheduler = make_scheduler(optimizer)', '...', 'optimizer.step()', 'scheduler.step()'],
  });
}

export function lightningCode(exported: ExportedSchedule): string {
  return fileOf(exported, {
    what: 'a Lightning scheduler',
    usage: [
      'def configure_optimizers(self):',
      '    return with_schedule(torch.optim.SGD(self.parameters(), lr=0.1))',
    ],
    more: `

def with_schedule(optimizer):
    """What configure_optimizers returns."""
    scheduler = {"scheduler": make_scheduler(optimizer), "interval": "step", "frequency": 1}
    return {"optimizer": optimizer, "lr_scheduler": scheduler}
`,
  });
}

export function transformersCode(exported: ExportedSchedule): string {
  return fileOf(exported, {
    what: 'a scheduler of Hugging Face transformers',
    usage: [
      'trainer = ScheduledTrainer(model=model, args=args, train_dataset=data)',
      '# or: Trainer(..., optimizers=(optimizer, make_scheduler(optimizer)))',
    ],
    imports: ['from transformers import Trainer'],
    more: `

class ScheduledTrainer(Trainer):
    """A Trainer with this schedule, whatever its arguments say of one."""

    def create_scheduler(self, num_training_steps, optimizer=None):
        if self.lr_scheduler is None:
            self.lr_scheduler = make_scheduler(self.optimizer if optimizer is None else optimizer)
        return self.lr_scheduler
`,
  });
}
