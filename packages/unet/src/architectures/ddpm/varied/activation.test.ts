import { checkGrads } from '@tweedie/autograd'
import { fromData, scope } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import type { DdpmActivation } from '../types.ts'
import { activate } from './activation.ts'

const at = [-30, -2.5, -1e-3, 0.5, 3, 60]

/** By PyTorch 2.13 in float64, at those places. */
const expected: { readonly [A in DdpmActivation]: readonly number[] } = {
  silu: [
    -2.80728689065179e-12, -0.18964545005310887, -0.0004997500000208334, 0.3112296656009273, 2.8577223804673,
    60,
  ],
  mish: [
    -2.80728689065192e-12, -0.19681620390653337, -0.0005996799840458665, 0.3752452113048951, 2.98653500496796,
    60,
  ],
  gelu: [0, -0.015524163314440398, -0.000499601057786089, 0.34573123063700656, 2.99595030590511, 60],
  relu: [0, 0, 0, 0.5, 3, 60],
}

test.each(Object.keys(expected) as DdpmActivation[])('%s: values, and derivatives to order 2', (name) => {
  scope(() => {
    const x = fromData(at, [at.length], { dtype: 'float64', device: 'reference' })
    activate[name](x)
      .dataSync()
      .forEach((value, i) => {
        const wanted = expected[name][i]!
        expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-12 * Math.abs(wanted) + 1e-16)
      })
    const single = activate[name](x.cast('float32')).dataSync()
    single.forEach((value, i) => {
      expect(Math.abs(value - expected[name][i]!)).toBeLessThanOrEqual(
        1e-6 * Math.abs(expected[name][i]!) + 1e-7,
      )
    })
    checkGrads((v) => activate[name](v), [x])
  })
})
