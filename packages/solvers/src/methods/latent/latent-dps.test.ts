import { ShapeError, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { compose, linearOperator, matrixOperator } from '../../operators/index.ts'
import { gaussianPrior, linearAutoencoder } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace } from '../../schedules/index.ts'
import type { Autoencoder, GuidedStep } from '../../types.ts'
import { dps, latentDps, UnfitError } from '../index.ts'
import { ddimFrom, evaluate, length, plus, pullBack, times, transposed } from '../written-out.test.helper.ts'
import { close } from '../written-out-problem.test.helper.ts'
import {
  A,
  bent,
  bentDecoder,
  bentPrior,
  drawn,
  firstSample,
  float64,
  levels,
  list,
  network,
  oblique,
  on,
  orthonormal,
  problemOf,
  rows,
  schedule,
  seed,
  W,
  y,
} from './latents.test.helper.ts'

const steps = 6

it.each([{}, { scale: 0.3, eta: 1 }, { scale: 0.3, scaleSteps: 20, eta: 0.5 }])(
  'LDPS written out, %j',
  async (options: { scale?: number; scaleSteps?: number; eta?: number }) => {
    const { scale = 1000 / steps, scaleSteps = steps, eta = 0 } = options
    const zeta = (scale * scaleSteps) / steps
    const pairs = respace(schedule, steps, 'linspace')
    let z = plus([levels.sigma(pairs[0]!.t), drawn(0, 'start')])
    const given = { steps, spacing: 'linspace', seed, firstSample, ...options } as const
    let seen = 0
    const going = latentDps(problemOf(0.1), bentPrior(bent), given)
    for (;;) {
      const next = await going.next()
      if (next.done) {
        close(list(next.value), bentDecoder.at(z), 'the result')
        break
      }
      const step = next.value
      const { t, s } = pairs[step.i]!
      const z0 = evaluate(network, z, t)
      const x0 = bentDecoder.at(z0)
      const r = plus([1, y], [-1, times(A, x0)])
      const down = times(transposed(A), plus([1 / length(r), r]))
      const guidance = plus([zeta, pullBack(network, z, t, bentDecoder.back(z0, down))])
      close(list(step.x0hat), x0, `D(ẑ₀) of step ${step.i}`)
      close(step.residual, [length(r)], `residual of step ${step.i}`)
      close(list(step.guidance), guidance, `guidance of step ${step.i}`)
      const moved = ddimFrom(levels, [t, s], eta, z, z0, drawn(step.i, 'step'))
      close(list(step.x), plus([1, moved], [1, guidance]), `z of step ${step.i}`)
      z = list(step.x)
      seen++
    }
    expect(seen).toBe(steps)
  },
)

const covariance = [
  [1, 0.5, 0],
  [0.5, 0.8, -0.2],
  [0, -0.2, 0.5],
]
const gaussian = gaussianPrior({ mean: [0.3, -0.2, 0.1], covariance })

it.each([
  ['an orthonormal decoder', orthonormal],
  ['an oblique one', oblique],
  ['a nonlinear one', bent],
])('is DPS with the operator A∘D, bit for bit: %s', async (_, autoencoder: Autoencoder) => {
  const { operator, ...rest } = problemOf(0.1)
  const decoder = {
    name: 'decoder',
    inShape: [3],
    outShape: [4],
    forward: (z: Parameters<Autoencoder['decode']>[0]) => autoencoder.decode(z),
  }
  const options = { steps: 20, seed: 3, spacing: 'linspace', scale: 0.2, eta: 0.7 } as const
  const states: number[][] = []
  const other = run<GuidedStep>(dps({ operator: compose(operator, decoder), ...rest }, gaussian, options), {
    onStep: (step) => void states.push([...list(step.x), ...step.residual]),
  })
  const z = await other
  let i = 0
  const x = await run<GuidedStep>(latentDps({ operator, ...rest }, on(gaussian, autoencoder), options), {
    onStep: (step) => expect([...list(step.x), ...step.residual]).toEqual(states[i++]),
  })
  expect(i).toBe(20)
  expect(list(x)).toEqual(list(autoencoder.decode(z)))
})

it('of a decoder of all pictures: DPS in turned coordinates', async () => {
  // D = Q square and orthonormal: z = Qᵀx, and DPS on x with the law of Q z, from the same noise turned.
  const Q = [
    [0.6, -0.8],
    [0.8, 0.6],
  ]
  const latents = gaussianPrior({ mean: [0, 0], covariance: 0.5 })
  const problem = { operator: matrixOperator(rows([[1, 0.3]])), noise: gaussianNoise(0.1), y: rows([[0.8]]) }
  const options = { steps: 30, seed: 5, spacing: 'linspace', scale: 0.1, eta: 0 } as const
  const start = tensor([[0.4, -1.1]], float64)
  const resume = (x: typeof start) => ({ next: 1, state: { x } })
  const turned = linearAutoencoder(rows(Q))
  const a = await run(latentDps(problem, on(latents, turned), { ...options, resume: resume(start) }))
  const b = await run(dps(problem, latents, { ...options, resume: resume(turned.decode(start)) }))
  close(list(a), list(b), 'x')
})

describe('what it refuses before any work', () => {
  const prior = on(gaussian, orthonormal)
  it.each([
    ['a prior on pictures', problemOf(0.1), gaussianPrior({ mean: [0, 0, 0, 0], covariance: 1 }), UnfitError],
    [
      'an autoencoder beside a prior on pictures',
      problemOf(0.1),
      on(gaussianPrior({ mean: [0, 0, 0, 0], covariance: 1 }), orthonormal),
      UnfitError,
    ],
    ['an operator on latents', problemOf(0.1, [[1, 0, 0]]), prior, ShapeError],
  ])('%s', (_, problem, prior, kind) => {
    const only = { ...problem, y: rows([problem.operator.outShape[0] === 1 ? [1] : y]) }
    expect(() => latentDps(only, prior)).toThrow(kind)
  })
  it('says which and what would fit', () => {
    const pictures = gaussianPrior({ mean: [0, 0, 0, 0], covariance: 1 })
    expect(() => latentDps(problemOf(0.1), { ...pictures, name: 'digits' })).toThrow(
      "latent-dps: takes a prior on latents with an autoencoder; 'digits' is one of pictures",
    )
    expect(() => dps(problemOf(0.1), { ...prior, name: 'codes' })).toThrow(
      "'matrixOperator' and the prior 'codes' disagree about a sample: take a latent method",
    )
    const small = linearOperator('three', { inShape: [3], outShape: [3], forward: (x) => x.mul(1) })
    expect(() => latentDps({ ...problemOf(0.1), operator: small, y: rows([[1, 2, 3]]) }, prior)).toThrow(
      "'three' and the prior 'gaussian' disagree about a sample",
    )
  })
})

it('has orthonormal columns to test with', () => {
  close(
    times(
      transposed(W),
      W.map((row) => row[0]!),
    ),
    [1, 0, 0],
    'WᵀW',
  )
})
