/** Ways in which a message can be wrong: in its fields, for fast-check, and in its bytes, for a seeded generator. */

import fc from 'fast-check';
import type { Random } from '../../src/core/math/random.js';

/** Values, as JSON or nearly, that somebody once forgot to think of. */
const TOKENS: readonly string[] = [
  ...String.raw`0 -0 1 -1 1.0 1e2 1.5 01 1e9 2e9 1e308 -1e308 1e999 5e-324 9007199254740991 9007199254740992
    9007199254740993 NaN Infinity -Infinity undefined null true false {} [] [[]] [null] [1,"x"] [1e999,NaN] [,1]
    "" "1" "NaN" "data" "initialize" "stage-0" "stage-1" "😀" "\ud800" "\u0000" "\u202e\u2028" "\u001b[2J\nfinished"
    {"__proto__":{"lr":1}} {"__proto__":1,"constructor":null,"toString":2} {"length":3} {"jsonrpc":"2.0"} {"toJSON":1}
    {"\u001b[31m\n":"x"}`.split(/\s+/),
  `"${'x'.repeat(5000)}"`,
  `{"${'k'.repeat(5000)}":"x"}`,
  `${'['.repeat(2000)}${']'.repeat(2000)}`,
  `${'{"a":'.repeat(500)}1${'}'.repeat(500)}`,
  `[${'1,'.repeat(2000)}1]`,
  `[${'"",'.repeat(2000)}""]`,
];
const NAMES = '__proto__ constructor hasOwnProperty jsonrpc id result error method params x'.split(
  ' ',
);

export interface Edit {
  readonly how: 'replace' | 'delete' | 'add' | 'double';
  readonly where: number;
  readonly token: string;
  readonly name: string;
}

export const anEdit: fc.Arbitrary<Edit> = fc.record({
  how: fc.constantFrom('replace', 'replace', 'replace', 'delete', 'add', 'double'),
  where: fc.nat(1000),
  token: fc.oneof({ arbitrary: fc.constantFrom(...TOKENS), weight: 4 }, fc.json({ maxDepth: 2 })),
  name: fc.oneof(fc.constantFrom(...NAMES), fc.string({ maxLength: 5 })),
});

const HOLE = 'a hole for a token';

/** The message as a line of JSON or nearly, with each edit made at one of its fields. */
export function edit(message: object, edits: readonly Edit[]): string {
  const copy = structuredClone({ jsonrpc: '2.0', ...message });
  const tokens: string[] = [];
  for (const { how, where, token, name } of edits) {
    const places = placesIn(copy);
    const [holder, key] = places[where % places.length] ?? [copy, 'id'];
    const hole = `${HOLE} ${tokens.length}`;
    if (how === 'delete') Reflect.deleteProperty(holder, key);
    // `__proto__` must become a field, not a prototype.
    else if (how === 'add') Reflect.defineProperty(holder, name, { value: hole, enumerable: true });
    else Reflect.set(holder, key, hole);
    tokens.push(how === 'double' ? `0,${JSON.stringify(key)}:${token}` : token);
  }
  return tokens.reduce(
    (text, token, i) => text.replace(`"${HOLE} ${i}"`, () => token),
    JSON.stringify(copy),
  );
}

function placesIn(value: object): readonly (readonly [object, string])[] {
  return Object.entries(value).flatMap(([key, child]) => [
    [value, key] as const,
    ...(typeof child === 'object' && child !== null ? placesIn(child) : []),
  ]);
}

/** Bytes at which readers of lines, UTF-8 and JSON change their minds. */
const BYTES = Buffer.from(
  '00 0a 0d 1b 22 2c 2d 30 39 3a 45 5b 5c 5d 7b 7d 80 c3 ed ef ff'.replaceAll(' ', ''),
  'hex',
);

/** The bytes with one thing wrong; `other` is a message that may get into them. */
export function breakBytes(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const below = (n: number) => Math.floor(random.uniform() * n);
  const at = below(bytes.length + 1);
  const few = below(8);
  const start = below(BYTES.length);
  const byte = BYTES.subarray(start, start + 1);
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
  const ways: readonly (readonly Uint8Array[])[] = [
    [head, byte, tail.subarray(1)],
    [head, byte, tail],
    [head, Uint8Array.of((tail[0] ?? 0) ^ (1 << few)), tail.subarray(1)],
    [head, tail.subarray(few)],
    [head, tail.subarray(0, few), tail],
    [head, other.subarray(below(other.length))],
    [head, other, tail],
  ];
  return Buffer.concat(ways[below(ways.length)] ?? []);
}

/** The same bytes in pieces; each cut is the length of one. */
export function cutUp(bytes: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let rest = bytes;
  for (const cut of cuts) {
    chunks.push(rest.subarray(0, cut));
    rest = rest.subarray(cut);
  }
  return [...chunks, rest];
}
