import type { Tensor } from '@tweedie/tensor'
import { tensor } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { checkGrads, customVjp, GradientError, stopGradient } from './index.ts'

const x = tensor([0.3, -0.7], { dtype: 'float64' })

describe('checkGrads', () => {
  /** x³ with a gradient that is off by a factor. */
  const cubeTimes = (factor: number) =>
    customVjp(
      (a: Tensor) => a.mul(a).mul(a),
      ({ inputs: [a] }, dy) => [dy.mul(a.square().mul(3 * factor))],
    )

  test('lets a right gradient pass and sees one that is off by a hundred thousandth', () => {
    checkGrads((a: Tensor) => cubeTimes(1)(a).sum(), [x], { modes: ['reverse'] })
    const off = () =>
      checkGrads((a: Tensor) => cubeTimes(1 + 1e-5)(a).sum(), [x], { modes: ['reverse'], order: 1 })
    expect(off).toThrow(GradientError)
  })

  test('sees a second derivative that is wrong where the first is right, at order 2, its default, and not at 1', () => {
    // The gradient 3x² as a number that later passes take for a constant.
    const f = customVjp(
      (a: Tensor) => a.mul(a).mul(a),
      ({ inputs: [a] }, dy) => [dy.mul(stopGradient(a.square().mul(3)))],
    )
    const checked = (order?: number) =>
      checkGrads((a: Tensor) => f(a).sum(), [x], {
        modes: ['reverse'],
        ...(order === undefined ? {} : { order }),
      })
    expect(() => checked(1)).not.toThrow()
    expect(() => checked(2)).toThrow(GradientError)
    expect(() => checked()).toThrow(GradientError)
  })
})
