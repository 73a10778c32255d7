import { OptionError, tensor } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { describe, expect, it, vi } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { flow } from '../../schedules/index.ts'
import { affineStep, stepped } from '../affine-step.test.helper.ts'
import type { OnPath, PathName } from '../flow-written-out.test.helper.ts'
import { followsPath, pathNames, paths } from '../flow-written-out.test.helper.ts'
import type { FlowDpsOptions } from '../index.ts'
import { flowDps } from '../index.ts'
import { length, plus, times, transposed } from '../written-out.test.helper.ts'
import {
  A,
  decomposition,
  drawn,
  float64,
  inverseOf,
  invertibleOf,
  problemOf,
  y,
} from '../written-out-problem.test.helper.ts'

vi.mock('@tweedie/tensor', async (original) => {
  const { listening } = await import('../affine-step.test.helper.ts')
  return listening(await original<typeof import('@tweedie/tensor')>())
})

const invertible = { ...problemOf(0.4), operator: invertibleOf(decomposition) }

function says(at: OnPath, options: FlowDpsOptions): number[] {
  const { scale = 0.5, innerSteps = 3, loss = 'squares', compare = 'measurement' } = options
  const { i, z, tau, next, x0 } = at
  const into = { measurement: undefined, adjoint: transposed(A), pinv: inverseOf(decomposition) }[compare]
  let moved: number[] = [...x0]
  for (let k = 0; k < innerSteps; k++) {
    const r = plus([1, y], [-1, times(A, moved)])
    const e = into === undefined ? r : times(into, r)
    const weight = { mean: 2 / e.length, squares: 2, norm: 1 / length(e) }[loss]
    const down = times(transposed(A), into === undefined ? e : times(transposed(into), e))
    moved = plus([1, moved], [scale * weight, down])
  }
  const clean = plus([1 - tau, x0], [tau, moved])
  const x1 = plus([1 / tau, z], [-(1 - tau) / tau, x0]) // z + (1 − τ)·v, v = (z − x̂₀)/τ
  if (next === 0) return clean
  const noise = plus([Math.sqrt(next), x1], [Math.sqrt(1 - next), drawn(i, 'step')])
  return plus([1 - next, clean], [next, noise])
}

/** τ of the grid: evenly from the noisiest to a thousandth of it, shifted, and not below the least. */
function taus(name: PathName, count: number, shift: number): number[] {
  const { alpha, sigma, noisiest, least } = paths[name]
  const top = sigma(noisiest) / (alpha(noisiest) + sigma(noisiest))
  const even = Array.from({ length: count }, (_, k) => top - (k * (top - top / 1000)) / (count - 1))
  const raised = (values: readonly number[]) => {
    const last = values.at(-1) ?? 0
    return last >= least ? [...values] : values.map((v) => top - ((top - v) * (top - least)) / (top - last))
  }
  return raised(raised(even).map((tau) => (shift * tau) / (1 + ((shift - 1) * tau) / top)))
}

describe.each(pathNames)('FlowDPS on %s, in plain numbers', (name) => {
  const cases: readonly FlowDpsOptions[] = [
    { scale: 0.1 },
    { scale: 0.2, innerSteps: 1, shift: 1 },
    { scale: 0.3, loss: 'norm', compare: 'adjoint', innerSteps: 2 },
    { scale: 0.3, loss: 'mean', compare: 'pinv', shift: 2.5 },
  ]
  it.each(cases)('%j', (options) =>
    followsPath(
      flowDps,
      invertible,
      name,
      { ...options, steps: 6 },
      taus(name, 6, options.shift ?? 4),
      (tau) => plus([tau, drawn(0, 'start')]),
      (at) => says(at, options),
    ),
  )
})

describe('the law without a measurement, on N(0, v)', () => {
  const variance = 0.7
  const prior = gaussianPrior({ mean: [0], covariance: variance, schedule: flow() })
  const problem = {
    operator: matrixOperator(tensor([[1]], float64)),
    noise: gaussianNoise(0.1),
    y: tensor([[0]], float64),
  }
  /** The variance of the end, by its steps. */
  async function variances(steps: number, grid: FlowDpsOptions = {}): Promise<number[]> {
    let law = { mean: Matrix.zeros(1, 1), covariance: Matrix.eye(1) }
    const path: number[] = []
    for (let i = 0; i < steps; i++) {
      const options = { scale: 0, shift: 1, spacing: 'trailing', steps, ...grid } as const
      const y = (count: number) => tensor(new Array<number[]>(count).fill([0]), float64)
      const step = await affineStep(
        (count, resume) => flowDps({ ...problem, y: y(count) }, prior, { ...options, resume }),
        i,
        1,
      )
      law = stepped(step, law)
      path.push(law.covariance.get(0, 0))
    }
    return path
  }
  it('is that of its recursion', async () => {
    const n = 10
    let wanted = 1
    for (const [i, found] of (await variances(n)).entries()) {
      const [tau, next] = [1 - i / n, 1 - (i + 1) / n]
      const gain = ((1 - tau) * variance) / ((1 - tau) ** 2 * variance + tau ** 2) // x̂₀ = gain·z
      const noise = (1 - (1 - tau) * gain) / tau // x̂₁ = noise·z
      const kept = (1 - next) * gain + next * Math.sqrt(next) * noise
      wanted = kept ** 2 * wanted + (next === 0 ? 0 : next ** 2 * (1 - next))
      expect(found).toBeCloseTo(wanted, 12)
    }
  })

  it("leaves 0.65 of the prior's variance at its 28 steps, as its page says", async () => {
    const ends = await variances(28, { shift: 4, spacing: 'linspace' })
    expect((ends.at(-1) ?? 0) / variance).toBeCloseTo(0.6455, 4)
  })
})

it('refuses a comparison that the operator has not', () => {
  const { pinv: _, ...operator } = invertible.operator
  const prior = gaussianPrior({ mean: [0, 0, 0, 0], covariance: 1 })
  expect(() => flowDps({ ...invertible, operator }, prior, { compare: 'pinv' })).toThrow(OptionError)
})
