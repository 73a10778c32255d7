import { describe, expect, test } from 'vitest'
import { examine } from './probe.ts'
import type { KernelRunner } from './runner.ts'

// What a backend must be able to do, tried on ones that are not.

interface Faults {
  /** What becomes of a number on its way through the device. */
  readonly stored?: (x: number) => number
  /** Whether NaN is equal to itself there. */
  readonly losesNaN?: boolean
  /** An error of a remainder. */
  readonly off?: number
}

/** A runner that computes what the kernels of the probe say, with faults; and how many kernels were destroyed. */
function runner({ stored = (x) => x, losesNaN = false, off = 0 }: Faults) {
  let destroyed = 0
  const compile = (source: string, length: number) => ({
    destroy: () => void destroyed++,
    run: async ([input]: readonly Float32Array[]) =>
      Float32Array.from({ length }, (_, i) => {
        if (source.includes('imod')) {
          const n = i * 4_194_301 + 7
          return (n % 3) * 1009 + (n % 1009) + (i === 63 ? off : 0)
        }
        const x = stored(input![i]!)
        return source.includes('===') ? Number(Number.isNaN(x) && !losesNaN) : x
      }),
  })
  const fake = { compile, backend: 'webgpu', traits: { resident: false } } as unknown as KernelRunner
  return { fake, destroyed: () => destroyed }
}

test('one that keeps all bits has nothing to note, and no kernel is left', async () => {
  const { fake, destroyed } = runner({})
  expect(await examine(fake)).toEqual({ context: undefined, notes: [] })
  expect(destroyed()).toBe(4)
})

describe('not fit', () => {
  test.for([
    [
      'half a mantissa',
      { stored: (x: number) => (x === 1 + 2 ** -23 ? 1 : x) },
      /the float 1\.0000001\d* became 1 /,
    ],
    [
      'no large numbers',
      { stored: (x: number) => (x < -1e38 ? Number.NEGATIVE_INFINITY : x) },
      /became -Infinity/,
    ],
    ['no small normal ones', { stored: (x: number) => (x === 2 ** -126 ? 0 : x) }, /became 0 on the device/],
    ['integers that are rounded', { off: 1 }, /integer arithmetic is not exact below 2\^28/],
  ] as const)('%s', async ([, faults, says]) => {
    const { fake, destroyed } = runner(faults)
    await expect(examine(fake)).rejects.toThrow(/^gpu: the backend 'webgpu' is not fit to compute here: /)
    await expect(examine(fake)).rejects.toThrow(says)
    expect(destroyed()).toBe(8)
  })
})

test('what is lost beyond normal numbers is noted', async () => {
  const notes = async (faults: Faults) => (await examine(runner(faults).fake)).notes
  const small = (x: number) => (Math.abs(x) < 2 ** -126 ? 0 : x)
  expect(await notes({ stored: small })).toEqual(['numbers below 2^-126 become 0'])
  const finite = (x: number) => (x === Number.POSITIVE_INFINITY ? 3.4e38 : x)
  expect(await notes({ stored: finite })).toEqual(['infinity becomes a finite number'])
  expect(await notes({ losesNaN: true })).toEqual([
    'NaN may be lost in maximum, minimum and reductions by them',
  ])
})
