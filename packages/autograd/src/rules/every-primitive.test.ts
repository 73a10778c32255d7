import type { PrimitiveName, Tensor } from '@tweedie/tensor'
import {
  broadcastTo,
  dispatch,
  fromData,
  getDevice,
  isFloat,
  normal,
  primitiveNames,
  pushInterpreter,
  randomKey,
  removeInterpreter,
  resultOf,
  scope,
} from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkGrads, jvp, vjp } from '../index.ts'
import type { Draw } from '../survey/calls.ts'
import { drawFrom, merge, randomCall } from '../survey/calls.ts'
import { RunningError } from '../survey/running-error.test.helper.ts'

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

  it('runs in float32 on wasm within its running error of float64: value, tangent, gradient, gradient of the gradient', () => {
    fc.assert(
      fc.property(seeds, (seed) =>
        scope(() => {
          const { inputs, params } = make(drawFrom(seed, 'float32', 'wasm'))
          const { u, vs } = directionsOf(primitive, inputs, params, seed)
          const run = (dtype: 'float32' | 'float64', device: string): Tensor[] => {
            const moved = (x: Tensor) =>
              x.device.name === device
                ? x
                : fromData(x.dataSync(), x.shape, { device, dtype: isFloat(x.dtype) ? dtype : x.dtype })
            const own = inputs.map(moved)
            const call = (primitive === 'cast' ? { dtype } : params) as typeof params
            const floats = own.filter((x) => isFloat(x.dtype))
            const f = (...xs: Tensor[]) => dispatch(primitive, merge(own, xs), call)
            const y = f(...floats)
            expect(y.device).toBe(getDevice(device))
            if (!isFloat(y.dtype)) return [y]
            const [cotangent, tangents] = [moved(u), vs.map(moved)]
            const [grads, second] = vjp((...xs: Tensor[]) => vjp(f, ...xs)[1](cotangent), ...floats)
            return [y, jvp(f, floats, tangents)[1], ...grads, ...second(tangents)]
          }
          const errors = new RunningError()
          pushInterpreter(errors)
          const expected = run('float64', 'reference')
          removeInterpreter(errors)
          run('float32', 'wasm').forEach((found, i) => {
            const [actual, exact] = [found.dataSync(), expected[i]!.dataSync()]
            const bounds = errors.boundOf(expected[i]!)
            bounds.forEach((bound, j) => {
              expect(Math.abs(actual[j]! - exact[j]!), `result ${i}[${j}], seed ${seed}`).toBeLessThanOrEqual(
                bound,
              )
            })
          })
        }),
      ),
      { numRuns: 12 },
    )
  })
})

/** A cotangent of the result and tangents of the inputs, in float32. */
function directionsOf(
  primitive: PrimitiveName,
  inputs: readonly Tensor[],
  params: object,
  seed: number,
): { u: Tensor; vs: Tensor[] } {
  const like = (shape: readonly number[], i: number) =>
    normal(randomKey(seed).fold(i), shape, { device: 'wasm', dtype: 'float32' })
  const { shape } = resultOf(primitive, inputs, params as never)
  const floats = inputs.filter((x) => isFloat(x.dtype))
  return { u: like(shape, 0), vs: floats.map((x, i) => like(x.shape, i + 1)) }
}

it('broadcast views of the inputs do not disturb the rules', () => {
  const x = broadcastTo(fromData([1, 2], [2, 1], { dtype: 'float64' }), [2, 3])
  checkGrads((a: Tensor) => a.mul(a).sum(0), [x])
})
