/**
 * The port at which the ranks of a command meet, where a second such command on the machine would have it too. What each launcher
 * does is from its source, as of PyTorch 2.13, Accelerate 1.15, DeepSpeed 0.19, Composer 0.32 and Colossal-AI 0.5.
 */

import { launchersIn } from './launcher.js';

export interface SharedPort {
  /** The words that give it; where none do, the launcher that has it as its default. */
  readonly words: string;
  readonly isDefault: boolean;
  /** How each gets a port of its own. */
  readonly remedy: string;
}

/** Undefined where each has a port of its own, and where the words before the script do not tell. */
export function sharedPortOf(command: readonly string[]): SharedPort | undefined {
  for (const { name, words } of launchersIn(command).toReversed()) {
    const find = FINDERS[name];
    if (find === undefined) continue;
    // What comes after a module's name is the module's own affair.
    const module = words.findIndex((word) => word === '-m' || word === '--module');
    const found = find(module === -1 ? words : words.slice(0, module));
    if (found === undefined) return undefined;
    const { given, remedy } = found;
    return { words: given?.words ?? name, isDefault: given === undefined, remedy };
  }
  return undefined;
}

interface Given {
  /** As they stand in the command. */
  readonly words: string;
  readonly value: string;
}

interface Found {
  /** Undefined for a default. */
  readonly given?: Given | undefined;
  readonly remedy: string;
}

type Find = (words: readonly string[]) => Found | undefined;

/** Older versions have a port as their default, and so has this one for several nodes. */
const findOfTorchrun: Find = (words) => {
  if (has(words, 'standalone')) return undefined;
  const given = optionOf(words, 'rdzv-endpoint') ?? optionOf(words, 'master-port');
  if (given === undefined) return { remedy: 'give --standalone as well' };
  return isFree(given) ? undefined : { given, remedy: 'give --standalone instead' };
};

/** It starts torchrun for several processes. From 1.8 on it takes another port where its default is in use. */
const findOfAccelerate: Find = (words) => {
  const isByTorchrun = BY_TORCHRUN.some((name) => has(words, name));
  const count = optionOf(words, 'num-processes')?.value;
  if (!isByTorchrun && (count === '1' || has(words, 'cpu'))) return undefined;
  const given = optionOf(words, 'main-process-port');
  if (given !== undefined) {
    return isFree(given) ? undefined : { given, remedy: 'give --main_process_port 0 instead' };
  }
  // Where nothing is said, a file of settings or the machine's GPUs decide.
  const isSeveral = count === undefined ? isByTorchrun : count !== '1';
  return isSeveral ? { remedy: 'give --main_process_port 0 as well' } : undefined;
};

const BY_TORCHRUN = ['multi-gpu', 'use-fsdp', 'use-deepspeed', 'use-megatron-lm'];

/** It passes its port on as it is, and no rank meets another at port 0. */
const findOfDeepspeed: Find = (words) => ({
  given: optionOf(words, 'master-port'),
  remedy: 'start the script by torchrun --standalone instead',
});

/** It starts torchrun with a port, whatever is given. */
const findOfColossalai: Find = (words) =>
  /\bstandalone\b/.test(optionOf(words, 'extra-launch-args')?.value ?? '')
    ? undefined
    : {
        given: optionOf(words, 'master-port'),
        remedy: 'give --extra_launch_args standalone as well',
      };

/** Its default is a free port. */
const findOfComposer: Find = (words) => {
  const given = optionOf(words, 'master-port');
  return given && { given, remedy: 'leave it out' };
};

/** They have no port of their own, and pass on the one of the script: `-x MASTER_PORT=1`, `-genv MASTER_PORT 1`. */
const findOfMpi: Find = (words) => {
  const at = words.findIndex((word) => /\bMASTER_PORT(?:=\d|$)/.test(word));
  const [word = '', next = ''] = words.slice(at === -1 ? words.length : at);
  const value = word.includes('=') ? word : next;
  if (!(word.includes('=') ? /\d/ : /^\d+$/).test(value)) return undefined;
  const given = { words: word === value ? word : `${word} ${next}`, value };
  return { given, remedy: 'add AUTOLRS_WORKER to the port in the script instead' };
};

const FINDERS: Readonly<Record<string, Find>> = {
  torchrun: findOfTorchrun,
  'torch.distributed.run': findOfTorchrun,
  'torch.distributed.launch': findOfTorchrun,
  accelerate: findOfAccelerate,
  'accelerate-launch': findOfAccelerate,
  'accelerate.commands.launch': findOfAccelerate,
  deepspeed: findOfDeepspeed,
  'deepspeed.launcher.runner': findOfDeepspeed,
  'deepspeed.launcher.launch': findOfDeepspeed,
  colossalai: findOfColossalai,
  composer: findOfComposer,
  mpirun: findOfMpi,
  mpiexec: findOfMpi,
  'mpiexec.hydra': findOfMpi,
  srun: findOfMpi,
};

/** The last `--name value` or `--name=value`, with dashes or underscores. */
function optionOf(words: readonly string[], name: string): Given | undefined {
  const at = words.findLastIndex((word) => isOption(word, name));
  const word = words[at];
  if (word === undefined) return undefined;
  const equals = word.indexOf('=');
  if (equals !== -1) return { words: word, value: word.slice(equals + 1) };
  const value = words[at + 1] ?? '';
  return { words: `${word} ${value}`, value };
}

function has(words: readonly string[], name: string): boolean {
  return words.some((word) => isOption(word, name));
}

function isOption(word: string, name: string): boolean {
  const [option = ''] = word.split('=', 1);
  return option.replaceAll('_', '-') === `--${name}`;
}

/** Port 0: the system chooses. */
function isFree({ value }: Given): boolean {
  return /^(?:.*:)?0$/.test(value);
}
