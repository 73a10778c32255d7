// The exact methods are calibrated (calibration.test.helper.ts), each on the law that it draws from where its particles, its chain or
// its steps are many: 500 cases of 9 draws see a deviation that is off by a sixth or a mean that is off by a quarter of one.
import type { Tensor } from '@tweedie/tensor'
import { normal, randomKey, tensor } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { ve } from '../../schedules/index.ts'
import { chiSquares, limits, repeated } from '../calibration.test.helper.ts'
import type { PnpDmOptions } from '../index.ts'
import { daps, fpsSmc, mcgDiff, mcgDiffTimes, pmc, pnpDm, smcDiff, tds } from '../index.ts'
import { ddimOf, transitionOf } from './chain.test.helper.ts'

const float64 = { dtype: 'float64' } as const
const [cases, draws] = [500, 9] as const
const bound = limits[draws]
const [c11, c12, c22] = [1, 0.6, 0.8]
const covariance = [[c11, c12], [c12, c22]] // biome-ignore format: a matrix
const vp = gaussianPrior({ mean: [0, 0], covariance })
const prior = gaussianPrior({ mean: [0, 0], covariance, schedule: ve() })
const operator = matrixOperator(tensor([[1, 0.5]], float64))

const drawn = (purpose: string, n: number) =>
  normal(
    Array.from({ length: cases }, (_, i) => randomKey(17).fold(purpose).fold(i)),
    [n],
    float64,
  )
/** x₀ of the prior with more·I added to its covariance, by L with LLᵀ its covariance. */
const truthOf = (more = 0) => {
  const root = Math.sqrt(c11 + more)
  const below = c12 / root
  const rows = [[root, below], [0, Math.sqrt(c22 + more - below ** 2)]] // biome-ignore format: a matrix
  return drawn('truth', 2).matmul(tensor(rows, float64))
}
const measured = (x: Tensor, sigmaY: number) => operator.forward(x).add(drawn('noise', 1).mul(sigmaY))
const posed = (y: Tensor, sigmaY: number) => ({
  operator,
  noise: gaussianNoise(sigmaY),
  y: repeated(y, draws),
})
// With these seeds χ² of 9 degrees of freedom is at most 18.4, p = 0.03; PMC with steps twice as long is at 24, p = 0.004.
const passes = (x: Tensor, truth: Tensor) => {
  for (const chi of chiSquares(x, truth, draws)) expect(chi).toBeLessThan(bound)
}

describe('PnP-DM, of z ~ N(x, ρ²I) and y of z, at any ρ', () => {
  const [rho, sigmaY] = [0.8, 0.4]
  const truth = truthOf()
  const y = measured(truth.add(drawn('coupling', 2).mul(rho)), sigmaY)
  const fixed = { steps: 8, rho0: rho, rhoMin: rho, priorSteps: 16 }
  const restored = (options: PnpDmOptions) => run(pnpDm(posed(y, sigmaY), prior, { ...fixed, ...options }))

  test('passes', async () => passes(await restored({}), truth))

  test('with the probability flow for its prior step it fails: too narrow', async () => {
    const found = chiSquares(await restored({ sampler: 'ode' }), truth, draws)
    expect(Math.max(...found)).toBeGreaterThan(2 * bound)
  })
})

describe('PMC', () => {
  const [sigma, sigmaY] = [0.5, 0.5]
  const options = { steps: 400, repeats: 1, sigmaMax: sigma, sigmaMin: sigma, stepSize: 0.02 }
  test.each(['red', 'pnp'] as const)('%s passes, of the prior smoothed by σ', async (form) => {
    const truth = truthOf(sigma ** 2)
    passes(await run(pmc(posed(measured(truth, sigmaY), sigmaY), prior, { ...options, form })), truth)
  })
})

describe('DAPS', () => {
  const sigmaY = 0.5
  const truth = truthOf()
  const problem = posed(measured(truth, sigmaY), sigmaY)
  const options = { steps: 6, sigmaMax: 4, sigmaMin: 0.2, draw: 'exact' } as const
  test('in its Gibbs form passes', async () =>
    passes(await run(daps(problem, prior, { ...options, estimate: 'covariance' })), truth))
})

describe('sequential Monte Carlo', () => {
  const steps = 10

  test('TDS passes, of N(0, I) by the exact reverse kernel', async () => {
    const white = gaussianPrior({ mean: [0, 0], covariance: 1 })
    const truth = drawn('white', 2)
    const x = await run(tds(posed(measured(truth, 0.5), 0.5), white, { steps, particles: 8, seed: 8 }))
    passes(x, truth)
  })

  test('MCGDiff passes, of its own chain, measured at τ', async () => {
    const [kappa, sigmaY] = [0.1, 0.8]
    const { schedule } = vp
    const size = Math.hypot(1, 0.5)
    const times = mcgDiffTimes(schedule, steps, [sigmaY / size])
    let x = drawn('x_T', 2).mul(schedule.sigma(times[0]?.t ?? 0))
    let y: Tensor | undefined
    times.forEach(({ t, s }, i) => {
      const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
      if (Math.abs(sigma / alpha - sigmaY / size) < 1e-9) {
        // α_τ·ȳ/s of x̄_τ, with the variance κ(α_τ² + σ_τ²).
        const noise = drawn('κ', 1).mul(size * Math.sqrt(kappa * (alpha ** 2 + sigma ** 2)))
        y = operator.forward(x).add(noise).div(alpha)
      }
      const { fromX0, fromX, variance } = transitionOf(schedule, { t, s }, ddimOf(1))
      x = vp
        .denoise(x, t)
        .mul(fromX0)
        .add(x.mul(fromX))
        .add(drawn(`step ${i}`, 2).mul(Math.sqrt(variance)))
    })
    if (y === undefined) throw new Error('τ is not on the grid')
    passes(await run(mcgDiff(posed(y, sigmaY), vp, { steps, kappa, particles: 24, seed: 8 })), x)
  })

  test('SMCDiff passes without noise', async () => {
    const first = matrixOperator(tensor([[1, 0]], float64))
    const truth = truthOf()
    const problem = { operator: first, noise: gaussianNoise(0), y: repeated(first.forward(truth), draws) }
    const x = await run(smcDiff(problem, vp, { steps: 25, particles: 12, seed: 8 }))
    // The first number is known.
    expect(x.slice(null, [0, 1]).sub(problem.y).abs().max().dataSync()[0]).toBeLessThan(1e-9)
    passes(x.slice(null, [1, 2]), truth.slice(null, [1, 2]))
  })

  test('FPS-SMC passes without noise, by the kernel of DDIM', async () => {
    const truth = truthOf()
    const problem = posed(measured(truth, 0), 0)
    const options = { steps: 32, kernel: 'ddim', c: 1, spacing: 'quadratic', particles: 8, seed: 8 } as const
    passes(await run(fpsSmc(problem, vp, options)), truth)
  })
})
