import type { Tensor } from '@tweedie/tensor'
import { eye, sin, tensor } from '@tweedie/tensor'
import { describe, expect, it, vi } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { blur, compose, defineOperator, matrixOperator, sr } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { noiseLevel, respace, vpFromBetas } from '../../schedules/index.ts'
import type { DiffpirOptions } from '../index.ts'
import { diffpir, UnfitError } from '../index.ts'
import { lawOf, repeated } from '../law-of-method.test.helper.ts'
import { plus, times, transposed } from '../written-out.test.helper.ts'
import {
  A,
  decomposition,
  drawn,
  firstSample,
  float64,
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

const { U, s: singular, V } = decomposition
/** V·diag(f(s))·Uᵀ v. */
const through = (f: (s: number) => number, v: readonly number[]) =>
  times(V, [...times(transposed(U), v).map((c, k) => f(singular[k]!) * c), 0])
const divided = (s: number) => (s > 0 ? 1 / s : 0)

describe.each(names)('DiffPIR on %s', (name) => {
  const [schedule, levels] = schedules[name]
  const { alpha, sigma } = levels
  const cases: readonly (DiffpirOptions & { sigmaY: number })[] = [
    { sigmaY: 0.3 },
    { sigmaY: 0.3, iterations: 8 },
    { sigmaY: 0, lambda: 4, zeta: 0, init: 'zeros', spacing: 'trailing' },
    { sigmaY: 0.4, zeta: 1, init: 'pinv', spacing: 'karras' },
    { sigmaY: 3, data: 'gradient', lambda: 30, init: 'adjoint' },
    { sigmaY: 0.4, data: 'back-projection', gamma: 0.7 },
  ]

  it.each(cases)('%j, every step shown', async ({ sigmaY, ...options }) => {
    const { lambda = 7 / 4, zeta = 0.3, spacing = 'diffpir', init = 'ridge', data = 'proximal' } = options
    const path = respace(schedule, 5, spacing)
    const sigmaN = Math.max(sigmaY, 0.002)
    const first: Record<string, readonly number[]> = {
      ridge: through(sigmaY > 0 ? (s) => s / (s ** 2 + sigmaY ** 2) : divided, y),
      pinv: through(divided, y),
      adjoint: times(transposed(A), y),
      zeros: [0, 0, 0, 0],
    }
    const start = plus([sigma(path[0]!.t), drawn(0, 'start')], [alpha(path[0]!.t), first[init]!])
    const problem = { ...measured(invertibleOf(decomposition)), noise: gaussianNoise(sigmaY) }
    await follow(diffpir(problem, priorOn(name), { ...options, steps: 5, seed, firstSample }), {
      path,
      levels,
      start,
      update: ({ x, x0, t, s, i }) => {
        const rho = (lambda * sigmaN ** 2) / (sigma(t) / alpha(t)) ** 2
        const left = plus([1, y], [-1, times(A, x0)])
        const corrected = {
          proximal: () => plus([1, x0], [1, through((s) => s / (s ** 2 + rho), left)]),
          gradient: () => plus([1, x0], [1 / (2 * rho), times(transposed(A), plus([2, left]))]),
          'back-projection': () => plus([1, x0], [0.7 / (1 + rho), through(divided, left)]),
        }[data === 'auto' ? 'proximal' : data]()
        const epsilon = plus([1 / sigma(t), x], [-alpha(t) / sigma(t), corrected])
        return plus(
          [alpha(s), corrected],
          [sigma(s) * Math.sqrt(1 - zeta), epsilon],
          [sigma(s) * Math.sqrt(zeta), drawn(i, 'step')],
        )
      },
    })
  })
})

describe('limits of the data step', () => {
  const operator = matrixOperator(tensor([[1, 2, 0], [0, 1, -1]], float64)) // biome-ignore format: rows
  const prior = gaussianPrior({ mean: [0.5, -0.3, 0.2], covariance: 0.4 })
  const y = tensor([[0.7, -0.5]], float64)
  const shown = async (lambda: number, sigmaY: number) => {
    const out: { moved: number; left: number }[] = []
    const steps = diffpir({ operator, noise: gaussianNoise(sigmaY), y }, prior, {
      steps: 10,
      lambda,
      init: 'zeros',
    })
    for await (const { x0hat, guidance } of steps) {
      const left = operator.forward(x0hat.add(guidance)).sub(y)
      out.push({
        moved: Math.max(...guidance.dataSync().map(Math.abs)),
        left: Math.max(...left.dataSync().map(Math.abs)),
      })
    }
    return out
  }

  it('ρ → ∞ stays at x̂₀, ρ → 0 goes to the nearest solution of least squares', async () => {
    for (const { moved } of await shown(1e16, 0.1)) expect(moved).toBeLessThan(1e-4)
    for (const { left } of await shown(1e-14, 0.1)) expect(left).toBeLessThan(1e-9)
  })

  it('takes σ_y below 0.002 for 0.002, and no more', async () => {
    expect(await shown(1, 0)).toEqual(await shown(1, 0.002))
    expect(await shown(1, 0.001)).toEqual(await shown(1, 0.002))
    expect(await shown(1, 0.003)).not.toEqual(await shown(1, 0.002))
  })
})

describe('what DiffPIR takes', () => {
  const shape = [1, 4, 6]
  const y = tensor(
    Array.from({ length: 6 }, (_, i) => Math.cos(i)),
    float64,
  ).reshape([1, 1, 2, 3])
  const prior = gaussianPrior({ mean: new Array(24).fill(0.1), covariance: 0.3, shape })
  const noise = gaussianNoise(0.2)

  it('an operator without SVD, by conjugate gradients: the same as with one', async () => {
    const operator = sr(shape, { factor: 2 })
    const { svd, ...without } = operator
    const [known, blind] = [operator, without].map((operator) =>
      run(diffpir({ operator, noise, y }, prior, { steps: 10, init: 'pinv' })),
    )
    const exact = (await known!).dataSync()
    ;(await blind!).dataSync().forEach((v, i) => expect(v).toBeCloseTo(exact[i]!, 8))
  })

  it('an operator of which only forward is known, in float32 as well', async () => {
    const operator = compose(sr(shape, { factor: 2 }), blur(shape, { size: 3, std: 1, boundary: 'reflect' }))
    for (const dtype of ['float64', 'float32'] as const) {
      const x = await run(diffpir({ operator, noise, y: y.cast(dtype) }, prior, { steps: 20 }))
      const left = operator.forward(x).sub(y.cast(dtype)).dataSync()
      expect(Math.max(...left.map(Math.abs))).toBeLessThan(2)
    }
  })

  it('an operator that is not linear, by its gradient', async () => {
    const wave = defineOperator({
      name: 'wave',
      summary: 'sines',
      example: 'wave',
      options: {},
      build: (shape) => ({ inShape: shape, outShape: shape, forward: (x: Tensor) => sin(x) }),
    })
    const [alone, lambda, sigmaY] = [gaussianPrior({ mean: [0.1], covariance: 0.3 }), 50, 2]
    const problem = { operator: wave([1]), noise: gaussianNoise(sigmaY), y: tensor([[0.4]], float64) }
    for await (const { t, x0hat, guidance } of diffpir(problem, alone, {
      steps: 6,
      lambda,
      spacing: 'karras',
    })) {
      const [x0 = 0, rho] = [x0hat.dataSync()[0], (lambda * sigmaY ** 2) / noiseLevel(alone.schedule, t) ** 2]
      const wanted = (Math.cos(x0) * (0.4 - Math.sin(x0))) / rho
      expect(guidance.dataSync()[0]! / wanted).toBeCloseTo(1, 9)
    }
    const told = (options: DiffpirOptions) => expect(() => diffpir(problem, alone, options))
    told({ data: 'proximal' }).toThrow(UnfitError)
    told({ data: 'back-projection' }).toThrow("data 'back-projection' needs more than 'wave' has")
    told({ init: 'adjoint' }).toThrow("init 'adjoint' needs more than 'wave' has")
  })
})

describe('the law of DiffPIR on a Gaussian prior, A = I', () => {
  // x̂₀' = (y/σ_y² + x̂₀/r²)/(1/σ_y² + 1/r²), r² = σ̄²/λ: in one number all is affine, and written out here.
  it('is as followed by hand', async () => {
    const [v, mu, sigmaY, yValue, lambda, zeta] = [0.6, 0.2, 0.5, 1.1, 2, 0.4]
    const ascending = [0.1, 0.4, 1, 3, 12]
    const alphaBar = ascending.map((k) => 1 / (1 + k * k))
    const schedule = vpFromBetas(alphaBar.map((a, i) => 1 - a / (alphaBar[i - 1] ?? 1)))
    const prior = gaussianPrior({ mean: [mu], covariance: v, schedule })
    const law = await lawOf(1, (rows) =>
      run(
        diffpir(
          { operator: matrixOperator(eye(1)), noise: gaussianNoise(sigmaY), y: repeated([yValue], rows) },
          prior,
          {
            steps: 5,
            spacing: 'linspace',
            lambda,
            zeta,
            init: 'zeros',
          },
        ),
      ),
    )
    const down = [...ascending].reverse()
    let [m, P] = [0, down[0]! ** 2] // of x/α
    down.forEach((k, i) => {
      const to = down[i + 1] ?? 0
      const [g, r] = [v / (v + k * k), (k * k) / lambda]
      const w = r / (r + sigmaY ** 2) // of y
      // x̂₀' = (1 − w)(μ + g(x − μ)) + w·y, then x ← x̂₀' + √(1−ζ)·(to/k)·(x − x̂₀') + √ζ·to·z.
      const keep = (Math.sqrt(1 - zeta) * to) / k
      const slope = (1 - keep) * (1 - w) * g + keep
      m = slope * m + (1 - keep) * ((1 - w) * (1 - g) * mu + w * yValue)
      P = slope ** 2 * P + zeta * to ** 2
    })
    expect(law.mean.get(0, 0)).toBeCloseTo(m, 10)
    expect(law.covariance.get(0, 0)).toBeCloseTo(P, 10)
    // Its bias: narrower than the posterior.
    expect(P).toBeLessThan(1 / (1 / v + 1 / sigmaY ** 2))
  })
})
