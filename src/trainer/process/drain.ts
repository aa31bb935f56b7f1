/** Reading a stream to its end, as fast as what is read is dealt with. */

import type { Readable } from 'node:stream';

/** Never rejects because of the stream: one that breaks, or that we close, has ended. */
export async function drainStream(
  stream: Readable,
  onChunk: (chunk: Uint8Array) => Promise<void>,
): Promise<void> {
  let bug: unknown;
  try {
    for await (const chunk of stream) {
      await onChunk(chunk).catch((error: unknown) => {
        bug = error;
      });
      if (bug !== undefined) break;
    }
  } catch {
    // The trainer's end is known by its exit, not by its pipes.
  }
  if (bug !== undefined) throw bug;
}
