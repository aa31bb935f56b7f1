/**
 * TensorBoard's events as bytes: a protocol buffer each (tensorflow/core/util/event.proto), framed as a record
 * (tensorflow/core/lib/io/record_writer.h).
 *
 *     record = length (8 bytes), its sum (4), event, its sum (4)      all little-endian, sums masked CRC-32C
 *     Event  = 1: wall_time double, 2: step int64, 3: file_version string, 5: Summary, 7: SessionLog
 *     Summary = 1: Value, repeated; Value = 1: tag string, 2: simple_value float
 *     SessionLog = 1: status, of which 1 is START: what has this step or a later one is void
 */

import { maskedCrc32c } from './crc32c.js';

export interface ScalarEvent {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly step: number;
  /** By tag. */
  readonly values: Readonly<Record<string, number>>;
}

/** What every file begins with. */
export function encodeFileVersion(at: number): Buffer {
  return toRecord([wallTime(at), text(3, 'brain.Event:2')]);
}

export function encodeScalars({ at, step, values }: ScalarEvent): Buffer {
  const summary = Object.entries(values).map(([tag, value]) => {
    const simple = Buffer.alloc(5);
    simple[0] = (2 << 3) | FIXED32;
    simple.writeFloatLE(Math.fround(value), 1);
    return field(1, [text(1, tag), simple]);
  });
  return toRecord([wallTime(at), integer(2, step), field(5, summary)]);
}

/** Makes all void that the file has of this step or later ones. */
export function encodeRestart(at: number, step: number): Buffer {
  return toRecord([wallTime(at), integer(2, step), field(7, [integer(1, 1)])]);
}

const [VARINT, FIXED64, BYTES, FIXED32] = [0, 1, 2, 5] as const;

function wallTime(at: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = (1 << 3) | FIXED64;
  bytes.writeDoubleLE(at / 1000, 1);
  return bytes;
}

function integer(number: number, value: number): Buffer {
  return Buffer.concat([Buffer.of((number << 3) | VARINT), varint(value)]);
}

function text(number: number, value: string): Buffer {
  return field(number, [Buffer.from(value)]);
}

function field(number: number, parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.of((number << 3) | BYTES), varint(content.length), content]);
}

/** Seven bits a byte, the lowest first; also of numbers beyond 32 bits. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Buffer.of(...bytes, rest);
}

function toRecord(parts: readonly Uint8Array[]): Buffer {
  const event = Buffer.concat(parts);
  const head = Buffer.alloc(12);
  head.writeBigUInt64LE(BigInt(event.length));
  head.writeUInt32LE(maskedCrc32c(head.subarray(0, 8)), 8);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(maskedCrc32c(event));
  return Buffer.concat([head, event, tail]);
}
