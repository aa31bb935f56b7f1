import { describe, expect, it } from 'vitest';
import { isLauncher } from '../../src/core/launcher.js';

const LAUNCHERS = [
  'torchrun --standalone --nproc-per-node 2 train.py',
  '/opt/env/bin/torchrun train.py',
  'mpirun -np 2 python train.py',
  'mpiexec.hydra -n 2 python train.py',
  'srun --ntasks 2 python train.py',
  'deepspeed --num_gpus 2 train.py',
  'horovodrun -np 2 python train.py',
  'accelerate launch --multi_gpu train.py',
  'accelerate-launch --multi_gpu train.py',
  'composer -n 2 train.py',
  'colossalai run --nproc_per_node 2 train.py',
  'ray job submit -- python train.py',
  'python -m torch.distributed.run train.py',
  'python -mtorch.distributed.launch train.py',
  'python -u -m accelerate.commands.launch train.py',
  'python -m deepspeed.launcher.launch train.py',
  'python -m deepspeed.launcher.runner train.py',
];

const OTHERS = [
  'python train.py',
  'python train.py torchrun',
  'python train.py -m torch.distributed.run',
  'python -m train',
  'python -m my.training',
  './arrays.sh ray',
  'my-accelerate train.py',
];

describe('isLauncher', () => {
  for (const command of LAUNCHERS) {
    it(`knows: ${command}`, () => expect(isLauncher(command.split(' '))).toBe(true));
  }
  for (const command of OTHERS) {
    it(`takes for a script: ${command}`, () => expect(isLauncher(command.split(' '))).toBe(false));
  }
});
