import { describe, expect, it } from 'vitest';
import { transportFor } from '../../../src/app/invocation.js';
import { readTransport } from '../../../src/cli/flags/read-transport.js';

describe('readTransport', () => {
  it.each([
    ['stdio', { kind: 'stdio' }],
    ['unix', { kind: 'unix' }],
    ['tcp', { kind: 'tcp', host: '127.0.0.1', port: 0 }],
    ['tcp:node7.cluster:4000', { kind: 'tcp', host: 'node7.cluster', port: 4000 }],
    ['tcp:10.0.0.7:0', { kind: 'tcp', host: '10.0.0.7', port: 0 }],
    ['tcp:[::1]:65535', { kind: 'tcp', host: '::1', port: 65535 }],
    ['tls:node7.cluster:0', { kind: 'tls', host: 'node7.cluster', port: 0 }],
    ['tls:[::1]:4000', { kind: 'tls', host: '::1', port: 4000 }],
  ])('reads %s', (text, transport) => {
    expect(readTransport(text, [])).toEqual(transport);
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
    'tls',
    'tls:4000',
    'tls:node7:4000#cafe',
  ])('refuses "%s", quoting it', (text) => {
    expect(() => readTransport(text, [])).toThrow(
      `--transport is "${text}"; give one of: stdio, unix`,
    );
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
    expect(readTransport(undefined, command.split(' '))).toEqual({ kind: 'unix' });
    expect(readTransport('stdio', command.split(' '))).toEqual({ kind: 'stdio' });
  });

  it.each([
    'python train.py',
    'python torchrun.py',
    'python train.py --name my-torchrun',
    'python train.py --backend deepspeed',
    'sh trainer.sh --out runs/deepspeed',
  ])('takes stdin and stdout for %s', (command) => {
    expect(readTransport(undefined, command.split(' '))).toEqual({ kind: 'stdio' });
  });

  it.each(['tcp:0.0.0.0:1', 'tcp:[::]:1', 'tcp:[0:0:0:0:0:0:0:0]:1', 'tcp:*:1'])(
    'refuses every interface, as %s, which no trainer could be told to connect to',
    (text) => {
      expect(() => readTransport(text, [])).toThrow(
        'is every interface; give the one name or address',
      );
    },
  );
});

describe('transportFor', () => {
  const PLAIN = ['python', 'train.py'] as const;
  const LAUNCHED = ['torchrun', 'train.py'] as const;

  it.each([
    [LAUNCHED, PLAIN, 'stdio', 'unix'],
    [PLAIN, LAUNCHED, 'unix', 'stdio'],
    [LAUNCHED, LAUNCHED, 'unix', 'unix'],
  ] as const)('is for %s after %s what a new run of it has', (command, before, own, its) => {
    expect(transportFor(command, { command: before, transport: { kind: own } })).toEqual({
      kind: its,
    });
  });

  it('is the one before where that was chosen', () => {
    const tcp = { kind: 'tcp', host: 'node7', port: 0 } as const;
    for (const command of [PLAIN, LAUNCHED]) {
      expect(transportFor(command, { command: PLAIN, transport: { kind: 'unix' } }).kind).toBe(
        'unix',
      );
      expect(transportFor(command, { command: LAUNCHED, transport: { kind: 'stdio' } }).kind).toBe(
        'stdio',
      );
      expect(transportFor(command, { command: LAUNCHED, transport: tcp })).toEqual(tcp);
    }
  });
});
