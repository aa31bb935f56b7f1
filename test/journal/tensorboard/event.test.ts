import { describe, expect, it } from 'vitest';
import { crc32c, maskedCrc32c } from '../../../src/journal/tensorboard/crc32c.js';
import {
  encodeFileVersion,
  encodeRestart,
  encodeScalars,
} from '../../../src/journal/tensorboard/event.js';

describe('crc32c', () => {
  it('is that of RFC 3720, appendix B.4', () => {
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(0))).toBe(0);
  });
});

/** The event of a record, whose length and sums are right. */
function eventOf(record: Buffer): Buffer {
  const length = Number(record.readBigUInt64LE());
  const event = record.subarray(12, 12 + length);
  expect(record.length).toBe(16 + length);
  expect(record.readUInt32LE(8)).toBe(maskedCrc32c(record.subarray(0, 8)));
  expect(record.readUInt32LE(12 + length)).toBe(maskedCrc32c(event));
  return event;
}

describe('events', () => {
  it('begin with the version of their format', () => {
    const event = eventOf(encodeFileVersion(1500));
    expect(event.readDoubleLE(1)).toBe(1.5);
    expect(event.subarray(9).toString('latin1')).toBe('\x1a\x0dbrain.Event:2');
  });

  it('have step, tags and values where the protocol buffer has them', () => {
    const event = eventOf(encodeScalars({ at: 0, step: 300, values: { a: 1.5 } }));
    // 2: 300 as a varint; 5: Summary { 1: Value { 1: "a", 2: 1.5 as a float } }
    expect(event.subarray(9).toString('hex')).toBe('10ac022a0a0a080a0161150000c03f');
  });

  it('have steps beyond 32 bits, and values that are not finite', () => {
    const event = eventOf(encodeScalars({ at: 0, step: 2 ** 40, values: { a: Number.NaN } }));
    expect(event.subarray(9, 16).toString('hex')).toBe('10808080808020');
  });

  it('say from which step on all is void', () => {
    expect(eventOf(encodeRestart(0, 7)).subarray(9).toString('hex')).toBe('10073a020801');
  });
});
