/**
 * How a connection proves that it is the trainer's: the first line on it answers `initialize` with the run's token, in
 * its result or, where it is an error, in that error's data.
 */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { classifyLine } from '../../protocol/json-rpc.js';

export type TokenCheck =
  /** The line is the answer without the token, which is not needed again. */
  | { readonly kind: 'proven'; readonly line: string }
  | { readonly kind: 'refused'; readonly why: string };

export function createToken(): string {
  return randomBytes(32).toString('hex');
}

/** Judges the first line of a connection, given without its newline. Quotes nothing of it: a stranger may have sent it. */
export function judgeFirstLine(line: string, token: string): TokenCheck {
  const classified = classifyLine(line);
  if (classified.kind !== 'message') return refused('its first line is no answer');
  const { message } = classified;
  if (message.kind === 'notification') return refused('its first line is no answer');
  const { id } = message;
  const told = message.kind === 'error' ? message.error.data : message.result;
  if (typeof told !== 'object' || told === null || !('token' in told)) {
    return refused('its answer to "initialize" has no token; send AUTOLRS_TOKEN back in it');
  }
  const { token: given, ...rest } = told;
  if (typeof given !== 'string' || !isSameToken(given, token)) {
    return refused('its token is not the one in AUTOLRS_TOKEN');
  }
  const answer =
    message.kind === 'error' ? { error: { ...message.error, data: rest } } : { result: rest };
  return { kind: 'proven', line: JSON.stringify({ jsonrpc: '2.0', id, ...answer }) };
}

/** In constant time: how long a comparison takes must not tell how much of a guess was right. */
export function isSameToken(given: string, token: string): boolean {
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function refused(why: string): TokenCheck {
  return { kind: 'refused', why };
}
