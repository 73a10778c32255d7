import { tensor } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { describe, expect, it, vi } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { blur, compose, matrixOperator, sr } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace, vpLinear } from '../../schedules/index.ts'
import type { DdpgOptions } from '../index.ts'
import { ddpg } from '../index.ts'
import { lawOf, repeated } from '../law-of-method.test.helper.ts'
import { plus, times, transposed } from '../written-out.test.helper.ts'
import {
  A,
  decomposition,
  drawn,
  firstSample,
  float64,
  names,
  priorOn,
  problemOf,
  schedules,
  seed,
  U,
  V,
  y,
} from '../written-out-problem.test.helper.ts'
import { follow } from './follow.test.helper.ts'

vi.mock('../../run/streams.ts', async (original) => {
  const { probed } = await import('../law-of-method.test.helper.ts')
  return probed(await original())
})

/** Aᵀ(AAᵀ + ηI)⁻¹v by the decomposition. */
const regularised = (eta: number, v: readonly number[]) =>
  times(V, [
    ...times(transposed(U), v).map((c, k) => (decomposition.s[k]! * c) / (decomposition.s[k]! ** 2 + eta)),
    0,
  ])

describe.each(names)('DDPG on %s', (name) => {
  const [schedule, levels] = schedules[name]
  const { alpha, sigma } = levels
  const cases: readonly (DdpgOptions & { sigmaY: number })[] = [
    { sigmaY: 0.3 },
    { sigmaY: 0.3, gamma: 0.4, etaTilde: 2, zeta: 1, lsScale: 0.3, step: 'constant', spacing: 'karras' },
    { sigmaY: 0.005, gamma: 0.2, zeta: 0.2, step: 'decaying-ls', spacing: 'trailing' },
    { sigmaY: 0.4, gamma: 1, iterations: 9, spacing: 'karras' },
    { sigmaY: 0, zeta: 0.7, step: 'constant' },
    { sigmaY: 0, zeta: 0 },
    { sigmaY: 0.3, idpg: true, step: 'constant', gamma: 0.5 },
    { sigmaY: 0, idpg: true },
  ]

  it.each(cases)('%j, every step shown', async ({ sigmaY, ...options }) => {
    const {
      gamma = 8,
      etaTilde = 0.7,
      zeta = 0.5,
      lsScale = 1,
      step = 'decaying',
      spacing = 'ddim',
    } = options
    const path = respace(schedule, 5, spacing)
    const alphaBar = (t: number) => alpha(t) ** 2 / (alpha(t) ** 2 + sigma(t) ** 2)
    await follow(ddpg(problemOf(sigmaY), priorOn(name), { ...options, steps: 5, seed, firstSample }), {
      path,
      levels,
      update: ({ x, x0, t, s, i }) => {
        if (i === 4 && sigmaY > 0) return x0
        const delta = sigmaY > 0 ? alphaBar(s) ** gamma : 0
        const left = plus([1, y], [-1, times(A, x0)])
        const decay = (1 - alphaBar(s)) / (1 - alphaBar(t))
        const moved = plus(
          [1, x0],
          [
            (step === 'decaying' ? decay : 1) * (1 - delta),
            regularised(Math.max(1e-4, etaTilde * sigmaY ** 2), left),
          ],
          [(step === 'constant' ? 1 : decay) * delta * lsScale, times(transposed(A), left)],
        )
        if (options.idpg) return plus([alpha(s), moved])
        const epsilon = plus([1 / sigma(t), x], [-alpha(t) / sigma(t), moved])
        const kept = Math.sqrt(1 - zeta) * (sigmaY > 0 ? delta : 1)
        return plus(
          [alpha(s), moved],
          [sigma(s) * kept, epsilon],
          [sigma(s) * Math.sqrt(zeta), drawn(i, 'step')],
        )
      },
    })
  })
})

describe('limits of DDPG', () => {
  const rows = [[1, 2, 0], [0, 1, -1]] // biome-ignore format: rows
  const operator = matrixOperator(tensor(rows, float64))
  const prior = gaussianPrior({ mean: [0.5, -0.3, 0.2], covariance: 0.4 })
  const y = tensor([[0.7, -0.5]], float64)
  const end = (sigmaY: number, options: DdpgOptions) =>
    run(ddpg({ operator, noise: gaussianNoise(sigmaY), y }, prior, { steps: 10, ...options }))

  it('without noise A x = y but for η = 10⁻⁴, in steps of one length', async () => {
    const x = await end(0, { step: 'constant' })
    const left = new Matrix(rows).mmul(Matrix.columnVector([...x.dataSync()])).to1DArray()
    // η/(s² + η) of the residual is left, s² at least 0.8 here.
    left.forEach((v, i) => expect(Math.abs(v - [0.7, -0.5][i]!)).toBeLessThan(5e-4))
  })

  it('γ = 0 is least squares alone, whatever η̃; a large γ back-projection alone, whatever c', async () => {
    const [a, b] = [await end(0.2, { gamma: 0, etaTilde: 0.1 }), await end(0.2, { gamma: 0, etaTilde: 9 })]
    expect(Array.from(a.dataSync())).toEqual(Array.from(b.dataSync()))
    const late = { gamma: 1e6, steps: 10 } // δ is below e⁻¹⁰⁰ but at the clean end
    const [c, d] = [await end(0.2, { ...late, lsScale: 0.1 }), await end(0.2, { ...late, lsScale: 9 })]
    c.dataSync().forEach((v, i) => expect(v).toBeCloseTo(d.dataSync()[i]!, 12))
  })

  it('as IDPG draws nothing after the start, and forgets it where A is invertible', async () => {
    const square = matrixOperator(tensor([[2, 0, 1], [0, 1, 0], [1, 0, 3]], float64)) // biome-ignore format: rows
    const measured = tensor([[0.4, -0.2, 0.9]], float64)
    const options = { steps: 10, idpg: true, step: 'constant' } as const
    const [a, b] = await Promise.all(
      [1, 2].map((seed) =>
        run(ddpg({ operator: square, noise: gaussianNoise(0), y: measured }, prior, { ...options, seed })),
      ),
    )
    const [inverse, ends] = [square.pinv(measured).dataSync(), [a!, b!].map((x) => x.dataSync())]
    // η/(s² + η) ≤ 10⁻⁴ of the error is left by each of ten steps.
    for (const end of ends) end.forEach((v, i) => expect(Math.abs(v - inverse[i]!)).toBeLessThan(1e-3))
    ends[0]!.forEach((v, i) => expect(Math.abs(v - ends[1]![i]!)).toBeLessThan(1e-12))
  })

  it('takes an operator by A and Aᵀ alone', async () => {
    const shape = [1, 4, 6]
    const flat = gaussianPrior({ mean: new Array(24).fill(0.1), covariance: 0.3, shape })
    const bare = compose(sr(shape, { factor: 2 }), blur(shape, { size: 3, std: 1, boundary: 'reflect' }))
    const measured = bare.forward(
      tensor(
        Array.from({ length: 24 }, (_, i) => Math.sin(i)),
        float64,
      ).reshape([1, ...shape]),
    )
    const { svd, ...without } = sr(shape, { factor: 2 })
    for (const operator of [bare, without]) {
      const x = await run(
        ddpg({ operator, noise: gaussianNoise(0), y: measured }, flat, { steps: 10, step: 'constant' }),
      )
      const left = operator.forward(x).sub(measured).dataSync()
      expect(Math.max(...left.map(Math.abs))).toBeLessThan(0.05)
    }
  })
})

describe('the law of DDPG on a Gaussian prior, A = 1', () => {
  it('is as followed by hand, and narrower than the posterior', async () => {
    const [v, mu, yValue, sigmaY, gamma, zeta, etaTilde] = [0.6, 0.2, 1.1, 0.5, 2, 0.3, 0.7]
    const schedule = vpLinear({ T: 40 })
    const prior = gaussianPrior({ mean: [mu], covariance: v, schedule })
    const operator = matrixOperator(tensor([[1]], float64))
    const law = await lawOf(1, (N) =>
      run(
        ddpg({ operator, noise: gaussianNoise(sigmaY), y: repeated([yValue], N) }, prior, {
          steps: 40,
          gamma,
          zeta,
          etaTilde,
        }),
      ),
    )
    let [m, P] = [0, schedule.sigma(39) ** 2]
    for (let t = 39; t >= 0; t--) {
      const [a, as, k, ks] = [
        schedule.alpha(t),
        schedule.alpha(t - 1),
        schedule.sigma(t),
        schedule.sigma(t - 1),
      ]
      const gain = (v * a) / (v * a * a + k * k)
      const delta = as ** (2 * gamma)
      const pull = (ks ** 2 / k ** 2) * ((1 - delta) / (1 + etaTilde * sigmaY ** 2) + delta)
      // x̂₀' = (1 − pull)·x̂₀ + pull·y
      const [slope, rest] = [(1 - pull) * gain, (1 - pull) * (1 - a * gain) * mu + pull * yValue]
      const keep = (ks * Math.sqrt(1 - zeta) * delta) / k
      const whole = as * slope + keep * (1 - a * slope)
      m = whole * m + (as - keep * a) * rest
      P = whole ** 2 * P + ks ** 2 * zeta
    }
    expect(law.mean.get(0, 0)).toBeCloseTo(m, 9)
    expect(law.covariance.get(0, 0)).toBeCloseTo(P, 9)
    expect(P).toBeLessThan(1 / (1 / v + 1 / sigmaY ** 2))
  })
})
