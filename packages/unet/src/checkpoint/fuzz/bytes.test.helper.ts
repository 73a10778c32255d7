import type { Random } from './random.test.helper.ts'

/** Texts that names and keys should survive. */
export const nastyTexts: readonly string[] = [
  ...[
    '',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'prototype',
    '__metadata__',
    'length',
    'NaN',
  ],
  ...[
    '\0',
    'a\0b',
    '\x1b[2J\x1b]0;x\x07',
    '\u202egnp.x',
    '\ud83d',
    '\ufeff',
    '../../etc/passwd',
    '/',
    '.',
    '..',
    'w.',
  ],
  ...['data.pkl', 'data/0', '0', 'byteorder', 'version', 'tensor', 'w', 'x'.repeat(300), 'é'.repeat(200)],
]

/** Numbers at the edges of their kinds. */
export const nastyNumbers: readonly number[] = [
  ...[0, 1, 2, 3, 4, 7, 8, 16, 63, 64, 65, 127, 128, 255, 256, 65535, 65536],
  ...[2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40, 2 ** 53 - 1, 2 ** 53, 2 ** 63],
  ...[-1, -2, -128, -(2 ** 31), -(2 ** 53), 0.5, 1e308],
]

export const latin = (text: string): Uint8Array => Buffer.from(text, 'latin1')

export const joined = (...parts: readonly (Uint8Array | string)[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? latin(part) : part)))

/** A number as the lowest `width` bytes of its two's complement, lowest first. */
export function little(value: number, width: number): Uint8Array {
  const out = new Uint8Array(width)
  let rest = BigInt.asUintN(64, BigInt(Number.isFinite(value) ? Math.trunc(Math.min(value, 2 ** 64)) : 0))
  for (let i = 0; i < width; i++) {
    out[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return out
}

/** Bytes with one thing changed, whatever they mean: flipped, overwritten, cut out, put in, doubled, cut off. */
export function mutateBytes(bytes: Uint8Array, random: Random, from = 0, to = bytes.length): Uint8Array {
  if (to <= from) return bytes
  const at = from + random.below(to - from)
  const length = random.chance(0.7) ? 1 + random.below(8) : 1 + random.below(to - at)
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
  switch (random.below(7)) {
    case 0: {
      const out = bytes.slice()
      out[at] = out[at]! ^ (1 << random.below(8))
      return out
    }
    case 1: {
      const out = bytes.slice()
      out[at] = random.below(256)
      return out
    }
    case 2: {
      const out = bytes.slice()
      out.set(little(random.pick(nastyNumbers), random.pick([1, 2, 4, 8])).subarray(0, out.length - at), at)
      return out
    }
    case 3:
      return joined(before, after.subarray(length))
    case 4:
      return joined(
        before,
        Uint8Array.from({ length: Math.min(length, 64) }, () => random.below(256)),
        after,
      )
    case 5:
      return joined(
        before,
        ...Array.from({ length: 1 + random.below(20) }, () => after.subarray(0, Math.min(length, 256))),
        after,
      )
    default:
      return before
  }
}
