/**
 * The signals that ask for an end: Ctrl-C and its kin, and those that batch systems send. While a script trains the
 * first asks for an orderly end, and a later one no longer waits for the trainer; else the process ends at once.
 */

import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import { EXIT_INTERRUPTED } from '../app/exit-codes.js';
import type { Interrupts } from '../app/interrupts.js';
import { say, stderr, stdout } from '../app/output.js';

/** A person's, who may insist: sent again they kill the script. */
export const INSISTENT = ['SIGINT', 'SIGTERM', 'SIGQUIT'] as const;

/**
 * Announcements: that the terminal goes away (a shell and the system may both say it), and that a batch system's limit
 * is near, told once a second or before the signal proper. They are no reason to kill anybody.
 */
export const ANNOUNCING = [
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
  'SIGXCPU',
  'SIGALRM',
  'SIGVTALRM',
  'SIGPWR',
] as const;

type EndSignal = (typeof INSISTENT | typeof ANNOUNCING)[number];

/** Nothing is lost where no script trains: the system may end the process, also in the middle of a long calculation. */
const LEFT_TO_THE_SYSTEM: ReadonlySet<EndSignal> = new Set([
  'SIGINT',
  'SIGTERM',
  'SIGQUIT',
  'SIGHUP',
]);

/** `timeout`, `npm` and a terminal's Ctrl-C send one signal twice, at once. */
const ECHO_MS = 500;

/** For the wheel's launcher, which sees what Node resets before it runs us. */
const LAUNCHER_SAW = 'AUTOLRS_SIGHUP_IGNORED';

let hear: ((signal: EndSignal) => void) | undefined;

/** Call it before anything else: Node answers SIGUSR1 by opening its debugger to every user of the machine. */
export function catchSignals(): void {
  for (const signal of ANNOUNCING) if (!LEFT_TO_THE_SYSTEM.has(signal)) process.on(signal, receive);
  if (isHangUpIgnored()) process.on('SIGHUP', () => say('SIGHUP: ignored, as under nohup'));
}

/**
 * For a SIGUSR1 that came before there was a listener: closes the debugger that Node has opened, unless it was asked
 * for, and acts on the signal.
 */
export function closeDebugger(): void {
  const isAskedFor = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].some((option) =>
    option.includes('--inspect'),
  );
  if (isAskedFor) return;
  const inspector = process.getBuiltinModule('node:inspector');
  if (inspector?.url() === undefined) return;
  inspector.close();
  receive('SIGUSR1');
}

export function listenForInterrupts(onFirst: (signal: string) => void): Interrupts {
  const controller = new AbortController();
  let second: () => void = () => {};
  let last: { readonly signal: EndSignal; readonly at: number } | undefined;
  hear = (signal) => {
    const before = last;
    last = { signal, at: performance.now() };
    if (before === undefined) {
      stdout.hurry();
      stderr.hurry();
      controller.abort();
      onFirst(signal);
    } else if (
      isInsistent(signal) &&
      !(before.signal === signal && last.at - before.at < ECHO_MS)
    ) {
      second();
    }
  };
  // Those that are listened to already stay as they are: under nohup a hang-up means nothing.
  for (const signal of LEFT_TO_THE_SYSTEM) {
    if (process.listenerCount(signal) === 0) process.on(signal, receive);
  }
  return {
    signal: controller.signal,
    onSecond(act) {
      second = act;
    },
    stop() {
      hear = undefined;
    },
  };
}

function receive(signal: EndSignal): void {
  if (hear !== undefined) {
    hear(signal);
    return;
  }
  say(`${signal}: interrupted`);
  process.exit(EXIT_INTERRUPTED);
}

function isInsistent(signal: EndSignal): boolean {
  return (INSISTENT as readonly EndSignal[]).includes(signal);
}

/**
 * Whether hang-ups were ignored when we were started, as `nohup` does. Node forgets that before it runs us, so it is
 * told from what is left: the launcher's word, the shell's name for the command, a parent that ignores them itself (a
 * script under nohup), and a process on a terminal of which it uses nothing.
 */
function isHangUpIgnored(): boolean {
  const { env } = process;
  const isTold = env[LAUNCHER_SAW] === '1';
  delete env[LAUNCHER_SAW]; // it is about this process alone
  return (
    isTold || /(^|\/)nohup$/.test(env['_'] ?? '') || isIgnoredByParent() || isAwayFromTerminal()
  );
}

function isIgnoredByParent(): boolean {
  try {
    const status = readFileSync(`/proc/${process.ppid}/status`, 'utf8');
    const [, ignored = '0'] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(status) ?? [];
    return (BigInt(`0x${ignored}`) & 1n) === 1n; // signal 1
  } catch {
    return false;
  }
}

function isAwayFromTerminal(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    // The name, in parentheses, may hold anything; field 7 is the fifth after it.
    const terminal = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[4];
    return terminal !== '0' && ![0, 1, 2].some((fd) => isatty(fd));
  } catch {
    return false;
  }
}
