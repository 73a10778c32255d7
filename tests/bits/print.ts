// What is kept of a run's bits.
import { createHash } from 'node:crypto'
import type { Tensor } from '@tweedie/tensor'
import type { Made } from './cases.ts'
import { digitCases, doubleDigitCases, smallCases } from './cases.ts'
import type { Arithmetic } from './world.ts'
import { on } from './world.ts'

/** The result's first numbers, for people; its SHA-256; and that of every t, x, x̂₀ and residual on the way. */
export interface Print {
  readonly first: readonly number[]
  readonly result: string
  readonly steps?: string
}

type Cases = Readonly<Record<string, () => Made>>
/** The cases by name, with what computes them. */
export const groups: Readonly<
  Record<string, { readonly of: (a: Arithmetic) => Cases; readonly arithmetic: Arithmetic }>
> = {
  'float32 kernels': { of: smallCases, arithmetic: { device: 'plain wasm', dtype: 'float32' } },
  'float64 on wasm': { of: smallCases, arithmetic: { device: 'plain wasm', dtype: 'float64' } },
  'float32 by plain loops': { of: smallCases, arithmetic: { device: 'reference', dtype: 'float32' } },
  'digits, float32 kernels': { of: digitCases, arithmetic: { device: 'plain wasm', dtype: 'float32' } },
  'digits, float64 by plain loops': {
    of: doubleDigitCases,
    arithmetic: { device: 'reference', dtype: 'float64' },
  },
}

/** The prints of every case of a group. */
export const printsOf = (group: string): Promise<Record<string, Print>> => {
  const { of, arithmetic } = groups[group]!
  return on(arithmetic, async () => {
    const prints: Record<string, Print> = {}
    for (const [name, make] of Object.entries(of(arithmetic))) prints[name] = await printOf(make())
    return prints
  })
}

const bytesOf = (x: Tensor): Uint8Array => {
  const values = x.dataSync()
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
const sha256 = (x: Tensor): string => createHash('sha256').update(bytesOf(x)).digest('hex')
const firstOf = (x: Tensor): number[] => Array.from(x.dataSync().subarray(0, 4))

async function printOf(made: Made): Promise<Print> {
  const done = (x: Tensor) => ({ first: firstOf(x), result: sha256(x) })
  if (!(Symbol.asyncIterator in made)) return done(made)
  const steps = createHash('sha256')
  for (;;) {
    const next = await made.next()
    if (next.done === true) {
      const print = { ...done(next.value), steps: steps.digest('hex') }
      next.value.dispose()
      return print
    }
    const { t, x, x0hat } = next.value
    const residual = 'residual' in next.value ? next.value.residual : []
    steps.update(JSON.stringify([t, residual]))
    for (const shown of [x, x0hat]) steps.update(bytesOf(shown))
  }
}
