import { describe, expect, it } from 'vitest';
import { createSink } from '../../../src/display/text/sink.js';

function createStream(isFull: boolean) {
  const listeners = new Map<string, () => void>();
  const written: (string | Uint8Array)[] = [];
  return {
    written,
    emit: (event: string) => listeners.get(event)?.(),
    on: (event: string, listener: () => void) => listeners.set(event, listener),
    write(chunk: string | Uint8Array) {
      written.push(chunk);
      return !isFull;
    },
  };
}

describe('a sink', () => {
  it('does not wait for a stream with room', () => {
    expect(createSink(createStream(false)).write('x')).toBeUndefined();
  });

  it('waits for a full stream until it has drained', async () => {
    const stream = createStream(true);
    const waiting = createSink(stream).write('x');
    expect(waiting).toBeInstanceOf(Promise);
    stream.emit('drain');
    await waiting;
  });

  it('waits no longer for a stream that breaks, and writes nothing more to it', async () => {
    const stream = createStream(true);
    const sink = createSink(stream);
    const waiting = sink.write('x');
    stream.emit('error');
    await waiting;
    expect(sink.write('y')).toBeUndefined();
    expect(stream.written).toEqual(['x']);
  });
});
