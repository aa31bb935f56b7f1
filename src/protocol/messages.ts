/**
 * The wire, version 1: JSON-RPC 2.0, one message a line, the tuner asks and the trainer answers.
 *
 * The obligation: a trainer answers every request, in order, with a result or an error, because the tuner is waiting;
 * and the tuner has at most one request in flight, because the trainer is training. Only `cancel` may overtake.
 */

export const PROTOCOL_VERSION = 1;

/** Longest line in bytes that either side may send: 64 MiB, about three million losses. */
export const MAX_LINE_BYTES = 64 * 1024 * 1024;

export interface InitializeParams {
  readonly protocol: typeof PROTOCOL_VERSION;
  readonly tuner: { readonly name: 'autolrs'; readonly version: string };
  /** Left out over a socket, where the listener has not proven yet that it is the trainer. */
  readonly run?: { readonly id: string; readonly dir: string; readonly seed: number };
  /**
   * What an LR of the tuner is. Absent: it is set, and stays. `user`: a factor on the script's own. `override`: it is set
   * for the time of each update alone, and the script's own schedule goes on.
   */
  readonly base?: 'user' | 'override';
}

export interface TrainParams {
  readonly steps: number;
  readonly lr: number | readonly number[];
  readonly halt?: number;
  /** Whether the steps stay (`commit`) or are rolled back (`search`), for a script that acts on what stays alone. */
  readonly purpose?: 'search' | 'commit';
  /** The averages of the weights to keep, the updates between two samples, and what tells these averages from others. */
  readonly average?: {
    readonly powers: readonly number[];
    readonly every: number;
    readonly since: number;
  };
}

export interface CheckpointParams {
  readonly id: string;
  readonly path?: string;
}

export type Request =
  | { readonly method: 'initialize'; readonly params: InitializeParams }
  | { readonly method: 'train'; readonly params: TrainParams }
  | {
      readonly method: 'validate';
      readonly params: { readonly batches?: number; readonly at?: number };
    }
  | { readonly method: 'adopt'; readonly params: { readonly at: number } }
  | { readonly method: 'save' | 'restore' | 'discard'; readonly params: CheckpointParams }
  | { readonly method: 'shutdown'; readonly params: Record<string, never> };

export type Method = Request['method'];

/** What a trainer may send, its results and params not yet looked into. */
export type Incoming =
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number | null; readonly error: WireError }
  | { readonly kind: 'notification'; readonly method: string; readonly params: unknown };

export interface WireError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

export const SCRIPT_RAISED = -32003;
export const STORAGE_FAILED = -32004;

/** Errors that the protocol adds to JSON-RPC's own, each with what it means for the user. */
export const WIRE_ERRORS: Readonly<Record<number, string>> = {
  [-32700]: 'it could not parse the request',
  [-32600]: 'it found the request invalid',
  [-32601]: 'its adapter does not know this request',
  [-32602]: "its adapter does not accept the request's parameters",
  [-32603]: 'its adapter failed',
  [-32001]: 'it does not have that checkpoint',
  [-32002]: 'it does not support that',
  [SCRIPT_RAISED]: 'the script raised an error',
  [STORAGE_FAILED]: 'it could not write or read a checkpoint',
};
