/** Which failures have one cause, and which the script has no part in. */

import { AutolrsError } from '../core/errors.js';
import { isSent } from '../core/sent-signals.js';

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

/** Whether the script was ended from outside, so that the same may never happen again. */
export function isFromOutside({ code, facts }: AutolrsError): boolean {
  return code === 'TRAINER_EXITED' && isSent(facts);
}
