import type { Tensor } from '@tweedie/tensor'
import { exp, normal, ones, randomKey, scope, sum, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { checkGrads, checkpoint, customVjp, grad, jvp, vjp } from './index.ts'

const f64 = { dtype: 'float64' } as const
const list = (x: Tensor) => Array.from(x.dataSync())
const x = normal(randomKey(2), [3], f64)

describe('checkpoints inside checkpoints', () => {
  const cube = customVjp(
    (h: Tensor) => h.pow(3),
    ({ inputs: [h] }, dy) => [dy.mul(h).mul(h).mul(3)],
  )

  it('find what they close over, also as an explicit argument or of a rule of its own', () => {
    const f = (p: Tensor) => {
      const hidden = p.mul(0.5)
      return checkpoint((z: Tensor) => {
        const inner = checkpoint((u: Tensor) => u.mul(hidden).add(p))(hidden)
        return checkpoint((u: Tensor) => exp(u).mul(z))(inner)
          .add(cube(hidden))
          .add(cube(p))
      })(p.add(1))
    }
    const g = (p: Tensor) => {
      const hidden = p.mul(0.5)
      const inner = hidden.mul(hidden).add(p)
      return exp(inner).mul(p.add(1)).add(hidden.pow(3)).add(p.pow(3))
    }
    list(grad((p: Tensor) => sum(f(p)))(x)).forEach((v, i) => {
      expect(v).toBeCloseTo(list(grad((p: Tensor) => sum(g(p)))(x))[i]!, 12)
    })
    checkGrads(f, [x])
  })

  it('hand on what they close over, with its gradient', () => {
    const hand = (p: Tensor) => sum(checkpoint((z: Tensor) => [p, z.mul(p)])(x)[0]!.mul(2))
    expect(list(grad(hand)(x))).toEqual([2, 2, 2])
    checkGrads((p: Tensor) => checkpoint((_: Tensor) => p)(x).square(), [x])
  })

  it('hold a gradient taken inside', () => {
    const f = (p: Tensor) => checkpoint((z: Tensor) => grad((y: Tensor) => sum(y.pow(3).mul(p).mul(z)))(z))(p)
    checkGrads(f, [x], { tolerance: 1e-5 })
  })
})

describe('a checkpoint', () => {
  it('keeps the constants that it closes over', () => {
    scope(() => {
      const [, pullback] = vjp((p: Tensor) => {
        const scale = scope(() => ones([3], f64).mul(2))
        const y = checkpoint((z: Tensor) => z.square().mul(scale))(p)
        scale.dispose()
        return y
      }, x)
      expect(list(pullback(ones([3], f64))[0])).toEqual(list(x.mul(4)))
    })
  })

  it('runs its function once more per pass, and not at all where nothing is traced', () => {
    let runs = 0
    const f = checkpoint((z: Tensor) => {
      runs++
      return z.square()
    })
    f(x)
    expect(runs).toBe(1)
    grad((p: Tensor) => sum(f(p)))(x)
    expect(runs).toBe(3)
    jvp(f, [x], [x])
    expect(runs).toBe(5)
    grad((p: Tensor) => sum(f(x).mul(p)))(x)
    expect(runs).toBe(6)
  })

  it('says when its function is not pure', () => {
    let runs = 0
    const f = checkpoint((z: Tensor): Tensor[] => (runs++ === 0 ? [z.square()] : [z, z]))
    expect(() => grad((p: Tensor) => sum(f(p)[0]!))(tensor([1]))).toThrow(
      /not pure: it returned 1 tensors, then 2/,
    )
  })
})
