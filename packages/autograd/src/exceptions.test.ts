import type { Tensor } from '@tweedie/tensor'
import {
  activeInterpreters,
  memory,
  ShapeError,
  scope,
  sum,
  TweedieError,
  tensor,
  treeLeaves,
  zeros,
} from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import type { ChainStrategy } from './index.ts'
import {
  AnomalyError,
  checkGrads,
  checkpoint,
  checkpointedChain,
  customVjp,
  detectAnomaly,
  grad,
  hessian,
  hvp,
  jacobian,
  jvp,
  linearize,
  traceTape,
  valueAndGrad,
  vjp,
} from './index.ts'

type Fn = (x: Tensor) => Tensor

const boom = (): never => {
  throw new Error('boom')
}
/** Throws when it has made something. */
const spoiled: Fn = (x) => {
  x.exp()
  return boom()
}
/** On its call number `n` (from 1) it throws. */
const failsAt = (n: number, fn: Fn): Fn => {
  let calls = 0
  return (x) => (++calls === n ? boom() : fn(x))
}
/** A value whose gradient has arrived in several places before it comes to `middle`. */
const amid = (middle: Fn): Fn => {
  return (x) => {
    const y = x.exp()
    const z = middle(y.mul(x)).mul(y)
    return sum(z.add(x).mul(y))
  }
}
const step: Fn = (x) => x.exp().mul(0.5)
const chained = (broken: Fn, strategy: ChainStrategy<Tensor>): Fn =>
  amid((x) => checkpointedChain([step, step, broken, step, step], x, { strategy }))
const withRule = (rule: (dy: Tensor) => readonly (Tensor | undefined)[]): Fn =>
  amid(
    customVjp(
      (q: Tensor) => q.exp(),
      (_, dy) => rule(dy),
    ),
  )

/** Functions, each made anew, that throw while they run. */
const forwards: Record<string, () => Fn> = {
  'in f': () => amid(spoiled),
  'in a checkpointed function': () => amid(checkpoint(spoiled)),
  'in a customVjp': () => amid(customVjp(spoiled, (_, dy) => [dy])),
  'in a step of a chain': () => chained(failsAt(1, step), { slots: 2 }),
  'in a step of a taped chain': () => chained(failsAt(1, step), 'tape'),
  'in f, within f': () => amid((x) => grad(spoiled)(x)),
}

/** Functions that throw, or give what does not fit, when a derivative comes by. */
const backwards: Record<string, () => Fn> = {
  'in a rule': () => withRule(boom),
  'in the second call of a rule': () => {
    const late = customVjp(
      (q: Tensor) => q.exp(),
      (_, dy) => [failing(dy)],
    )
    const failing = failsAt(2, (dy) => dy.mul(2))
    return amid((x) => late(late(x)))
  },
  'in the number of gradients': () => withRule((dy) => [dy, dy]),
  'in the shape of a gradient': () => withRule((dy) => [zeros([7], { dtype: dy.dtype })]),
  'in the type of a gradient': () => withRule((dy) => [dy.cast('int32')]),
  'in a checkpoint, the second time': () => amid(checkpoint(failsAt(2, step))),
  'in a checkpoint that is not pure': () => {
    let calls = 0
    return amid(
      (x) => treeLeaves(checkpoint((y: Tensor) => (calls++ % 2 > 0 ? [y.exp(), y.exp()] : [y.exp()]))(x))[0]!,
    )
  },
  'in a chain, the second time': () => chained(failsAt(2, step), { slots: 1 }),
  'in a chain with all checkpoints, the second time': () => chained(failsAt(2, step), 'checkpoint'),
  'in the inverse of a step': () =>
    chained(step, {
      inverses: [step, step, failsAt(1, (x) => x.mul(2).log()), step, step].map((inverse, i) =>
        i === 2 ? inverse : (x: Tensor) => x.mul(2).log(),
      ),
    }),
}

const x = tensor([0.1, 0.2, 0.3])
const v = tensor([1, -1, 2])
const one = tensor(1)
const wide = x.cast('float64')

/** Transforms of a function of scalar value; each gives what it makes. */
const transforms: Record<string, (f: Fn) => unknown> = {
  grad: (f) => grad(f)(x),
  valueAndGrad: (f) => valueAndGrad(f)(x),
  'grad with aux': (f) => grad((z: Tensor) => [f(z), z.exp()], { hasAux: true })(x),
  'grad in the second argument': (f) =>
    grad((a: Tensor, b: Tensor) => f(a.mul(b)), { argnums: [0, 1] })(x, v),
  'vjp and its pullback': (f) => {
    const [y, pullback] = vjp(f, x)
    try {
      return [y, pullback(one)]
    } catch (error) {
      y.dispose()
      throw error
    }
  },
  'a pullback that is retained': (f) => {
    const [y, pullback] = vjp(f, x)
    try {
      return [y, pullback(one, { retain: true })]
    } catch (error) {
      y.dispose()
      throw error
    } finally {
      pullback.dispose()
    }
  },
  jvp: (f) => jvp(f, [x], [v]),
  hvp: (f) => hvp(f, x, v),
  hessian: (f) => hessian(f)(x),
  'jacobian by rows': (f) => jacobian((z: Tensor) => f(z).mul(z), { by: 'rows' })(x),
  'jacobian by columns': (f) => jacobian((z: Tensor) => f(z).mul(z), { by: 'columns' })(x),
  'linearize, forwards': (f) => linearized(f, (line) => line.pushforward([v])),
  'linearize, backwards': (f) => linearized(f, (line) => line.pullback(one)),
  checkGrads: (f) => checkGrads(f, [wide]),
  'grad of grad': (f) => grad((z: Tensor) => sum(grad(f)(z)))(x),
  'grad of jvp': (f) => grad((z: Tensor) => jvp(f, [z], [v])[1])(x),
  'jvp of grad': (f) => jvp((z: Tensor) => grad(f)(z), [x], [v]),
  'grad through a checkpoint': (f) => grad((z: Tensor) => checkpoint(f)(z))(x),
  'grad in a scope': (f) => scope(() => grad(f)(x.mul(1))),
  'grad under anomaly detection': (f) => detectAnomaly(() => grad(f)(x)),
}

function linearized(f: Fn, use: (line: ReturnType<typeof linearize<[Tensor], Tensor>>) => unknown): unknown {
  const line = linearize(f, [x])
  try {
    return [line.value, use(line)]
  } catch (error) {
    line.value.dispose()
    throw error
  } finally {
    line.dispose()
  }
}

const asynchronous: Record<string, (f: Fn) => Promise<unknown>> = {
  grad: (f) => grad(later(f))(x),
  valueAndGrad: (f) => valueAndGrad(later(f))(x),
  vjp: async (f) => {
    const [y, pullback] = await vjp(later(f), x)
    try {
      return [y, pullback(y)]
    } catch (error) {
      y.dispose()
      throw error
    }
  },
  jvp: (f) => jvp(later(f), [x], [v]),
  hvp: (f) => hvp(later(f), x, v),
  jacobian: (f) => jacobian(later(f))(x),
  linearize: async (f) => {
    const line = await linearize(later(f), [x])
    try {
      return [line.value, line.pullback(line.value)]
    } catch (error) {
      line.value.dispose()
      throw error
    } finally {
      line.dispose()
    }
  },
}
const later =
  (f: Fn) =>
  async (z: Tensor): Promise<Tensor> => {
    const y = z.mul(2)
    await null
    // What follows from z is the tape's; scoped, so that what does not is freed as well.
    return scope(() => f(y))
  }

const counts = () => ({
  tensors: memory().tensors,
  bytes: memory().bytes,
  stack: activeInterpreters().length,
})

/** What came of a call, of which nothing stays: the error, or undefined. */
function errorOf(call: () => unknown): unknown {
  let made: unknown
  try {
    // A scope would hide what leaks; only the cotangents that tests make go with it.
    made = call()
  } catch (error) {
    return error
  }
  for (const t of treeLeaves(made)) t.dispose()
  return undefined
}

const everywhere = Object.entries({ ...forwards, ...backwards })

describe.each(everywhere)('an exception %s leaves nothing behind', (_, make) => {
  it.each(Object.entries(transforms))('under %s', (_name, transform) => {
    scope(() => {
      const before = counts()
      const error = errorOf(() => transform(make()))
      expect(error).toBeInstanceOf(Error)
      expect(String(error)).toMatch(/boom|gradient|returned/)
      expect(counts()).toEqual(before)
    })
  })

  it.each(Object.entries(asynchronous))('under async %s', async (_name, transform) => {
    const before = counts()
    const error = await transform(make()).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(String(error)).toMatch(/boom|gradient|returned/)
    expect(counts()).toEqual(before)
  })
})

describe('a function that returns what is no tree', () => {
  const cyclic = (z: Tensor): Tensor => {
    const tree: unknown[] = [z.exp(), z.mul(2)]
    tree.push({ tree })
    return tree as unknown as Tensor
  }

  it.each<[string, () => unknown]>([
    ['grad', () => grad(cyclic)(x)],
    ['vjp', () => vjp(cyclic, x)],
    ['jvp', () => jvp(cyclic, [x], [v])],
    ['linearize', () => linearize(cyclic, [x])],
    ['checkpoint', () => grad((z: Tensor) => sum(checkpoint(cyclic)(z)))(x)],
    ['a cyclic tangent', () => jvp((z: Tensor) => z.exp(), [x], [cyclic(x)])],
    ['a cyclic primal', () => jvp((z: Tensor) => z.exp(), [cyclic(x)], [x])],
    ['a trace of it', () => traceTape((z: Tensor) => z, cyclic(x))],
    ['a cyclic argument', () => grad((z: Tensor[]) => sum(z[0]!))(cyclic(x) as unknown as Tensor[])],
  ])('leaves nothing behind: %s', (_, call) => {
    scope(() => {
      const before = counts()
      expect(() => scope(call)).toThrow(/must not contain itself/)
      expect(counts()).toEqual(before)
    })
  })

  it('leaves nothing behind: async', async () => {
    const before = counts()
    await expect(grad(async (z: Tensor) => cyclic(z.mul(2)))(x)).rejects.toThrow(/must not contain itself/)
    expect(counts()).toEqual(before)
  })
})

describe('an argument that cannot be used', () => {
  it('leaves nothing of the others behind', () => {
    const freed = tensor([1])
    freed.dispose()
    const before = counts()
    const product = (a: Tensor, b: Tensor) => sum(a.mul(b))
    expect(() => grad(product, { argnums: [0, 1] })(x, freed)).toThrow(TweedieError)
    expect(() => vjp(product, x, freed)).toThrow(TweedieError)
    expect(() => jvp((a: Tensor) => a.exp(), [x], [freed])).toThrow(ShapeError)
    expect(() => hvp((a: Tensor) => sum(a.exp()), x, one)).toThrow(ShapeError)
    expect(() => linearize((a: Tensor) => [a.exp()], [x], { hasAux: true })).toThrow(TweedieError)
    expect(() => valueAndGrad((a: Tensor) => a.exp())(x)).toThrow(ShapeError)
    expect(counts()).toEqual(before)
  })
})

describe.each(Object.entries(forwards))('an exception %s', (_, make) => {
  it('leaves nothing of a trace behind', () => {
    const before = counts()
    expect(() => traceTape(make(), x)).toThrow('boom')
    expect(counts()).toEqual(before)
  })
})

describe('an anomaly', () => {
  it.each<[string, () => unknown]>([
    ['in a value', () => grad((z: Tensor) => sum(z.sub(1).exp().neg().log()))(x)],
    ['in a gradient', () => grad((z: Tensor) => sum(z.sub(0.1).mul(0).sqrt().mul(z.exp())))(x)],
    ['in a tangent', () => jvp((z: Tensor) => z.mul(0).sqrt().mul(z.exp()), [x], [v])],
    ['in a second derivative', () => hvp((z: Tensor) => sum(z.mul(0).abs().pow(1.5)), x, v)],
  ])('%s leaves nothing behind', (_, call) => {
    const before = counts()
    expect(() => detectAnomaly(call)).toThrow(AnomalyError)
    expect(counts()).toEqual(before)
  })
})

describe('a chain without a transform', () => {
  it('leaves no state behind where a step throws', () => {
    const before = counts()
    for (const strategy of ['tape', 'checkpoint', { slots: 1 }] as const) {
      expect(() => checkpointedChain([step, step, failsAt(1, step), step], x, { strategy })).toThrow('boom')
      expect(counts()).toEqual(before)
    }
  })
})

describe('what does not fit an async function', () => {
  it.each([
    ['hvp', () => hvp(async (z: Tensor) => sum(z.exp()), x, one)],
    ['jvp', () => jvp(async (z: Tensor) => z.exp(), [x], [one])],
    ['grad of what is no scalar', () => grad(async (z: Tensor) => z.exp())(x)],
    ['valueAndGrad of what is no scalar', () => valueAndGrad(async (z: Tensor) => z.exp())(x)],
    ['no pair', () => grad(async (z: Tensor) => [sum(z.exp())], { hasAux: true })(x)],
    ['linearize without a pair', () => linearize(async (z: Tensor) => [z.exp()], [x], { hasAux: true })],
  ])('leaves nothing behind: %s', async (_, call) => {
    const before = counts()
    await expect(call()).rejects.toThrow(TweedieError)
    expect(counts()).toEqual(before)
  })
})
