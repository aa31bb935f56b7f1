/** The first exchange with a trainer: versions, the run, and what the trainer says of itself. */

import type { TrainerFacts } from '../core/conversation/command.js';
import { AutolrsError } from '../core/errors.js';
import { PROTOCOL_VERSION, type Request } from '../protocol/messages.js';
import { parseResult } from '../protocol/parse.js';
import { quoteValue } from '../protocol/quote.js';
import { toFacts } from '../protocol/translate.js';
import { UNREACHED } from './failures.js';
import type { TrainerOptions } from './options.js';
import type { Session } from './rpc/session.js';
import { terminateTrainer } from './shutdown.js';
import type { Connection } from './transport/types.js';

/** @throws AutolrsError after it has ended the trainer. */
export async function handshake(
  options: TrainerOptions,
  connection: Connection,
  session: Session,
): Promise<TrainerFacts> {
  const { signal } = options;
  const interrupt = () =>
    session.fail(new AutolrsError('INTERRUPTED', 'interrupted before the script connected'));
  const hint = setTimeout(() => options.onHint?.(), options.hintAfterMs);
  const startedAt = performance.now();
  const preparing = setInterval(() => {
    if (options.isPreparing?.()) options.onPreparing?.((performance.now() - startedAt) / 1000);
  }, options.startTimeoutMs);
  if (signal?.aborted) interrupt();
  signal?.addEventListener('abort', interrupt, { once: true });
  try {
    const result = await session.request(initializeRequest(options), {
      timeoutMs: () => options.startTimeoutMs,
      onTimeout: (ms) => handshakeTimedOut(options, ms),
    });
    checkVersion(result);
    return toFacts(parseResult('initialize', result));
  } catch (error) {
    await terminateTrainer(connection);
    throw error;
  } finally {
    clearTimeout(hint);
    clearInterval(preparing);
    signal?.removeEventListener('abort', interrupt);
  }
}

/** Over a socket any process may connect, so the run is told in the environment alone. */
function initializeRequest({
  version,
  run,
  base,
  transport = { kind: 'stdio' },
}: TrainerOptions): Request {
  const tuner = { name: 'autolrs', version } as const;
  return {
    method: 'initialize',
    params: {
      protocol: PROTOCOL_VERSION,
      tuner,
      ...(transport.kind === 'stdio' && { run }),
      ...(base !== undefined && { base }),
    },
  };
}

/** Looked at before the rest: a later version may have another shape. */
export function checkVersion(result: unknown): void {
  if (typeof result !== 'object' || result === null || !('protocol' in result)) return;
  if (result.protocol === PROTOCOL_VERSION) return;
  throw new AutolrsError(
    'PROTOCOL_VERSION',
    `the script's adapter speaks protocol ${quoteValue(result.protocol)} and this autolrs speaks ${PROTOCOL_VERSION}; update the older of the two`,
  );
}

function handshakeTimedOut(
  { command, hasPythonStarted, transport }: TrainerOptions,
  timeoutMs: number,
): AutolrsError {
  const isSocket = transport !== undefined && transport.kind !== 'stdio';
  const remedy =
    hasPythonStarted?.() === false
      ? UNREACHED
      : isSocket
        ? 'check that it reaches its training loop, attaches autolrs unless it is a PyTorch script, and speaks by the socket (else give --transport stdio)'
        : 'check that it reaches its training loop, and attaches autolrs unless it is a PyTorch script';
  return new AutolrsError(
    'TRAINER_SILENT',
    `"${command.join(' ')}" did not connect within ${timeoutMs / 1000} s; ${remedy}, or raise --start-timeout`,
  );
}
