/** Which failures have one cause, and which the script has no part in. */

import { AutolrsError } from '../core/errors.js';

/** What differs between two failures of one cause: addresses, hashes, temporary names, numbers, also what is none. */
const VARYING =
  /0x[0-9a-f]+|\b(?=[a-f]*\d)[0-9a-f]{7,}\b|\/tmp\/\S+|[-+]?(?:\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?|\b(?:nan|inf(?:inity)?)\b)/gi;

/** The same for two failures that differ in numbers alone, or in what was said of them later. */
export function causeOf(error: AutolrsError): string {
  const { code, message, facts } = error;
  if (facts.cause instanceof AutolrsError) return causeOf(facts.cause);
  const how = facts.signal ?? facts.exitCode ?? '';
  return `${code} ${how} ${message.replace(VARYING, '#')}`;
}

/** Sent by people, schedulers and the kernel that runs out of memory. */
const SENT: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGTERM: 15,
};

/** A shell's exit code for a command that a signal has ended. */
const SHELL_BASE = 128;

/** Whether the script was ended by somebody else, so that the same may never happen again. */
export function isFromOutside({ code, facts }: AutolrsError): boolean {
  if (code !== 'TRAINER_EXITED') return false;
  if (facts.signal !== undefined) return facts.signal in SENT;
  return Object.values(SENT).some((number) => facts.exitCode === SHELL_BASE + number);
}
