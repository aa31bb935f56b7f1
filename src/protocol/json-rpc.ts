/** Between a line and a message. What is no JSON-RPC object is the user's own output, never an error. */

import { AutolrsError } from '../core/errors.js';
import { type Incoming, MAX_LINE_BYTES, type Request, type WireError } from './messages.js';

export type Classified =
  | { readonly kind: 'message'; readonly message: Incoming }
  /** The user's own: a line that is no JSON-RPC object. */
  | { readonly kind: 'output' }
  /** A JSON-RPC object of a wrong shape. */
  | { readonly kind: 'malformed'; readonly why: string };

/** One line for the wire, newline included. `undefined` makes it a notification. */
export function encodeLine(request: Request | { readonly method: 'cancel' }, id?: number): string {
  const line = `${JSON.stringify({ jsonrpc: '2.0', ...(id !== undefined && { id }), ...request })}\n`;
  if (Buffer.byteLength(line) > MAX_LINE_BYTES) {
    throw new AutolrsError(
      'USAGE',
      `a request of ${line.length} bytes is over the wire's 64 MiB; ask for fewer steps at once`,
    );
  }
  return line;
}

/** Tells what a line from the trainer is. Never throws. */
export function classifyLine(line: string): Classified {
  if (!line.startsWith('{')) return { kind: 'output' };
  const value = parseLenientJson(line);
  if (!isRecord(value)) {
    // Other programs' braces are output; a torn message must not pass for it.
    return /^\{\s*"jsonrpc"\s*:/.test(line)
      ? { kind: 'malformed', why: 'it begins as a JSON-RPC message and is not valid JSON' }
      : { kind: 'output' };
  }
  if (!('jsonrpc' in value)) return { kind: 'output' };
  if (value['jsonrpc'] !== '2.0') return { kind: 'malformed', why: '"jsonrpc" is not "2.0"' };
  return classifyObject(value);
}

function classifyObject(value: Readonly<Record<string, unknown>>): Classified {
  const { id, method, params, result, error } = value;
  if (method !== undefined) {
    if (typeof method !== 'string') return { kind: 'malformed', why: '"method" is not a string' };
    if (id !== undefined)
      return { kind: 'malformed', why: 'a trainer may answer and notify, not ask' };
    return { kind: 'message', message: { kind: 'notification', method, params } };
  }
  if (error !== undefined) {
    if (id !== null && !isId(id))
      return { kind: 'malformed', why: '"id" is neither a whole number nor null' };
    if (!isWireError(error)) {
      return {
        kind: 'malformed',
        why: '"error" is not {"code": whole number, "message": string}',
      };
    }
    return { kind: 'message', message: { kind: 'error', id, error } };
  }
  if (!('result' in value)) {
    return { kind: 'malformed', why: 'it has neither "result" nor "error" nor "method"' };
  }
  if (!isId(id)) return { kind: 'malformed', why: '"id" is not a whole number' };
  return { kind: 'message', message: { kind: 'result', id, result } };
}

/** JSON, and the bare NaN and Infinity that Python's `json` writes, which become null. Undefined if it is neither. */
function parseLenientJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    if (!/NaN|Infinity/.test(line)) return undefined;
  }
  try {
    return JSON.parse(withoutBareTokens(line));
  } catch {
    return undefined;
  }
}

/**
 * Replaces the bare tokens outside strings. Every match is a few characters long: one pattern for a whole string takes
 * quadratic time when its quote never closes, and exhausts the stack when it is megabytes long.
 */
function withoutBareTokens(line: string): string {
  let isInString = false;
  return line.replace(/\\.|"|-?\bInfinity\b|\bNaN\b/g, (token) => {
    if (token === '"') isInString = !isInString;
    return isInString || token === '"' || token.startsWith('\\') ? token : 'null';
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isId(id: unknown): id is number {
  return typeof id === 'number' && Number.isInteger(id);
}

function isWireError(error: unknown): error is WireError {
  return isRecord(error) && Number.isInteger(error['code']) && typeof error['message'] === 'string';
}
