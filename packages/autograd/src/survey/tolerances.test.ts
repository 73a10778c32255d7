import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { PrimitiveName } from '@tweedie/tensor'
import { getDevice, primitiveNames, scope } from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tableIn } from './support.ts'
import {
  drawCall,
  largestError,
  longCall,
  type Measured,
  measureCall,
  rangeCall,
  rangesOf,
  rowOf,
  rowsOf,
  ulps,
} from './tolerances.ts'

const page = readFileSync(resolve(import.meta.dirname, '../../../../docs/tolerances.md'), 'utf8')
const rows = rowsOf(tableIn(page, 'tolerances'))
const advice = 'run: node packages/autograd/scripts/tolerance-table.ts'

function keeps({ units, allowed }: Measured, what: string): void {
  expect(units, what).toBeLessThanOrEqual(allowed)
}

describe.each(primitiveNames)('%s in float32', (primitive: PrimitiveName) => {
  it('keeps its bound on random calls', () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) =>
        scope(() => keeps(measureCall(primitive, drawCall(primitive, seed)), `seed ${seed}`)),
      ),
      { numRuns: 25 },
    )
  })

  it('keeps its bound on long sums and on all arguments of a function', () => {
    scope(() => {
      const call = longCall(primitive)
      if (call !== undefined) keeps(measureCall(primitive, call), 'long call')
      for (const range of rangesOf(primitive)) {
        keeps(measureCall(primitive, rangeCall(primitive, range)), `${range}`)
      }
    })
  })

  it('has the row of docs/tolerances.md', () => {
    const row = rows.find((r) => r.primitive === primitive)
    const { bound, ranges } = rowOf(primitive, 0)
    expect(row, advice).toMatchObject({ bound, ranges })
    // The error of the page was measured with fused multiply-add, and a little may depend on the processor's.
    if (getDevice('wasm').info().notes[0]!.includes('off')) return
    const units = largestError(primitive)
    expect(Math.abs(row!.units - units), `${advice}: ${units}`).toBeLessThanOrEqual(0.02 + units / 5)
  })
})

describe('the page of tolerances', () => {
  it('has the primitives in their order, and nothing else', () => {
    expect(rows.map((row) => row.primitive)).toEqual(primitiveNames)
  })
})

describe('the measure of errors', () => {
  const errors = (a: number[], e: number[]) => ulps(Float32Array.from(a), e)

  it('counts neighbours, at the size of the exact number', () => {
    expect(errors([1, 1 + 2 ** -23], [1, 1])).toBe(1)
    expect(errors([2 ** -149], [0])).toBe(1)
    expect(errors([-3], [-3 - 2 ** -23])).toBe(0.5)
  })

  it('takes no wrong NaN, infinity or sign', () => {
    const { NaN: nan, POSITIVE_INFINITY: infinite } = Number
    expect(errors([nan, infinite, infinite, -infinite], [nan, infinite, 1e39, -1e39])).toBe(0)
    for (const [a, e] of [
      [nan, 1],
      [1, nan],
      [infinite, 1],
      [1, infinite],
      [infinite, -infinite],
    ]) {
      expect(errors([a!], [e!]), `${a} for ${e}`).toBe(Number.POSITIVE_INFINITY)
    }
  })
})

it('the rows of a table are read as they were written', () => {
  const table = ['', '', '| `exp` | 1 ulp | 0.803 ulp | -1 … 1 |', '| `add` | the same | 0 |  |'].join('\n')
  expect(rowsOf(table)).toEqual([
    { primitive: 'exp', bound: '1 ulp', measured: '0.803 ulp', ranges: '-1 … 1', units: 0.803 },
    { primitive: 'add', bound: 'the same', measured: '0', ranges: '', units: 0 },
  ])
})
