import type { Tensor } from '@tweedie/tensor'
import {
  memory,
  normal,
  OptionError,
  peakBytesOf,
  randomKey,
  resetPeak,
  scope,
  sin,
  sum,
  tensor,
  treeMap,
} from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import type { ChainStrategy } from './index.ts'
import {
  chainPeak,
  checkGrads,
  checkpoint,
  checkpointedChain,
  grad,
  jvp,
  linearize,
  revolveRecomputations,
  strategyWithin,
  vjp,
} from './index.ts'
import { reach, revolveCut } from './revolve-schedule.ts'

const f64 = { dtype: 'float64' } as const
const list = (x: Tensor) => Array.from(x.dataSync())
const draw = (seed: number, shape: number[]) => normal(randomKey(seed), shape, f64)

describe('the binomial schedule', () => {
  /** Fewest runs for storing alone, by trying every cut. */
  const known = new Map<string, number>()
  const fewest = (n: number, slots: number): number => {
    if (n <= 1) return 0
    if (slots === 0) return Number.POSITIVE_INFINITY
    const key = `${n},${slots}`
    if (!known.has(key)) {
      const cuts = Array.from({ length: n - 1 }, (_, i) => i + 1)
      known.set(key, Math.min(...cuts.map((m) => m + fewest(n - m, slots - 1) + fewest(m, slots))))
    }
    return known.get(key)!
  }

  it('has a closed formula for the optimum, which its cuts attain', () => {
    for (let n = 2; n <= 60; n++) {
      for (let slots = 1; slots <= n + 1; slots++) {
        const t = revolveRecomputations(n, slots)
        expect(t, `${n} steps, ${slots} slots`).toBe(fewest(n, slots))
        const m = revolveCut(n, slots)
        const rest = n - m === 1 ? 0 : revolveRecomputations(n - m, slots - 1)
        expect(m + rest + revolveRecomputations(m, slots), `cut of ${n}, ${slots}`).toBe(t)
      }
    }
  })

  it('has the values worked out by hand', () => {
    // β(3, 2) = 10 steps need two repetitions: 2·10 − β(4, 1) = 15.
    expect(reach(3, 2)).toBe(10)
    expect(revolveRecomputations(10, 3)).toBe(15)
    expect(revolveRecomputations(1, 0)).toBe(0)
    expect(() => revolveRecomputations(2, 0)).toThrow(OptionError)
    expect(() => revolveRecomputations(-1, 3)).toThrow(OptionError)
  })

  it('is what a chain runs, for all small n and slots', () => {
    for (let n = 1; n <= 12; n++) {
      for (let slots = 1; slots <= n; slots++) {
        let runs = 0
        const steps = Array.from({ length: n }, () => (x: Tensor) => {
          runs++
          return x.square()
        })
        scope(() => grad((x: Tensor) => checkpointedChain(steps, x, { strategy: { slots } }))(tensor(1)))
        expect(runs - n, `${n} steps, ${slots} slots`).toBe(revolveRecomputations(n, slots))
      }
    }
  })
})

describe('a budget of bytes', () => {
  const x = draw(5, [100])
  const state = 800
  const kinds = {
    'a light step': (x: Tensor) => x.mul(0.5),
    'a heavy step': (x: Tensor) => sin(sin(x.mul(2).add(1)).mul(x)).mul(0.5),
  }
  const peakOf = (step: (x: Tensor) => Tensor, steps: number, strategy: ChainStrategy<Tensor>) =>
    peakBytesOf(() => {
      const chain = Array.from({ length: steps }, () => step)
      grad((x: Tensor) => checkpointedChain(chain, x, { strategy }).sum())(x)
    })

  it.each(Object.entries(kinds))('is held to at 10, 50 and 200 steps, and used, with %s', (_, step) => {
    const one = peakOf(step, 1, 'tape')
    for (const steps of [10, 50, 200]) {
      const chain = { steps, state, step: one }
      for (const slots of [1, 2, 8, steps - 1]) {
        for (const bytes of [chainPeak(chain, slots), chainPeak(chain, slots) + state - 1]) {
          const found = strategyWithin(bytes, chain)
          // Where n tapes of a light step fit, there is nothing to store sparingly.
          expect(found).toEqual(bytes >= steps * one ? 'tape' : { slots: Math.min(slots, steps - 1) })
          expect(peakOf(step, steps, found), `${steps} steps, ${bytes} bytes`).toBeLessThanOrEqual(bytes)
        }
      }
    }
    // The bound is no looser than two states.
    expect(peakOf(step, 200, { slots: 8 })).toBeGreaterThan(
      chainPeak({ steps: 200, state, step: one }, 8) - state,
    )
  })

  it('is refused where not one state can be stored, with what would do; the tape of n steps is n of one', () => {
    const chain = { steps: 50, state: 100, step: 10_000 }
    const least = 10_000 + 4 * 100 + 64
    expect(strategyWithin(least, chain)).toEqual({ slots: 1 })
    expect(strategyWithin(least + 99, chain)).toEqual({ slots: 1 })
    expect(strategyWithin(least + 100, chain)).toEqual({ slots: 2 })
    expect(() => strategyWithin(least - 1, chain)).toThrow(
      new OptionError(
        'memory',
        `the gradient through 50 steps needs at least ${least} bytes, got ${least - 1}`,
      ),
    )
    expect(() => strategyWithin(Number.NaN, chain)).toThrow(OptionError)
    expect(strategyWithin(499_999, chain)).toEqual({ slots: 49 })
    expect(strategyWithin(500_000, chain)).toBe('tape')
    expect(strategyWithin(10_000, { ...chain, steps: 1 })).toBe('tape')
    expect(() => strategyWithin(9_999, { ...chain, steps: 1 })).toThrow('at least 10000 bytes')
  })
})

type State = { x: Tensor; v: [Tensor] }
const weight = draw(1, [3])
const start: State = { x: draw(2, [3]), v: [draw(3, [3])] }
const n = 7
/** A kick and a drift, so that it has an inverse. */
const parametrised = (w: Tensor) => {
  const force = (x: Tensor, i: number) => sin(x.mul(w)).mul(0.3 + 0.1 * i)
  return {
    steps: Array.from({ length: n }, (_, i) => ({ x, v: [v] }: State): State => {
      const kicked = v.add(force(x, i))
      return { x: x.add(kicked.mul(0.5)), v: [kicked] }
    }),
    inverses: Array.from({ length: n }, (_, i) => ({ x, v: [v] }: State): State => {
      const before = x.sub(v.mul(0.5))
      return { x: before, v: [v.sub(force(before, i))] }
    }),
  }
}
type Name = 'tape' | 'checkpoint' | 'inverses' | 1 | 2 | 3 | 99
const names: readonly Name[] = ['tape', 'checkpoint', 1, 2, 3, 99, 'inverses']
const run = (w: Tensor, s: State, name: Name): Tensor => {
  const { steps, inverses } = parametrised(w)
  const strategy: ChainStrategy<State> =
    name === 'inverses' ? { inverses } : typeof name === 'number' ? { slots: name } : name
  const end = checkpointedChain(steps, s, { strategy })
  return sum(end.x.pow(3).add(end.v[0].mul(end.x)))
}

describe.each(names)('a chain with strategy %s', (name) => {
  const digits = name === 'inverses' ? 10 : 15
  const close = (a: Tensor, b: Tensor) =>
    list(a).forEach((value, i) => expect(Math.abs(value / list(b)[i]! - 1)).toBeLessThan(10 ** -digits * 20))

  it('has the gradients of the full tape, in a tree and in what it closes over', () => {
    const both = grad((w: Tensor, s: State) => run(w, s, name), { argnums: [0, 1] })(weight, start)
    const truth = grad((w: Tensor, s: State) => run(w, s, 'tape'), { argnums: [0, 1] })(weight, start)
    close(both[0], truth[0])
    close(both[1].x, truth[1].x)
    close(both[1].v[0], truth[1].v[0])
    close(grad((w: Tensor) => run(w, start, name))(weight), truth[0])
    close(grad((s: State) => run(weight, s, name))(start).v[0], truth[1].v[0])
  })

  it('has derivatives of both orders, in both modes', () => {
    checkGrads((w: Tensor, s: State) => run(w, s, name), [weight, start], { tolerance: 1e-5 })
  })

  it('can be walked again, and forwards', () => {
    scope(() => {
      const line = linearize((w: Tensor, s: State) => run(w, s, name), [weight, start])
      const one = tensor(1, f64)
      const [first, second] = [line.pullback(one), line.pullback(one)]
      close(first[0], second[0])
      const moved = line.pushforward([weight, start])
      const [, along] = jvp((w: Tensor, s: State) => run(w, s, 'tape'), [weight, start], [weight, start])
      close(moved, along)
      line.dispose()
    })
  })

  it('keeps nothing', () => {
    const loss = (w: Tensor, s: State) => run(w, s, name)
    const once = () => scope(() => void grad(loss, { argnums: [0, 1] })(weight, start))
    once()
    const before = memory()
    once()
    scope(() => void grad((w: Tensor) => sum(grad(loss)(w, start).square()))(weight))
    scope(() => void jvp(loss, [weight, start], [weight, start]))
    scope(() => vjp(loss, weight, start)[1].dispose())
    expect(memory()).toMatchObject({ bytes: before.bytes, tensors: before.tensors })
  })
})

describe('a chain', () => {
  it('nests in chains and checkpoints, with a gradient and a closure made outside in its steps', () => {
    const f = (strategy: 'tape' | 'checkpoint' | { slots: number }) => (p: Tensor) => {
      const hidden = p.square()
      const guided = (x: Tensor) => {
        const pull = grad((h: Tensor) => sum(sin(h.mul(hidden))))(x)
        return x.sub(pull.mul(0.2)).add(p.mul(0.1))
      }
      const inner = (x: Tensor) => checkpointedChain([guided, sin, guided], x, { strategy })
      const outer = (x: Tensor) =>
        checkpointedChain([inner, (h: Tensor) => h.mul(hidden), inner], x, { strategy })
      return (strategy === 'tape' ? outer : checkpoint(outer))(p)
    }
    const truth = list(grad((p: Tensor) => sum(f('tape')(p)))(weight))
    for (const strategy of ['checkpoint', { slots: 1 }, { slots: 2 }] as const) {
      list(grad((p: Tensor) => sum(f(strategy)(p)))(weight)).forEach((v, i) =>
        expect(v).toBeCloseTo(truth[i]!, 13),
      )
    }
    checkGrads(f({ slots: 1 }), [weight], { order: 1 })
  })

  it('differentiates what it closes over where its start is a constant, and a step that ignores its state', () => {
    const f = (w: Tensor) => {
      const steps = [(x: Tensor) => x.mul(w), () => w.square(), (x: Tensor) => x.mul(w)]
      return sum(checkpointedChain(steps, start.x, { strategy: { slots: 2 } }))
    }
    list(grad(f)(weight)).forEach((v, i) => expect(v).toBeCloseTo(3 * list(weight)[i]! ** 2, 12))
  })

  it('hands a parameter on as its state', () => {
    for (const slots of [1, 2, 3, 4]) {
      const f = (w: Tensor) => {
        const steps = [
          () => w,
          (x: Tensor) => x,
          (x: Tensor) => x.square(),
          (x: Tensor) => x.mul(2),
          (x: Tensor) => x,
        ]
        return sum(checkpointedChain(steps, start.x, { strategy: { slots } }))
      }
      list(grad(f)(weight)).forEach((v, i) => expect(v).toBeCloseTo(4 * list(weight)[i]!, 12))
    }
  })
})

describe('the memory of a chain', () => {
  const size = 4096
  const state = 4 * size
  /** Its tape holds 8 states. */
  const step = (x: Tensor) => {
    let h = x
    for (let k = 0; k < 8; k++) h = sin(h)
    return h
  }
  const peak = (n: number, strategy: ChainStrategy<Tensor>): number =>
    scope(() => {
      const x = normal(randomKey(0), [size]).mul(0.1)
      const steps = Array.from({ length: n }, () => step)
      resetPeak()
      const before = memory().bytes
      grad((z: Tensor) => sum(checkpointedChain(steps, z, { strategy })))(x)
      return (memory().peakBytes - before) / state
    })

  it('is that of the states stored, one step, its state and the cotangents of both ends', () => {
    const one = peak(1, 'tape')
    expect(one).toBeLessThan(13)
    expect(peak(40, 'tape')).toBeGreaterThan(300)
    expect(peak(40, 'checkpoint')).toBeLessThan(40 + one + 1)
    for (const slots of [1, 2, 3, 8]) {
      expect(peak(40, { slots }), `${slots} slots`).toBeLessThan(slots + one + 4)
    }
    const inverses = Array.from({ length: 40 }, () => (x: Tensor) => x)
    expect(peak(40, { inverses })).toBeLessThan(one + 4)
  })

  it('is none for a chain in which no gradient is wanted, under a tape as without', () => {
    const x = normal(randomKey(0), [size])
    const p = tensor(2)
    const steps = Array.from({ length: 40 }, () => step)
    resetPeak()
    const before = memory().bytes
    scope(() => void grad((q: Tensor) => sum(checkpointedChain(steps, x)).mul(q))(p))
    expect((memory().peakBytes - before) / state).toBeLessThan(12)
  })
})

describe('a chain refuses', () => {
  const step = (x: Tensor) => x.square()
  it('what it cannot run', () => {
    const chain = (strategy: ChainStrategy<Tensor>) =>
      checkpointedChain([step, step], tensor(1), { strategy })
    expect(() => chain({ slots: 0 })).toThrow(OptionError)
    expect(() => chain({ slots: 1.5 })).toThrow(/slots/)
    expect(() => chain({ inverses: [step] })).toThrow(/2 steps need as many inverses, got 1/)
    const late = async () => tensor(1)
    expect(() => checkpointedChain([late] as unknown as [typeof step], tensor(1))).toThrow(/synchronous/)
  })

  it('a step that is not pure', () => {
    let runs = 0
    const impure = (x: Tensor[]): Tensor[] => (runs++ < 2 ? treeMap(x, (h) => h.square()) : [...x, ...x])
    expect(() =>
      grad((x: Tensor[]) => sum(checkpointedChain([impure, impure], x)[0]!))([tensor([1])]),
    ).toThrow(/not pure: it returned 1 tensors, then 2/)
  })

  it('nothing where there is no step', () => {
    const x = tensor([1])
    expect(checkpointedChain([], x)).toBe(x)
  })
})
