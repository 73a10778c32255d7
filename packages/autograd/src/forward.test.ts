import type { Tensor } from '@tweedie/tensor'
import {
  concat,
  exp,
  groupNorm,
  memory,
  mul,
  normal,
  randomKey,
  scope,
  sin,
  sum,
  tensor,
  zerosLike,
} from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import {
  checkGrads,
  checkpoint,
  customVjp,
  grad,
  hessian,
  hvp,
  jacobian,
  jvp,
  linearize,
  stopGradient,
  valueAndGrad,
  vjp,
} from './index.ts'

const f64 = { dtype: 'float64' } as const
const list = (x: Tensor) => Array.from(x.dataSync())
const key = randomKey(5)
const draw = (name: string, shape: number[], device = 'wasm') =>
  normal(key.fold(name), shape, { ...f64, device })
/** What lives on a device that only tests of memory use, so that garbage collected meanwhile does not count. */
const alive = () => ({ ...memory('reference'), peakBytes: 0 })
const close = (found: Tensor, expected: Tensor, digits = 12) => {
  expect(found.shape).toEqual(expected.shape)
  list(found).forEach((v, i) => expect(v).toBeCloseTo(list(expected)[i]!, digits))
}

/** J·v by transposing the transpose, which knows nothing of forward rules. */
function doubleVjp(f: (x: Tensor) => Tensor, x: Tensor, v: Tensor): Tensor {
  const transposed = (u: Tensor) => {
    const [, pullback] = vjp(f, x)
    return pullback(u)[0]
  }
  const y = f(x)
  return vjp(transposed, zerosLike(y))[1](v)[0]
}

describe('jvp', () => {
  const w = draw('w', [3, 3])
  const x = draw('x', [2, 3])
  const v = draw('v', [2, 3])
  const f = (h: Tensor) => h.matmul(w).exp().mul(sin(h)).max(0).square()

  it('is the transpose of the transpose', () => {
    const [value, tangent] = jvp(f, [x], [v])
    expect(list(value)).toEqual(list(f(x)))
    close(tangent, doubleVjp(f, x, v))
  })

  it('takes trees, held arguments, integers and auxiliary results', () => {
    const g = (p: { w: Tensor; k: Tensor }, h: Tensor) =>
      [{ out: p.w.mul(h), twice: [h.mul(2)] }, { seen: p.k }] as const
    const p = { w: tensor([1, 2]), k: tensor([7], { dtype: 'int32' }) }
    const h = tensor([3, 4])
    const [value, tangent, aux] = jvp(g, [p, h], [{ k: p.k, w: tensor([1, 0]) }, undefined], { hasAux: true })
    expect([list(value.out), list(tangent.out), list(tangent.twice[0]!)]).toEqual([
      [3, 8],
      [3, 0],
      [0, 0],
    ])
    expect(list(aux.seen)).toEqual([7])
    // An integer needs no tangent.
    const partial = { w: tensor([0, 1]) } as unknown as typeof p
    expect(list(jvp(g, [p, h], [partial, h], { hasAux: true })[1].out)).toEqual([3, 12])
  })

  it('nests in itself and with vjp without confusing perturbations', () => {
    const one = tensor([1], f64)
    const slope = (fn: (a: Tensor) => Tensor) => (a: Tensor) => jvp(fn, [a], [one])[1]
    // d/dx [x · d/dy (x + y)] = 1, in all four nestings.
    const backward = (fn: (a: Tensor) => Tensor) => grad((a: Tensor) => sum(fn(a)))
    for (const outer of [slope, backward]) {
      for (const inner of [slope, backward]) {
        const nested = outer((a) => a.mul(inner((b) => a.add(b))(one)))
        expect(list(nested(tensor([4], f64)))).toEqual([1])
        expect(list(outer(inner((a) => a.pow(4)))(tensor([2], f64)))).toEqual([48])
      }
    }
    expect(list(slope(slope(slope((a) => a.pow(5))))(tensor([2], f64)))).toEqual([240])
  })

  it('treats what is closed over or stopped as constant', () => {
    const [, tangent] = jvp((a: Tensor) => a.mul(x).add(stopGradient(a)), [x], [v])
    close(tangent, v.mul(x))
  })

  it('gives zeros where nothing arrives, and the tangent itself for the identity', () => {
    expect(list(jvp((a: Tensor) => [a, x.mul(1)], [x], [v])[1][0]!)).toEqual(list(v))
    expect(list(jvp((a: Tensor) => [a, w], [x], [v])[1][1]!)).toEqual(list(zerosLike(w)))
  })

  it('goes through checkpoint, also to what it closes over, and through customVjp', () => {
    const plain = (p: Tensor, h: Tensor) => h.matmul(p).mul(0.3).exp().matmul(p)
    const wrapped = (p: Tensor, h: Tensor) =>
      checkpoint((z: Tensor) => z.matmul(p).mul(0.3).exp().matmul(p))(h)
    const dw = draw('dw', [3, 3])
    close(jvp(wrapped, [w, x], [dw, v])[1], jvp(plain, [w, x], [dw, v])[1])
    const cube = customVjp(
      (h: Tensor) => h.pow(3),
      ({ inputs: [h] }, dy) => [dy.mul(h).mul(h).mul(3)],
    )
    checkGrads((h: Tensor) => cube(h).mul(h), [x], { order: 3, tolerance: 1e-4 })
  })

  it('leaves nothing behind', () => {
    scope(() => {
      const [a, b, m] = [
        draw('a', [2, 3], 'reference'),
        draw('b', [2, 3], 'reference'),
        draw('m', [3, 3], 'reference'),
      ]
      const g = (h: Tensor) => h.matmul(m).exp().mul(sin(h)).max(0)
      const before = alive()
      scope(() => {
        jvp(g, [a], [b])
        hvp((h: Tensor) => sum(g(h)), a, b)
        expect(() => jvp((h: Tensor) => g(h).reshape([7]), [a], [b])).toThrow()
      })
      expect(alive()).toEqual(before)
    })
  })

  it('says what does not fit', () => {
    const twice = (a: Tensor) => a.mul(2)
    expect(() => jvp(twice, [x], [w])).toThrow(/jvp: the tangent must have the shape of the argument/)
    expect(() => jvp(twice, [x], [v.cast('float32')])).toThrow(/the tangent is float32, the argument float64/)
    expect(() => jvp(twice, [x], [] as never)).toThrow(/0 tangents for 1 arguments/)
    expect(() => jvp((p: { a: Tensor }) => p.a, [{ a: x }], [{ b: v } as never])).toThrow(
      /tangent of argument 0 has 1 tensors for 1: it lacks \.a, should not have \.b/,
    )
  })
})

describe('hvp and hessian', () => {
  const x = draw('hx', [3])
  const v = draw('hv', [3])
  const f = (a: Tensor) => sum(exp(a).mul(a.sum()).add(a.pow(3)))

  it('are exact', () => {
    // ∂² Σᵢ e^xᵢ·Σⱼ xⱼ + xᵢ³: [i,j] = e^xᵢ + e^xⱼ + δᵢⱼ(e^xᵢ·Σx + 6xᵢ).
    const [a, total] = [list(x), list(x).reduce((p, q) => p + q)]
    const expected = a.map((p, i) =>
      a.map((q, j) => Math.exp(p) + Math.exp(q) + (i === j ? Math.exp(p) * total + 6 * p : 0)),
    )
    const h = hessian(f)(x)
    close(h, tensor(expected, f64))
    close(hvp(f, x, v), h.matmul(v.reshape([3, 1])).reshape([3]))
    close(grad((b: Tensor) => sum(jvp(f, [b], [v])[1]))(x), hvp(f, x, v))
  })

  it('take trees and auxiliary results', () => {
    const g = (p: { a: Tensor; b: Tensor }) => [sum(p.a.mul(p.b)), p.a.mul(2)] as const
    const p = { a: tensor([1, 2]), b: tensor([3, 4]) }
    const [product, aux] = hvp(g, p, { a: tensor([5, 6]), b: tensor([7, 8]) }, { hasAux: true })
    expect([list(product.a), list(product.b), list(aux)]).toEqual([
      [7, 8],
      [5, 6],
      [2, 4],
    ])
    const blocks = hessian((q: typeof p) => sum(q.a.mul(q.b)))(p)
    expect(list(blocks.a.b)).toEqual([1, 0, 0, 1])
    expect(list(blocks.a.a)).toEqual([0, 0, 0, 0])
    expect(list(hessian((_: Tensor, y: Tensor) => sum(y.pow(3)), { argnums: 1 })(x, tensor([2])))).toEqual([
      12,
    ])
  })
})

describe('linearize', () => {
  it('runs f once, for many tangents and cotangents', () => {
    let runs = 0
    const on = 'reference'
    const a = draw('la', [2, 3], on)
    const f = (h: Tensor, w: Tensor) => {
      runs++
      return [{ y: h.matmul(w) }, w.mul(1)] as const
    }
    const w = draw('lw', [3, 2], on)
    const before = alive()
    scope(() => {
      using line = linearize(f, [a, w], { argnums: [0], hasAux: true })
      for (const name of ['p', 'q']) {
        const v = draw(name, [2, 3], on)
        const u = draw(name, [2, 2], on)
        close(line.pushforward([v]).y, v.matmul(w))
        close(line.pullback({ y: u })[0], u.matmul(w.transpose()))
      }
      expect(runs).toBe(1)
      expect(() => line.pullback({ y: a })).toThrow(/linearize: the cotangent must have the shape/)
      line.dispose()
      expect(() => line.pushforward([a])).toThrow(/has been disposed of/)
    })
    expect(alive()).toEqual(before)
    a.dispose()
    w.dispose()
  })

  it('is differentiable in what it is applied to, and in where it was taken', () => {
    const x = draw('dx', [3])
    const f = (p: Tensor, v: Tensor) => {
      using line = linearize((q: Tensor) => q.pow(3), [p], { argnums: 0 })
      return line.pushforward(v).add(line.pullback(v.square()))
    }
    checkGrads(f, [x, draw('dv', [3])], { tolerance: 1e-5 })
  })
})

describe('jacobian', () => {
  const x = draw('jx', [2, 3])
  const w = draw('jw', [3, 4])

  it('is the same by rows and by columns, and that of a linear map is its matrix', () => {
    const f = (h: Tensor) => h.matmul(w).exp()
    const [rows, columns] = [jacobian(f, { by: 'rows' })(x), jacobian(f, { by: 'columns' })(x)]
    expect(rows.shape).toEqual([2, 4, 2, 3])
    close(rows, columns)
    const linear = jacobian((h: Tensor) => h.matmul(w))(x.slice([0, 1]))
    close(linear.reshape([4, 3]), w.transpose())
  })

  it('takes the shorter way', () => {
    const passes = (f: (h: Tensor) => Tensor) => {
      let back = 0
      const counted = customVjp(
        (h: Tensor) => h.mul(1),
        (_, dy) => {
          back++
          return [dy]
        },
      )
      jacobian((h: Tensor) => f(counted(h)))(x)
      return back
    }
    // customVjp's rule runs once per pass in either direction.
    expect(passes((h) => sum(h, 1))).toBe(2)
    expect(passes((h) => concat([h, h]))).toBe(6)
  })

  it('takes trees on both sides, argnums, auxiliary results and empty tensors', () => {
    const f = (_: number, p: { a: Tensor; e: Tensor }, b: Tensor) =>
      [[p.a.mul(b), sum(b)], { note: 'aux', b }] as const
    const p = { a: tensor([1, 2]), e: draw('e', [0]).cast('float32') }
    const [j, aux] = jacobian(f, { argnums: [1, 2], hasAux: true })(0, p, tensor([3, 4]))
    expect(aux.note).toBe('aux')
    expect(list(j[0][0].a)).toEqual([3, 0, 0, 4])
    expect(list(j[0][1])).toEqual([1, 0, 0, 2])
    expect(list(j[1][1])).toEqual([1, 1])
    expect(j[0][0].e.shape).toEqual([2, 0])
  })

  it('nests, and leaves nothing behind', () => {
    const before = alive()
    scope(() => {
      const cube = (h: Tensor) => h.pow(3)
      const y = tensor([1, 2], { ...f64, device: 'reference' })
      expect(list(jacobian(jacobian(cube))(y))).toEqual([6, 0, 0, 0, 0, 0, 0, 12])
      checkGrads(jacobian(cube), [y])
    })
    expect(alive()).toEqual(before)
  })
})

describe('options', () => {
  it('grad hands auxiliary results on, and lists of arguments', () => {
    const f = (a: Tensor, b: Tensor) => [sum(mul(a, b)), { a }] as const
    const [g, aux] = grad(f, { hasAux: true, argnums: 1 })(tensor([1, 2]), tensor([3, 4]))
    expect([list(g), list(aux.a)]).toEqual([
      [1, 2],
      [1, 2],
    ])
    const [, [ga, gb]] = valueAndGrad(f, { hasAux: true, argnums: [0, 1] })(tensor([1, 2]), tensor([3, 4]))
    expect([list(ga), list(gb)]).toEqual([
      [3, 4],
      [1, 2],
    ])
    expect(() => grad(f as never, { hasAux: true, argnums: 2 })(tensor([1]) as never)).toThrow(
      /argnums: 2 names none/,
    )
    expect(() => grad(f as never, { argnums: [0, 0] })(tensor([1]) as never)).toThrow(
      /argnums: 0 appears twice/,
    )
    expect(() => grad((a: Tensor) => sum(a), { hasAux: true })(tensor([1]))).toThrow(
      /hasAux: .* must return a pair/,
    )
  })

  it('cotangents match records by name', () => {
    const [, pullback] = vjp((a: Tensor) => ({ p: a.mul(2), q: a.mul(3) }), tensor([1]))
    expect(list(pullback({ q: tensor([1]), p: tensor([10]) })[0])).toEqual([23])
  })
})

describe('fused group norm', () => {
  it('has the tangents of its composition in every input', () => {
    const inputs = [draw('gx', [2, 4, 3]), draw('gw', [4]), draw('gb', [4])] as const
    for (const silu of [false, true]) {
      const f = (x: Tensor, w: Tensor, b: Tensor) => groupNorm(x, w, b, { groups: 2, silu })
      for (let i = 0; i < 3; i++) {
        const along = (z: Tensor) =>
          f(...(inputs.map((x, k) => (k === i ? z : x)) as [Tensor, Tensor, Tensor]))
        const v = draw(`gv${i}`, [...inputs[i]!.shape])
        close(jvp(along, [inputs[i]!], [v])[1], doubleVjp(along, inputs[i]!, v), 10)
      }
    }
  })
})
