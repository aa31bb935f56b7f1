/** Errors that cross the wire, with the codes of JSON-RPC and of the protocol. */

export const ERRORS = {
  parse: -32700,
  request: -32600,
  method: -32601,
  params: -32602,
  checkpointUnknown: -32001,
  notSupported: -32002,
  scriptRaised: -32003,
  storage: -32004,
} as const;

export type ErrorCode = (typeof ERRORS)[keyof typeof ERRORS];

export class WireError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.name = 'WireError';
    this.code = code;
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
