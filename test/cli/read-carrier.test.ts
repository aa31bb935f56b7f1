import { describe, expect, it } from 'vitest';
import { carrierFor, readCarrier } from '../../src/cli/read-carrier.js';

describe('readCarrier', () => {
  it.each([
    ['stdio', { kind: 'stdio' }],
    ['unix', { kind: 'unix' }],
    ['tcp', { kind: 'tcp', host: '127.0.0.1', port: 0 }],
    ['tcp:node7.cluster:4000', { kind: 'tcp', host: 'node7.cluster', port: 4000 }],
    ['tcp:10.0.0.7:0', { kind: 'tcp', host: '10.0.0.7', port: 0 }],
    ['tcp:[::1]:65535', { kind: 'tcp', host: '::1', port: 65535 }],
  ])('reads %s', (text, carrier) => {
    expect(readCarrier(text, [])).toEqual(carrier);
  });

  it.each([
    '',
    'pigeon',
    'TCP',
    'unix:/a/path',
    'tcp:',
    'tcp:4000',
    'tcp:node7',
    'tcp:node7:',
    'tcp::4000',
    'tcp:node7:65536',
    'tcp:node7:-1',
    'tcp:node7:4e3',
    'tcp:::1:4000',
    'tcp:[]:4000',
    'tcp:[::1]4000',
  ])('refuses "%s", quoting it', (text) => {
    expect(() => readCarrier(text, [])).toThrow(`--carrier is "${text}"; give one of: stdio, unix`);
  });

  it.each([
    'torchrun --nproc-per-node 2 train.py',
    'python -mtorch.distributed.run train.py',
    'mpiexec.hydra -n 2 python train.py',
    '/venv/bin/torchrun train.py',
    'uv run torchrun train.py',
    'python -m torch.distributed.run train.py',
    'srun python train.py',
  ])('takes a socket for %s, whose processes share stdin', (command) => {
    expect(readCarrier(undefined, command.split(' '))).toEqual({ kind: 'unix' });
    expect(readCarrier('stdio', command.split(' '))).toEqual({ kind: 'stdio' });
  });

  it.each([
    'python train.py',
    'python torchrun.py',
    'python train.py --name my-torchrun',
    'python train.py --backend deepspeed',
    'sh trainer.sh --out runs/deepspeed',
  ])('takes stdin and stdout for %s', (command) => {
    expect(readCarrier(undefined, command.split(' '))).toEqual({ kind: 'stdio' });
  });

  it.each(['tcp:0.0.0.0:1', 'tcp:[::]:1', 'tcp:[0:0:0:0:0:0:0:0]:1', 'tcp:*:1'])(
    'refuses every interface, as %s, which no trainer could be told to connect to',
    (text) => {
      expect(() => readCarrier(text, [])).toThrow(
        'is every interface; give the one name or address',
      );
    },
  );
});

describe('carrierFor', () => {
  const PLAIN = ['python', 'train.py'] as const;
  const LAUNCHED = ['torchrun', 'train.py'] as const;

  it.each([
    [LAUNCHED, PLAIN, 'stdio', 'unix'],
    [PLAIN, LAUNCHED, 'unix', 'stdio'],
    [LAUNCHED, LAUNCHED, 'unix', 'unix'],
  ] as const)('is for %s after %s what a new run of it has', (command, before, own, its) => {
    expect(carrierFor(command, { command: before, carrier: { kind: own } })).toEqual({ kind: its });
  });

  it('is the one before where that was chosen', () => {
    const tcp = { kind: 'tcp', host: 'node7', port: 0 } as const;
    for (const command of [PLAIN, LAUNCHED]) {
      expect(carrierFor(command, { command: PLAIN, carrier: { kind: 'unix' } }).kind).toBe('unix');
      expect(carrierFor(command, { command: LAUNCHED, carrier: { kind: 'stdio' } }).kind).toBe(
        'stdio',
      );
      expect(carrierFor(command, { command: LAUNCHED, carrier: tcp })).toEqual(tcp);
    }
  });
});
