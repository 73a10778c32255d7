import type { Tensor } from '@tweedie/tensor'
import { floor, tensor } from '@tweedie/tensor'
import { describe, expect, it, vi } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { defineOperator, inpaint, matrixOperator, sr } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace, vpLinear } from '../../schedules/index.ts'
import type { DdnmOptions } from '../index.ts'
import { ddnm } from '../index.ts'
import { lawOf, repeated } from '../law-of-method.test.helper.ts'
import { plus, times } from '../written-out.test.helper.ts'
import {
  A,
  decomposition,
  drawn,
  firstSample,
  float64,
  inverseOf,
  invertibleOf,
  names,
  priorOn,
  schedules,
  seed,
  y,
} from '../written-out-problem.test.helper.ts'
import { follow, measured } from './follow.test.helper.ts'

vi.mock('../../run/streams.ts', async (original) => {
  const { probed } = await import('../law-of-method.test.helper.ts')
  return probed(await original())
})

const noise = gaussianNoise(0)
const inverse = inverseOf(decomposition)

describe.each(names)('DDNM on %s', (name) => {
  const [schedule, levels] = schedules[name]
  const { alpha, sigma } = levels
  const cases: readonly DdnmOptions[] = [
    {},
    { eta: 0, spacing: 'trailing' },
    { eta: 0.3, spacing: 'karras' },
    { eta: 1, spacing: 'linspace' },
    { eta: 0.5, travelLength: 2, travelRepeats: 3 },
  ]

  it.each(cases)('%j, every step shown', async (options) => {
    const { eta = 0.85, spacing = 'ddim' } = options
    const down = respace(schedule, 5, spacing)
    const t = down.map((pair) => pair.t)
    // Of the places 4 … 0, counted from the least noisy, those of 2 and 0 are gone back from by two, twice.
    const again = [
      ...down.slice(0, 2),
      ...[1, 2].flatMap(() => [{ from: t[2]!, t: t[0]!, s: t[1]! }, down[1]!]),
      ...down.slice(2, 4),
      ...[1, 2].flatMap(() => [{ from: t[4]!, t: t[2]!, s: t[3]! }, down[3]!]),
      down[4]!,
    ]
    const problem = { ...measured(invertibleOf(decomposition)), noise: gaussianNoise(0.3) }
    await follow(ddnm(problem, priorOn(name), { ...options, steps: 5, seed, firstSample }), {
      path: options.travelRepeats === undefined ? down : again,
      levels,
      update: ({ x, x0, t, s, i }) => {
        const corrected = plus([1, x0], [-1, times(inverse, times(A, x0))], [1, times(inverse, y)])
        const epsilon = plus([1 / sigma(t), x], [-alpha(t) / sigma(t), x0])
        const kept = sigma(s) * Math.sqrt(1 - eta ** 2)
        return plus([alpha(s), corrected], [kept, epsilon], [sigma(s) * eta, drawn(i, 'step')])
      },
    })
  })
})

describe('DDNM without noise', () => {
  const truth = (shape: readonly number[]) => {
    const size = shape.reduce((a, b) => a * b, 1)
    return tensor(
      Array.from({ length: 2 * size }, (_, i) => Math.sin(3 * i)),
      float64,
    ).reshape([2, ...shape])
  }
  const matrix = (rows: number[][]) => matrixOperator(tensor(rows, float64))
  it.each([
    ['super-resolution', sr([3, 4, 6], { factor: 2 })],
    ['inpainting', inpaint([2, 5, 3], { random: 0.4 })],
    ['a wide matrix', matrix([[1, 2, 3, 0], [0, 1, -1, 2]])], // biome-ignore format: rows
    ['a tall one of rank 2', matrix([[1, 1, 0], [2, 2, 0], [0, 0, 1], [1, 1, 1]])], // biome-ignore format: rows
  ])('A x = y: %s', async (_, operator) => {
    const shape = operator.inShape
    const prior = gaussianPrior({
      mean: new Array(shape.reduce((a, b) => a * b, 1)).fill(0.1),
      covariance: 0.5,
      shape,
    })
    const y = operator.forward(truth(shape))
    const x = await run(ddnm({ operator, noise, y }, prior, { steps: 10 }))
    const left = operator.forward(x).sub(y).dataSync()
    expect(Math.max(...left.map(Math.abs))).toBeLessThan(1e-10)
  })

  it('returns A⁻¹y where A has an inverse', async () => {
    const operator = matrix([[2, 1], [0, -1]]) // biome-ignore format: rows
    const prior = gaussianPrior({ mean: [3, 3], covariance: 2 })
    const x = await run(ddnm({ operator, noise, y: tensor([[4, 2]], float64) }, prior, { steps: 5 }))
    x.dataSync().forEach((v, i) => expect(v).toBeCloseTo([3, -2][i]!, 12))
  })

  it('does the same for a linear operator that does not say that it is', async () => {
    const operator = matrix([[1, 2, 3], [0, 1, -1]]) // biome-ignore format: rows
    const { adjoint, svd, ...hidden } = operator
    const prior = gaussianPrior({ mean: [0.1, 0.2, 0.3], covariance: 0.5 })
    const y = tensor([[0.4, -1]], float64)
    const known = await run(ddnm({ operator, noise, y }, prior, { steps: 8 }))
    const blind = await run(ddnm({ operator: hidden, noise, y }, prior, { steps: 8 }))
    known.dataSync().forEach((v, i) => expect(blind.dataSync()[i]).toBeCloseTo(v, 12))
  })

  it('takes an operator that rounds, with the way back that it has: x̂₀ moves by A†y − A†(A x̂₀)', async () => {
    const quarter = defineOperator({
      name: 'quarter',
      summary: 'rounds down to quarters',
      example: 'quarter',
      options: {},
      build: (shape) => ({
        inShape: shape,
        outShape: shape,
        differentiable: false,
        forward: (x: Tensor) => floor(x.mul(4)),
        pinv: (y: Tensor) => y.add(0.5).div(4), // the middle of what rounds to y
      }),
    })
    const operator = quarter([3])
    const prior = gaussianPrior({ mean: [0.1, -0.4, 0.33], covariance: 0.2 })
    const y = tensor([[2, -1, 0]], float64)
    let seen = 0
    for await (const { i, steps, x, x0hat, guidance } of ddnm({ operator, noise, y }, prior, { steps: 5 })) {
      const wanted = [2, -1, 0].map((v, i) => (v - Math.floor(4 * x0hat.dataSync()[i]!)) / 4)
      guidance.dataSync().forEach((v, i) => expect(v).toBeCloseTo(wanted[i]!, 12))
      seen++
      if (i < steps - 1) continue
      expect(Array.from(operator.forward(x).dataSync())).toEqual([2, -1, 0])
      // What is below a step of the rounding is the denoiser's own.
      x.dataSync().forEach((v, i) => expect(v).toBeCloseTo(x0hat.dataSync()[i]! + wanted[i]!, 12))
    }
    expect(seen).toBe(5)
  })
})

describe('the law of DDNM on a Gaussian prior', () => {
  // One number of two is seen. Level k = σ/α; x̂₀ = μ + G(x̄ − μ), G = Σ(Σ + k²I)⁻¹.
  const law = (covariance: number[][], steps: number, eta: number) => {
    const prior = gaussianPrior({ mean: [0.2, -0.3], covariance, schedule: vpLinear() })
    const operator = matrixOperator(tensor([[1, 0]], float64))
    return lawOf(2, (rows) => run(ddnm({ operator, noise, y: repeated([1], rows) }, prior, { steps, eta })))
  }

  it('is y in what is seen, and the prior in what is unseen and apart from it, as η = 0 and steps grow', async () => {
    const covariance = [[0.5, 0], [0, 0.3]] // biome-ignore format: rows
    const errors = []
    for (const steps of [50, 100, 200]) {
      const { mean, covariance: C } = await law(covariance, steps, 0)
      expect(mean.get(0, 0)).toBeCloseTo(1, 12)
      expect(C.get(0, 0)).toBeLessThan(1e-20)
      errors.push(0.3 - C.get(1, 1))
    }
    // DDIM is of first order, and too narrow by that much: halved where the steps are doubled.
    const [a, b, c] = errors as [number, number, number]
    expect(c).toBeGreaterThan(0)
    for (const ratio of [a / b, b / c]) expect(Math.abs(ratio - 2)).toBeLessThan(0.4)
  })

  it('has not the mean of the posterior where what is unseen depends on what is seen', async () => {
    const { mean } = await law([[0.5, 0.35], [0.35, 0.3]], 200, 0.85) // biome-ignore format: rows
    const exact = -0.3 + (0.35 / 0.5) * (1 - 0.2)
    expect(mean.get(0, 0)).toBeCloseTo(1, 12)
    expect(mean.get(1, 0)).toBeGreaterThan(-0.3)
    expect(Math.abs(mean.get(1, 0) - exact)).toBeGreaterThan(0.01)
  })
})
