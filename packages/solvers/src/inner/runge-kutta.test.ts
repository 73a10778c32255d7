import type { Tensor } from '@tweedie/tensor'
import { fromData, memory, NonFiniteError, OptionError, scope, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import type { OdeState, Slope, Tableau } from './index.ts'
import { dormandPrince, evenSteps, midpoint, rungeKuttaStep, tableaus } from './index.ts'

const float64 = { dtype: 'float64' } as const
/** y' = y·cos t of each sample: y = y₀·e^{sin t}; and ∫y² beside it, so that parts feel each other. */
const slope: Slope = ([y], t) => (y === undefined ? [] : [y.mul(Math.cos(t)), y.square().sum(1)])
const start = (values: readonly number[] = [1]): OdeState => [
  fromData(Float64Array.from(values), [values.length, 1], float64),
  fromData(new Float64Array(values.length), [values.length], float64),
]
const first = (y: OdeState): number => (y[0] as Tensor).dataSync()[0]!
const exact = (t: number) => Math.exp(Math.sin(t))

describe.each(Object.entries({ ...tableaus, midpoint }) as [string, Tableau][])('%s', (_, tableau) => {
  const { nodes, stages, weights, order } = tableau
  const sum = (f: (i: number) => number) => weights.reduce((total, b, i) => total + b * f(i), 0)

  it('stands on its nodes', () => {
    stages.forEach((row, i) => expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(nodes[i]!, 12))
    for (let k = 0; k < order; k++) expect(sum((i) => nodes[i]! ** k)).toBeCloseTo(1 / (k + 1), 12)
  })

  it(`has order ${order}: the fitted slope of its error`, () => {
    const error = (count: number) =>
      scope(() => {
        const steps = evenSteps(0.2, 1.7, count)
        const end = steps.reduce(
          (y, { t, h }) => rungeKuttaStep(tableau, slope, y, t, h),
          start([exact(0.2)]),
        )
        return Math.abs(first(end) - exact(1.7))
      })
    // The next term halves the distance with each halving of the step: 0.25 here for the fifth order.
    expect(Math.abs(Math.log2(error(16) / error(32)) - order)).toBeLessThan(0.3)
  })
})

describe('the pair of Dormand and Prince', () => {
  const { error, nodes } = tableaus['dormand-prince']
  it('differs by what vanishes up to order 4', () => {
    const moments = [0, 1, 2, 3, 4].map((k) => error.reduce((sum, e, i) => sum + e * (nodes[i] ?? 1) ** k, 0))
    for (const moment of moments.slice(0, 4)) expect(Math.abs(moment)).toBeLessThan(1e-14)
    expect(Math.abs(moments[4]!)).toBeGreaterThan(1e-4)
  })

  it('keeps to what is allowed, with steps that shrink as its fifth root', () => {
    const ends = [1e-4, 1e-6, 1e-8, 1e-10].map((rtol) =>
      dormandPrince(slope, start(), 0, 20, { rtol, atol: rtol }),
    )
    ends.forEach(({ y }, i) => expect(Math.abs(first(y) - exact(20))).toBeLessThan(20 * 10 ** -(4 + 2 * i)))
    const growth = ends.slice(1).map(({ steps }, i) => steps.length / ends[i]!.steps.length)
    // 100^(1/5) = 2.51.
    for (const ratio of growth.slice(1)) expect(Math.abs(ratio - 2.51)).toBeLessThan(0.5)
  })

  it('takes steps that follow each other from one end to the other, and counts what it looked at', () => {
    let looks = 0
    const counted: Slope = (y, t) => {
      looks++
      return slope(y, t)
    }
    for (const [from, to] of [
      [0, 3],
      [2, -1],
    ] as const) {
      looks = 0
      const { steps, evaluations, y } = dormandPrince(counted, start([exact(from)]), from, to, {
        rtol: 1e-7,
        atol: 1e-9,
      })
      expect(evaluations).toBe(looks)
      expect(evaluations).toBeGreaterThanOrEqual(1 + 6 * steps.length)
      expect(steps[0]?.t).toBe(from)
      steps.slice(1).forEach(({ t }, i) => expect(t).toBe(steps[i]!.t + steps[i]!.h))
      expect(steps.at(-1)!.t + steps.at(-1)!.h).toBeCloseTo(to, 12)
      expect(first(y)).toBeCloseTo(exact(to), 5)
      // Taken again without a look at the error, they give the same.
      const tableau = tableaus['dormand-prince']
      const again = steps.reduce(
        (at, { t, h }) => rungeKuttaStep(tableau, slope, at, t, h),
        start([exact(from)]),
      )
      expect(first(again)).toBeCloseTo(first(y), 14)
    }
  })

  it('asks every sample: the worst alone sets the steps', () => {
    const run = (rates: readonly number[], values: readonly number[]) => {
      const rate = fromData(Float64Array.from(rates), [rates.length, 1], float64)
      const decay: Slope = ([y]) => (y === undefined ? [] : [y.mul(rate)])
      return dormandPrince(decay, [start(values)[0] as Tensor], 0, 1, { rtol: 1e-6, atol: 1e-9 }).steps
    }
    const [calm, worst] = [run([-0.1, -0.1], [1, 0]), run([-30], [1])]
    expect(run([-0.1, -30, -0.1, -0.1], [0, 1, 0, 0])).toEqual(worst)
    expect(worst.length).toBeGreaterThan(3 * calm.length)
  })

  it('frees what it made', () => {
    const before = memory().tensors
    scope(() => dormandPrince(slope, start(), 0, 5, { rtol: 1e-6, atol: 1e-6 }).steps)
    expect(memory().tensors).toBe(before)
  })

  it('refuses what cannot be', () => {
    const run = (rtol: number, atol: number, by: Slope = slope) =>
      dormandPrince(by, start(), 0, 1, { rtol, atol })
    expect(() => run(0, 1e-3)).toThrow(OptionError)
    expect(() => run(1e-3, Number.NaN)).toThrow('atol')
    expect(() => run(1e-3, 1e-3, (y) => y.map((x) => x.mul(Number.NaN)))).toThrow(NonFiniteError)
    // y' = y² from 1 is infinite at t = 1.
    const square: Slope = ([y]) => (y === undefined ? [] : [y.square()])
    const blowUp = () => dormandPrince(square, [tensor([[1]], float64)], 0, 2, { rtol: 1e-6, atol: 1e-6 })
    expect(blowUp).toThrow(/cannot be reached|not finite/)
  })
})
