import type { PrimitiveName, Tensor } from '@tweedie/tensor'
import {
  broadcastTo,
  dispatch,
  fromData,
  getDevice,
  isFloat,
  normal,
  primitiveNames,
  randomKey,
  scope,
} from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkGrads, jvp, vjp } from '../index.ts'
import type { Draw } from '../survey/calls.ts'
import { drawFrom, merge, randomCall } from '../survey/calls.ts'

const seeds = fc.integer({ min: 0, max: 1e6 })

describe.each(primitiveNames)('%s', (primitive) => {
  const make = (draw: Draw) => randomCall(primitive as PrimitiveName, draw)

  it('has gradients that agree with finite differences in float64, order 2', () => {
    fc.assert(
      fc.property(seeds, (seed) =>
        scope(() => {
          const { inputs, params } = make(drawFrom(seed, 'float64', 'reference'))
          const floats = inputs.filter(({ dtype }) => isFloat(dtype))
          if (floats.length === 0) return
          const f = (...xs: Tensor[]) => {
            const y = dispatch(primitive, merge(inputs, xs), params)
            return isFloat(y.dtype) ? y : y.cast('float64')
          }
          checkGrads(f, floats, { seed, tolerance: 3e-6 })
        }),
      ),
      { numRuns: 12 },
    )
  })

  it('runs on wasm as on the reference in float32: value, tangent, gradient, gradient of the gradient', () => {
    fc.assert(
      fc.property(seeds, (seed) =>
        scope(() => {
          const run = (device: string) => {
            const { inputs, params } = make(drawFrom(seed, 'float32', device))
            const moved = inputs.map((x) =>
              x.device.name === device ? x : fromData(x.dataSync(), x.shape, { device, dtype: x.dtype }),
            )
            const call = (primitive === 'cast' ? { dtype: 'float32' } : params) as typeof params
            const floats = moved.filter(({ dtype }) => isFloat(dtype))
            const f = (...xs: Tensor[]) => dispatch(primitive, merge(moved, xs), call)
            const y = f(...floats)
            expect(y.device).toBe(getDevice(device))
            const values = (tensors: readonly Tensor[]) => tensors.map((x) => Array.from(x.dataSync()))
            if (!isFloat(y.dtype)) return values([y])
            const like = (x: Tensor, i: number) =>
              normal(randomKey(seed).fold(i + 1), x.shape, { device, dtype: 'float32' })
            const [u, v] = [like(y, -1), floats.map(like)]
            const [grads, second] = vjp((...xs: Tensor[]) => vjp(f, ...xs)[1](u), ...floats)
            return values([y, jvp(f, floats, v)[1], ...grads, ...second(v)])
          }
          const [expected, found] = [run('reference'), run('wasm')]
          expected.forEach((values, i) => {
            const scale = values.reduce((most, v) => Math.max(most, Math.abs(v)), 1)
            values.forEach((v, j) => {
              expect(Math.abs(found[i]![j]! - v) / scale, `result ${i}[${j}], seed ${seed}`).toBeLessThan(
                2e-5,
              )
            })
          })
        }),
      ),
      { numRuns: 12 },
    )
  })
})

it('broadcast views of the inputs do not disturb the rules', () => {
  const x = broadcastTo(fromData([1, 2], [2, 1], { dtype: 'float64' }), [2, 3])
  checkGrads((a: Tensor) => a.mul(a).sum(0), [x])
})
