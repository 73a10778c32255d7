import type { Tensor } from '@tweedie/tensor'
import {
  argmax,
  cast,
  DTypeError,
  floor,
  less,
  log,
  ShapeError,
  sign,
  sqrt,
  sum,
  tensor,
  where,
} from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { AnomalyError, checkpoint, customVjp, detectAnomaly, grad, jacobian, jvp, vjp } from './index.ts'

const list = (x: Tensor) => Array.from(x.dataSync())
const x = tensor([1, 2, 3])

describe('no gradient', () => {
  it('flows through pieces that are constant: it is zero', () => {
    expect(list(grad((y: Tensor) => sum(floor(y).mul(sign(y))))(x))).toEqual([0, 0, 0])
    const accuracy = (y: Tensor) => sum(cast(less(y, 2), 'float32'))
    expect(list(grad(accuracy)(x))).toEqual([0, 0, 0])
    expect(list(jvp(accuracy, [x], [x])[1])).toEqual([0])
  })

  it('can be where the result is no float; the message names the primitive and its reason', () => {
    const why =
      /the result \[\] int32 has no gradient; it comes from argmax, which has none: an index is constant/
    expect(() => grad((y: Tensor) => argmax(y, 0))(x)).toThrow(why)
    expect(() => grad((y: Tensor) => argmax(y, 0).mul(2).add(1))(x)).toThrow(why)
    expect(() => jvp((y: Tensor) => argmax(y, 0), [x], [x])).toThrow(why)
    expect(() => jacobian((y: Tensor) => argmax(y, 0))(x)).toThrow(DTypeError)
    const [y, pullback] = vjp((z: Tensor) => cast(z, 'int32'), x)
    expect(() => pullback(y)).toThrow(
      /comes from cast, which has none: a cast from float32 to int32 moves in steps/,
    )
    pullback.dispose()
  })

  it('can be where the argument is no float', () => {
    expect(() => grad((y: Tensor) => sum(cast(y, 'float32')))(tensor([1], { dtype: 'int32' }))).toThrow(
      /grad: only float32 and float64 tensors have gradients, the argument is \[1\] int32/,
    )
    expect(() => grad((y: number) => x.mul(y).sum())(3)).toThrow(/the argument is no tensor/)
  })

  it('is an error of its own kind', () => {
    expect(() => grad((y: Tensor) => y)(x)).toThrow(ShapeError)
    const [, pullback] = vjp((y: Tensor) => [y, sum(y)], x)
    const one = tensor(1)
    expect(() => pullback([x])).toThrow(/the cotangent has 1 tensors for 2: it lacks \[1\]/)
    expect(() => pullback([x, one, one])).toThrow(/has 3 tensors for 2: it should not have \[2\]/)
    expect(() => pullback([one, one])).toThrow(/cotangent must have the shape of the result \(\[3\], \[\]\)/)
    expect(() => pullback([x.cast('float64'), one])).toThrow(/the cotangent is float64, the result float32/)
    expect(list(pullback([x, one])[0])).toEqual([2, 3, 4])
    const freed = tensor([1])
    const [, again] = vjp((y: Tensor) => y.mul(2), freed)
    freed.dispose()
    expect(() => again(freed)).toThrow(/was freed/)
    expect(() => vjp((y: Tensor) => y.mul(2), freed)).toThrow(/was freed/)
  })

  it('of a customVjp has the type and shape of the input', () => {
    const wrong = (make: (dy: Tensor) => Tensor) =>
      grad((y: Tensor) =>
        sum(
          customVjp(
            (z: Tensor) => z.mul(2),
            (_, dy) => [make(dy)],
          )(y),
        ),
      )
    expect(() => wrong((dy) => dy.cast('float64'))(x)).toThrow(
      /customVjp: the gradient of input 0 came out as float64/,
    )
    expect(() => wrong((dy) => sum(dy))(x)).toThrow(/customVjp: the gradient of input 0 came out as \[\]/)
  })
})

describe('detectAnomaly', () => {
  const caught = (fn: () => unknown): AnomalyError => {
    try {
      detectAnomaly(fn)
    } catch (error) {
      expect(error).toBeInstanceOf(AnomalyError)
      return error as AnomalyError
    }
    throw new Error('nothing was found')
  }
  /** The line of this file that the marker stands on, as the error must give it. */
  const here = (offset: number) => {
    const at = /errors\.test\.ts:(\d+)/.exec(new Error().stack!.split('\n')[2]!)!
    return Number(at[1]) + offset
  }

  it('names the primitive and the line that made the gradient infinite', () => {
    let line = 0
    const error = caught(() =>
      grad((y: Tensor) => {
        line = here(1)
        const root = sqrt(y)
        return sum(root.mul(2))
      })(tensor([0, 1])),
    )
    expect(error.primitive).toBe('sqrt')
    expect(error.site).toMatch(new RegExp(`errors\\.test\\.ts:${line}:\\d+$`))
    expect(error.message).toMatch(
      /^sqrt called at .*: the gradient of input 0 has infinity, though what arrived was finite/,
    )
  })

  it('finds the masked NaN of where, and the value that was NaN first', () => {
    const masked = (y: Tensor) => sum(where(less(0, y), log(y), 0))
    expect(list(grad(masked)(tensor([0])))[0]).toBeNaN()
    expect(caught(() => grad(masked)(tensor([0]))).primitive).toBe('log')
    const error = caught(() => grad((y: Tensor) => sum(sqrt(y).mul(2)))(tensor([-1])))
    expect(error.message).toMatch(
      /^sqrt called at .*errors\.test\.ts:\d+:\d+: its value has NaN, its inputs have none/,
    )
  })

  it('looks into checkpoints and forward products, and tells a bad cotangent from a bad rule', () => {
    const f = (y: Tensor) => sum(checkpoint((z: Tensor) => sqrt(z).mul(3))(y))
    expect(caught(() => grad(f)(tensor([0]))).primitive).toBe('sqrt')
    const tangent = caught(() => jvp(sqrt, [tensor([0])], [tensor([1])]))
    expect(tangent.message).toMatch(/the tangent of result 0 has infinity/)
    const outside = caught(() => vjp((y: Tensor) => y.mul(2), x)[1](tensor([Number.NaN, 0, 0])))
    expect(outside.message).toMatch(/arrived with NaN: it was put in from outside/)
  })

  it('costs nothing when off, lets finite work pass, and lasts as long as a promise', async () => {
    const root = (y: Tensor) => sum(sqrt(y))
    expect(list(detectAnomaly(() => grad(root)(tensor([4]))))).toEqual([0.25])
    expect(list(grad(root)(tensor([0])))).toEqual([Number.POSITIVE_INFINITY])
    const waiting = detectAnomaly(async () => {
      await Promise.resolve()
      return grad(root)(tensor([0]))
    })
    await expect(waiting).rejects.toThrow(AnomalyError)
    expect(list(grad(root)(tensor([0])))).toEqual([Number.POSITIVE_INFINITY])
  })
})
