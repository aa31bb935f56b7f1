/** What is said of a message that is no message of the protocol. */

import { AutolrsError } from '../core/errors.js';
import { quoteLine, quoteValue } from './quote.js';

/** @param value The message, or the part of it that is wrong: it is quoted. */
export function badMessage(what: string, why: string, value: unknown): AutolrsError {
  const quoted = typeof value === 'string' ? quoteLine(value) : quoteValue(value);
  return new AutolrsError(
    'PROTOCOL_BAD_MESSAGE',
    `the trainer broke the protocol: ${what} is wrong: ${why}; the message was ${quoted}`,
  );
}
