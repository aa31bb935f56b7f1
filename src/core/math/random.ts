/**
 * Seeded randomness, passed around as a value: the core has no dice of its own.
 *
 * The generator is xoshiro128** (Blackman and Vigna 2021), its state filled from the seed by SplitMix32.
 */

export interface Random {
  /** The next number in [0, 1), a multiple of 2^-53. */
  uniform(): number;
  /** The next standard normal number. */
  normal(): number;
}

/** Returns a generator whose draws depend on `seed` alone. `seed` is an integer in [0, 2^53). */
export function createRandom(seed: number): Random {
  const state = fillState(seed);
  const uniform = () => {
    // 27 + 26 bits make one double with its full 53-bit mantissa.
    const high = nextUint32(state) >>> 5;
    const low = nextUint32(state) >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  };
  // Box-Muller; 1 - u keeps the logarithm's argument above zero.
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}

function fillState(seed: number): Uint32Array {
  const state = new Uint32Array(4);
  // Both halves of a 53-bit seed matter.
  let mixed = (seed >>> 0) ^ Math.imul(Math.floor(seed / 4294967296), 0x9e3779b1);
  for (let i = 0; i < 4; i++) {
    mixed = (mixed + 0x9e3779b9) >>> 0;
    let word = mixed;
    word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    state[i] = word ^ (word >>> 15);
  }
  return state;
}

function nextUint32(state: Uint32Array): number {
  const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = state;
  const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
  const shifted = s1 << 9;
  const t2 = s2 ^ s0;
  const t3 = s3 ^ s1;
  state[1] = s1 ^ t2;
  state[0] = s0 ^ t3;
  state[2] = t2 ^ shifted;
  state[3] = rotateLeft(t3, 11);
  return result;
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
