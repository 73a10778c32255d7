import { tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise, noNoise } from '../../noise/index.ts'
import { jpeg } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace } from '../../schedules/index.ts'
import type { DdrmJpegOptions } from '../index.ts'
import { ddrmJpeg } from '../index.ts'
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

const inverse = inverseOf(decomposition)

describe.each(names)('DDRM-JPEG on %s', (name) => {
  const [schedule, levels] = schedules[name]
  const { alpha, sigma } = levels
  const cases: readonly DdrmJpegOptions[] = [
    {},
    { eta: 0.5, etaB: 1, startAt: 1, spacing: 'trailing' },
    { eta: 0, etaB: 0.7, startAt: 0.6, spacing: 'linspace' },
  ]

  it.each(cases)('%j, every step shown', async (options) => {
    const { eta = 1, etaB = 0.4, startAt = 0.3, spacing = 'ddim' } = options
    const { clean, noisiest } = schedule
    const path = respace(schedule, 10, spacing).filter(
      ({ t }) => t <= clean + startAt * (noisiest - clean) + 1e-9,
    )
    expect(path.length).toBeGreaterThan(1)
    const problem = { ...measured(invertibleOf(decomposition)), noise: gaussianNoise(0.3) }
    const first = path[0]!.t
    await follow(ddrmJpeg(problem, priorOn(name), { ...options, steps: 10, seed, firstSample }), {
      path,
      levels,
      start: plus([sigma(first), drawn(0, 'start')], [alpha(first), times(inverse, y)]),
      update: ({ x, x0, t, s, i }) => {
        const projected = plus([1, x0], [-1, times(inverse, times(A, x0))], [1, times(inverse, y)])
        const corrected = plus([etaB, projected], [1 - etaB, x0])
        const epsilon = plus([1 / sigma(t), x], [-alpha(t) / sigma(t), x0])
        const kept = sigma(s) * Math.sqrt(1 - eta ** 2)
        return plus([alpha(s), corrected], [kept, epsilon], [sigma(s) * eta, drawn(i, 'step')])
      },
    })
  })
})

it('takes the twenty indices of the repository where nothing is said', async () => {
  const prior = gaussianPrior({ mean: [0.1, 0, 0, 0], covariance: 0.3 })
  const seen: number[] = []
  const problem = { ...measured(invertibleOf(decomposition)), noise: gaussianNoise(0.3) }
  for await (const { t } of ddrmJpeg(problem, prior)) seen.push(t)
  expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => 285 - 15 * i))
})

it('at η_B = 1 the coder makes y of what it returns', async () => {
  // A coefficient goes by whole steps of its rounding: what it is off its step is the denoiser's.
  const shape = [1, 8, 16]
  const prior = gaussianPrior({ mean: new Array(128).fill(0.1), covariance: 0.05, shape })
  const truth = tensor(
    Array.from({ length: 128 }, (_, i) => 0.6 * Math.sin(i / 5)),
    float64,
  ).reshape([1, ...shape])
  const operator = jpeg(shape, { quality: 20 })
  const y = operator.forward(truth)
  const x = await run(ddrmJpeg({ operator, noise: noNoise(), y }, prior, { etaB: 1, steps: 20 }))
  const again = operator.forward(x).dataSync()
  y.dataSync().forEach((v, i) => expect(again[i]).toBeCloseTo(v, 6))
  const damped = await run(ddrmJpeg({ operator, noise: noNoise(), y }, prior, { steps: 20 }))
  expect(damped.sub(x).square().sum().dataSync()[0]).toBeGreaterThan(1e-3)
})
