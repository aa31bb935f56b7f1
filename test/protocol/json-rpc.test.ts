import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyLine, encodeLine } from '../../src/protocol/json-rpc.js';
import { LineSplitter } from '../../src/protocol/line-splitter.js';

describe('classifyLine', () => {
  it('takes what is no JSON-RPC object for the user’s own output', () => {
    for (const line of [
      '',
      'epoch 1',
      '[1]',
      '"x"',
      '{',
      '{"loss": 1}',
      '{not json}',
      '{"jsonrpcish": "2.0"}',
    ]) {
      expect(classifyLine(line), line).toEqual({ kind: 'output' });
    }
  });

  it('reads results, errors and notifications', () => {
    expect(classifyLine('{"jsonrpc":"2.0","id":0,"result":{"step":1}}')).toEqual({
      kind: 'message',
      message: { kind: 'result', id: 0, result: { step: 1 } },
    });
    expect(
      classifyLine('{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"m"}}'),
    ).toEqual({
      kind: 'message',
      message: { kind: 'error', id: null, error: { code: -32700, message: 'm' } },
    });
    expect(classifyLine('{"jsonrpc":"2.0","method":"log","params":{"a":1}}')).toEqual({
      kind: 'message',
      message: { kind: 'notification', method: 'log', params: { a: 1 } },
    });
  });

  it('reads the bare NaN and Infinity of Python’s json as null, and leaves them alone inside strings', () => {
    const line =
      '{"jsonrpc":"2.0","id":1,"result":{"losses":[NaN,-Infinity,Infinity,1],"note":"a \\" NaN","path":"c:\\\\","end":NaN}}';
    expect(classifyLine(line)).toMatchObject({
      message: {
        result: { losses: [null, null, null, 1], note: 'a " NaN', path: 'c:\\', end: null },
      },
    });
  });

  it('names the fault of a JSON-RPC object of a wrong shape', () => {
    const faults: readonly (readonly [string, string])[] = [
      ['{"jsonrpc":"1.0","id":1,"result":{}}', '"jsonrpc" is not "2.0"'],
      ['{"jsonrpc":"2.0","id":"1","result":{}}', '"id" is not a whole number'],
      ['{"jsonrpc":"2.0","id":1}', 'neither "result" nor "error"'],
      ['{"jsonrpc":"2.0","id":1,"error":"no"}', '"error" is not'],
      ['{"jsonrpc":"2.0","id":1,"error":{"code":1e999,"message":"m"}}', '"error" is not'],
      ['{"jsonrpc":"2.0","id":1,"method":"train"}', 'not ask'],
      ['{"jsonrpc":"2.0","id":1,"resul', 'not valid JSON'],
    ];
    for (const [line, why] of faults) {
      const classified = classifyLine(line);
      expect(classified, line).toMatchObject({ kind: 'malformed' });
      if (classified.kind === 'malformed') expect(classified.why).toContain(why);
    }
  });

  it('needs no longer for a long line of the user’s because its quotes never close', () => {
    const line = `{"${'\\"'.repeat(100_000)}NaN`;
    const startedAt = performance.now();
    expect(classifyLine(line)).toEqual({ kind: 'output' });
    // Linear: 2 ms. Quadratic, as it once was: 17 s.
    expect(performance.now() - startedAt).toBeLessThan(3000);
  });

  it('reads a bare NaN beside a string of tens of megabytes', () => {
    const text = 'x'.repeat(40_000_000);
    const line = `{"jsonrpc":"2.0","id":1,"result":{"loss":NaN,"text":"${text}"}}`;
    expect(classifyLine(line).kind).toBe('message');
  });

  it('changes nothing in a message but its bare tokens, whatever its strings hold', () => {
    const text = fc.string({
      unit: fc.constantFrom('"', '\\', 'NaN', '-Infinity', ' ', 'é', '\n', ':'),
    });
    fc.assert(
      fc.property(fc.array(text), fc.dictionary(text, text), (list, record) => {
        const strict = { jsonrpc: '2.0', id: 1, result: { list, record, loss: 'HERE' } };
        const line = JSON.stringify(strict).replace('"HERE"', 'NaN');
        expect(classifyLine(line)).toEqual({
          kind: 'message',
          message: { kind: 'result', id: 1, result: { list, record, loss: null } },
        });
      }),
      { seed: 3, numRuns: 1000 },
    );
  });

  it('throws for no line whatever', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.string().map((s) => `{"jsonrpc":"2.0",${s}`),
        ),
        (line) => {
          classifyLine(line);
        },
      ),
      { seed: 1, numRuns: 5000 },
    );
  });
});

describe('encodeLine', () => {
  it('writes one line, with the id when there is one', () => {
    expect(encodeLine({ method: 'shutdown', params: {} }, 0)).toBe(
      '{"jsonrpc":"2.0","id":0,"method":"shutdown","params":{}}\n',
    );
    expect(encodeLine({ method: 'cancel' })).toBe('{"jsonrpc":"2.0","method":"cancel"}\n');
  });
});

function split(chunks: readonly Uint8Array[], limit?: number) {
  const lines: string[] = [];
  const output: Uint8Array[] = [];
  const tooLong: string[] = [];
  const splitter = new LineSplitter(
    {
      onLine: (l) => lines.push(l),
      onOutput: (o) => output.push(o),
      onTooLong: (s) => tooLong.push(s),
    },
    limit,
  );
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return { lines, output: Buffer.concat(output), tooLong };
}

describe('LineSplitter', () => {
  it('gives the same lines and output however the bytes are cut', () => {
    const piece = fc.constantFrom(
      '{"a":"é€😀"}\n',
      'output\n',
      '\r 10 %',
      '\n',
      '{"b":1}\r\n',
      '{',
      'NaN',
    );
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.nat(60)), (pieces, cuts) => {
        const bytes = Buffer.from(pieces.join(''));
        const chunks: Uint8Array[] = [];
        let from = 0;
        for (const cut of cuts) {
          chunks.push(bytes.subarray(from, from + cut));
          from = Math.min(bytes.length, from + cut);
        }
        chunks.push(bytes.subarray(from));
        expect(split(chunks)).toEqual(split([bytes]));
      }),
      { seed: 2, numRuns: 500 },
    );
  });

  it('passes output on at once, without waiting for a newline', () => {
    const seen: string[] = [];
    const splitter = new LineSplitter({
      onLine: () => {},
      onOutput: (chunk) => seen.push(Buffer.from(chunk).toString()),
      onTooLong: () => {},
    });
    splitter.push(Buffer.from('\r 10 %'));
    expect(seen).toEqual(['\r 10 %']);
    splitter.push(Buffer.from(' {"still": "output"}\n{"held'));
    expect(seen.join('')).toBe('\r 10 % {"still": "output"}\n');
  });

  it('finds the first message behind text without a newline, however the bytes are cut, and no later one', () => {
    const handshake = '{"jsonrpc":"2.0","id":1,"result":{}}';
    const texts = ['', 'loading... ', '\r 10 %', '{', '{"a": 1} ', '{loading ', '{"'.repeat(9)];
    for (const text of texts) {
      const bytes = Buffer.from(`${text}${handshake}\nlater ${handshake}\n`);
      for (const size of [1, 3, 7, bytes.length]) {
        const lines: string[] = [];
        let output = '';
        const splitter = new LineSplitter({
          onLine: (line) => lines.push(line),
          onOutput(chunk) {
            output += Buffer.from(chunk).toString();
          },
          onTooLong: () => {},
          isFirst: () => (lines.length === 0 ? (line) => line === handshake : undefined),
        });
        for (let from = 0; from < bytes.length; from += size) {
          splitter.push(bytes.subarray(from, from + size));
        }
        expect([lines, output], `${text} by ${size}`).toEqual([
          [handshake],
          `${text}later ${handshake}\n`,
        ]);
      }
    }
  });

  it('loses nothing of text in which no first message stands, and holds no more than 64 KiB of it', () => {
    const texts = ['a {"b": 1} c\n', 'a {"b', `x {"${'y'.repeat(100_000)}`, '{"b": 1}\n'];
    for (const text of texts) {
      let output = '';
      const splitter = new LineSplitter({
        onLine(_, raw) {
          output += Buffer.from(raw).toString();
        },
        onOutput(chunk) {
          output += Buffer.from(chunk).toString();
        },
        onTooLong: () => {},
        isFirst: () => () => false,
      });
      splitter.push(Buffer.from(text));
      if (text.length > 70_000) expect(output.length).toBeGreaterThan(30_000);
      splitter.end();
      expect(output).toBe(text);
    }
  });

  it('gives back every byte of a held line, should it be the user’s own', () => {
    const raws: Uint8Array[] = [];
    const splitter = new LineSplitter({
      onLine: (_line, raw) => raws.push(raw),
      onOutput: () => {},
      onTooLong: () => {},
    });
    const bytes = Buffer.concat([
      Buffer.from('{"mine": 1}\r\n{caf'),
      Buffer.of(0xe9, 0x7d, 0x0a), // é and } in Latin-1, which is no UTF-8
    ]);
    for (const byte of bytes) splitter.push(Uint8Array.of(byte));
    expect(Buffer.concat(raws)).toEqual(bytes);
  });

  it('holds a line that comes byte by byte in little more than its bytes', () => {
    const before = process.memoryUsage();
    const splitter = new LineSplitter({
      onLine: () => {},
      onOutput: () => {},
      onTooLong: () => {},
    });
    splitter.push(Buffer.from('{'));
    const bytes = 1024 * 1024;
    for (let i = 0; i < bytes; i++) splitter.push(Uint8Array.of(0x20));
    const after = process.memoryUsage();
    const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
    // A list of pieces, as it once was, holds 200 MB.
    expect(grown).toBeLessThan(50 * bytes);
    splitter.end();
  });

  it('holds a line of exactly the limit and reports one of a byte more, once, and goes on after it', () => {
    const line = `{${'x'.repeat(98)}}`;
    expect(split([Buffer.from(`${line}\n`)], 100).lines).toEqual([line]);
    const over = split([Buffer.from(`{x${line}\n{"next":1}\n`)], 100);
    expect(over.lines).toEqual(['{"next":1}']);
    expect(over.tooLong.length).toBe(1);
  });
});
