import { describe, expect, it } from 'vitest';
import { sharedPortOf } from '../../src/core/shared-port.js';

describe('sharedPortOf', () => {
  it.each([
    ['torchrun --master-port 29500 train.py', '--master-port 29500'],
    ['torchrun --nnodes 2 --rdzv_endpoint=node0:29500 train.py', '--rdzv_endpoint=node0:29500'],
    ['torchrun --rdzv-endpoint node0 train.py', '--rdzv-endpoint node0'],
    ['torchrun --master-port 29500 -m train', '--master-port 29500'],
    ['torchrun --master-port 0 --master-port 29500 train.py', '--master-port 29500'],
    ['srun --ntasks=1 torchrun --master-port 29500 train.py', '--master-port 29500'],
    ['accelerate launch --main_process_port 29501 train.py', '--main_process_port 29501'],
    ['deepspeed --master_port=29502 train.py', '--master_port=29502'],
    ['deepspeed --master_port 0 train.py', '--master_port 0'],
    ['composer -n 2 --master_port 29503 train.py', '--master_port 29503'],
    ['colossalai run --master_port 29504 train.py', '--master_port 29504'],
    ['mpirun -np 2 -x MASTER_PORT=29505 python train.py', 'MASTER_PORT=29505'],
    ['mpiexec -genv MASTER_PORT 29506 python train.py', 'MASTER_PORT 29506'],
    ['srun --export=ALL,MASTER_PORT=29507 python train.py', '--export=ALL,MASTER_PORT=29507'],
  ])('of "%s" is given by %s', (command, words) => {
    expect(sharedPortOf(command.split(' '))).toMatchObject({ words, isDefault: false });
  });

  it.each([
    ['torchrun --nproc-per-node 2 train.py', 'give --standalone as well'],
    ['torchrun --rdzv-backend c10d train.py', 'give --standalone as well'],
    ['python -m torch.distributed.run train.py', 'give --standalone as well'],
    ['python -m torch.distributed.launch train.py', 'give --standalone as well'],
    ['accelerate launch --multi_gpu train.py', 'give --main_process_port 0 as well'],
    ['accelerate launch --num-processes=4 train.py', 'give --main_process_port 0 as well'],
    ['accelerate-launch --use_fsdp train.py', 'give --main_process_port 0 as well'],
    [
      'python -m accelerate.commands.launch --multi-gpu train.py',
      'give --main_process_port 0 as well',
    ],
    ['deepspeed train.py', 'start the script by torchrun --standalone instead'],
    [
      'python -m deepspeed.launcher.runner train.py',
      'start the script by torchrun --standalone instead',
    ],
    ['colossalai run train.py', 'give --extra_launch_args standalone as well'],
  ])('of "%s" is its default: %s', (command, remedy) => {
    expect(sharedPortOf(command.split(' '))).toMatchObject({ isDefault: true, remedy });
  });

  it.each([
    'torchrun --standalone --master-port 29500 train.py',
    'torchrun --rdzv-backend c10d --rdzv-endpoint localhost:0 train.py',
    'composer -n 2 -m train --master_port 29500',
    'torchrun --standalone --module train --master-port 29500',
    'torchrun --standalone -m deep.launch --master-port 29500',
    'accelerate launch train.py',
    'accelerate launch --cpu --num_processes 2 train.py',
    'accelerate launch --num_processes 1 train.py',
    'accelerate launch --num_processes 1 --main_process_port 29501 train.py',
    'accelerate launch --use_fsdp --num_processes 1 train.py',
    'accelerate launch --multi_gpu --main_process_port 0 train.py',
    'composer -n 2 train.py',
    'colossalai run --extra_launch_args standalone train.py',
    'mpirun -np 2 python train.py',
    'mpirun -x MASTER_PORT -np 2 python train.py',
    'mpirun -np 2 -x MASTER_PORT python3 train.py',
    'mpirun -np 2 -x MASTER_PORT ./launch2',
    'srun --ntasks 2 python train.py',
    'ray job submit -- python train.py',
    'torchrun --standalone train.py --master-port 29500',
    'python train.py --master-port 29500',
    './train --master-port 29500',
  ])('of "%s" is none', (command) => {
    expect(sharedPortOf(command.split(' '))).toBeUndefined();
  });
});
