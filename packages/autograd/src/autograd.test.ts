import type { Tensor } from '@tweedie/tensor'
import {
  arange,
  conv2d,
  groupNorm,
  memory,
  normal,
  ones,
  primitiveNames,
  randomKey,
  scope,
  sum,
  tensor,
} from '@tweedie/tensor'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  checkGrads,
  checkpoint,
  customVjp,
  grad,
  isTracked,
  rules,
  stopGradient,
  valueAndGrad,
  vjp,
} from './index.ts'
import { tangentFormulas } from './rules/tangents.ts'

const list = (x: Tensor) => Array.from(x.dataSync())
const f64 = { dtype: 'float64' } as const

let before = memory().tensors
beforeEach(() => {
  before = memory().tensors
})

describe('transforms', () => {
  it('give value and gradient over trees, and leave nothing behind', () => {
    scope(() => {
      const loss = (p: { a: Tensor; b: Tensor[] }, x: Tensor) => sum(p.a.mul(x).add(p.b[0]!).square())
      const [value, g] = valueAndGrad(loss)({ a: tensor([1, 2]), b: [tensor([3, 4])] }, tensor([5, 6]))
      expect(list(value)).toEqual([64 + 256])
      expect(list(g.a)).toEqual([80, 192])
      expect(list(g.b[0]!)).toEqual([16, 32])
    })
    expect(memory().tensors).toBe(before)
  })

  it('tell what they follow', () => {
    const x = tensor([3])
    const seen: boolean[] = []
    grad((y: Tensor) => {
      seen.push(isTracked(y), isTracked(y.mul(2)), isTracked(x), isTracked(stopGradient(y)))
      return y.sum()
    })(x)
    expect([...seen, isTracked(x)]).toEqual([true, true, false, false, false])
  })

  it('treat tensors closed over as constants, even the argument itself', () => {
    const x = tensor([3])
    expect(list(grad((y: Tensor) => y.mul(x).sum())(x))).toEqual([3])
    expect(list(grad((y: Tensor) => y.mul(stopGradient(y)).sum())(x))).toEqual([3])
    expect(list(grad((a: Tensor, b: Tensor) => a.mul(b).sum(), { argnums: 1 })(x, x))).toEqual([3])
  })

  it('nest: third derivative of x⁵ and a mixed one', () => {
    const f = (x: Tensor) => x.pow(5).sum()
    const third = grad((x: Tensor) => grad((y: Tensor) => grad(f)(y).sum())(x).sum())
    expect(list(third(tensor([2], f64)))).toEqual([240])
    // d/dx of (d/dy of x·y²) at (3, 4) is 2y.
    const mixed = grad((x: Tensor) => grad((y: Tensor) => x.mul(y).mul(y).sum())(tensor([4])).sum())
    expect(list(mixed(tensor([3])))).toEqual([8])
  })

  it('perturbation confusion: d/dx [x · d/dy (x + y)] = 1', () => {
    const outer = grad((x: Tensor) => x.mul(grad((y: Tensor) => x.add(y).sum())(tensor([1]))).sum())
    expect(list(outer(tensor([1])))).toEqual([1])
  })

  it('hand auxiliary results through', () => {
    const [[loss, aux], g] = valueAndGrad((x: Tensor) => [x.sum(), { twice: x.mul(2) }] as const, {
      hasAux: true,
    })(tensor([1, 2]))
    expect([list(loss), list(aux.twice), list(g)]).toEqual([[3], [2, 4], [1, 1]])
  })

  it('a pullback can be retained, and says when it is spent', () => {
    const [, pullback] = vjp((x: Tensor) => x.mul(x), tensor([3]))
    expect(list(pullback(tensor([1]), { retain: true })[0])).toEqual([6])
    expect(list(pullback(tensor([2]))[0])).toEqual([12])
    expect(() => pullback(tensor([1]))).toThrow(/has been used/)
  })

  it('say what does not fit', () => {
    expect(() => grad((x: Tensor) => x.mul(2))(tensor([1, 2]))).toThrow(/must return a scalar/)
    const [, pullback] = vjp((x: Tensor) => x.sum(), tensor([1, 2]))
    expect(() => pullback(tensor([1]))).toThrow(/cotangent must have the shape/)
    pullback.dispose()
    expect(() => checkGrads((x: Tensor) => x, [tensor([1])])).toThrow(/float64/)
  })

  it('pass views, identities and constants back', () => {
    const [, same] = vjp((x: Tensor) => x, tensor([1, 2]))
    expect(list(same(tensor([5, 6]))[0])).toEqual([5, 6])
    const [, none] = vjp((x: Tensor) => ones([2]).add(x.detach()), tensor([1, 2]))
    expect(list(none(tensor([5, 6]))[0])).toEqual([0, 0])
    const [, both] = vjp((x: Tensor) => [x, x.mul(2)], tensor([1]))
    expect(list(both([tensor([1]), tensor([10])])[0])).toEqual([21])
  })
})

describe('checkpoint and customVjp', () => {
  const key = randomKey(3)
  const x = normal(key.fold('x'), [2, 3], f64)
  const w = normal(key.fold('w'), [3, 3], f64)
  const layer = (h: Tensor) => h.matmul(w).pow(3).exp().sqrt()

  it('checkpoint gives the same gradients, also in what it closes over, and at order 2', () => {
    const plain = (p: Tensor, h: Tensor) => h.matmul(p).mul(0.3).exp().matmul(p).sum()
    const wrapped = (p: Tensor, h: Tensor) => {
      const hidden = p.mul(1)
      return checkpoint((z: Tensor) => z.matmul(hidden).mul(0.3).exp().matmul(hidden))(h).sum()
    }
    const both = { argnums: [0, 1] } as const
    const [expected, found] = [valueAndGrad(plain, both)(w, x), valueAndGrad(wrapped, both)(w, x)]
    expect(list(found[0])).toEqual(list(expected[0]))
    ;[0, 1].forEach((i) => expect(list(found[1][i] as Tensor)).toEqual(list(expected[1][i] as Tensor)))
    checkGrads(wrapped, [w, x])
  })

  it('checkpoint survives the scope that made what it closes over', () => {
    const f = (p: Tensor) =>
      scope(() => {
        const inner = scope(() => p.mul(2))
        return scope(() => checkpoint((z: Tensor) => z.mul(inner).exp())(inner)).sum()
      })
    checkGrads(f, [x])
  })

  it('checkpoint tells results apart that are one value', () => {
    const twice = checkpoint((z: Tensor) => {
      const y = z.square()
      return [y, y, z]
    })
    const f = (z: Tensor) => {
      const [a, b, c] = twice(z) as [Tensor, Tensor, Tensor]
      return a.mul(3).add(b).add(c).sum()
    }
    expect(list(grad(f)(tensor([1, -2])))).toEqual([9, -15])
  })

  it('checkpoint saves its inputs only', () => {
    const chain = (h: Tensor) => [1, 2, 3, 4].reduce((z) => layer(z), h)
    const held = (f: (h: Tensor) => Tensor) => {
      const start = memory().bytes
      const [y, pullback] = vjp(f, x)
      y.dispose()
      const bytes = memory().bytes - start
      pullback.dispose()
      return bytes
    }
    expect(held(checkpoint(chain))).toBeLessThan(held(chain) / 3)
  })

  it('customVjp uses the rule, and the rule is differentiable', () => {
    const twice = customVjp(
      (h: Tensor) => h.mul(h),
      ({ inputs: [h] }, dy) => [dy.mul(h).mul(2)],
    )
    checkGrads((h: Tensor) => twice(h.mul(1)).sum(), [x])
    const wrong = customVjp(
      (h: Tensor) => h.mul(h),
      ({ inputs: [h] }, dy) => [dy.mul(h)],
    )
    expect(() => checkGrads((h: Tensor) => wrong(h.mul(1)).sum(), [x])).toThrow(/relative error/)
  })
})

describe('rules', () => {
  const key = randomKey(11)
  const draw = (name: string, shape: number[]) => normal(key.fold(name), shape, f64)
  const positive = (name: string, shape: number[]) => draw(name, shape).square().add(0.5)

  it('cover every primitive', () => expect(Object.keys(rules).sort()).toEqual([...primitiveNames].sort()))

  it('have a formula of forward mode where they say so, and nowhere else', () => {
    const saying = Object.entries(rules).filter(([, rule]) => rule.kind === 'vjp' && rule.jvp === 'formula')
    expect(Object.keys(tangentFormulas).sort()).toEqual(saying.map(([name]) => name).sort())
  })

  it('fused group norm equals its composition at orders 1 to 3', () => {
    for (const silu of [false, true]) {
      const f = (x: Tensor, w: Tensor, b: Tensor) => groupNorm(x, w, b, { groups: 2, silu })
      checkGrads(f, [draw('gx', [2, 4, 3]), draw('gw', [4]), draw('gb', [4])], { order: 3, tolerance: 1e-5 })
    }
  })

  it('conv2d in every geometry', () => {
    const cases = [
      { stride: 1, padding: 1 },
      { stride: 2, padding: 1 },
      {
        stride: [2, 3],
        padding: [
          [0, 2],
          [1, 0],
        ],
      },
      { dilation: 2, padding: 2 },
      { lhsDilation: 2, padding: 1 },
      { groups: 2, stride: 2 },
      { padding: -1 },
    ] as const
    for (const options of cases) {
      const groups = 'groups' in options ? options.groups : 1
      checkGrads(
        (x: Tensor, w: Tensor) => conv2d(x, w, options as object),
        [draw('x', [2, 4, 7, 6]), draw('w', [2, 4 / groups, 3, 2])],
      )
    }
  })

  it('a cast hands its gradient back in the type of its input, at both orders', () => {
    const x = tensor([0.5, -2], f64)
    // Squares in float32, cubes in float64: the gradients of both meet in x.
    const f = (v: Tensor) => v.cast('float32').square().cast('float64').mul(v).sum()
    const g = grad(f)
    expect(g(x).dtype).toBe('float64')
    expect(list(g(x))).toEqual([0.75, 12])
    expect(list(grad((v: Tensor) => g(v).sum())(x))).toEqual([3, -12])
    expect(grad((v: Tensor) => v.cast('float32').sum())(x).dtype).toBe('float64')
  })

  it('powers, extremes and selections', () => {
    checkGrads((a: Tensor, b: Tensor) => a.pow(b), [positive('a', [3, 1]), draw('b', [2])])
    expect(list(grad((a: Tensor) => a.max().sum())(tensor([1, 3, 3])))).toEqual([0, 0.5, 0.5])
    const strided = arange(12, f64).reshape([3, 4])
    checkGrads(
      (a: Tensor) => a.slice([null, null, -2], [3, null, -2]).mul(a.slice([0, 2], [1, 3])),
      [strided],
    )
  })
})
