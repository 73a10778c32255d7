// The trajectories of published samplers, for the same denoiser and the same noise: tests/fixtures/samplers/make.py.
import { readFileSync } from 'node:fs'
import type { Tensor } from '@tweedie/tensor'
import { tanh, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { networkPrior, parameterisations } from '../priors/index.ts'
import { edm, flow, vpLinear } from '../schedules/index.ts'
import type { Prior, Schedule } from '../types.ts'
import type { Sampler } from './index.ts'
import { byKernel, churned, ddim, ddpm, dpmSolver, euler, heun } from './index.ts'
import { between, walk } from './path.test.helper.ts'

interface Case {
  readonly times: readonly number[]
  readonly start: readonly number[]
  readonly path: readonly (readonly number[])[]
  readonly noises?: readonly (readonly number[])[]
  readonly settings?: { churn: number; low: number; high: number | null; noise: number }
}
const file = new URL('../../../../tests/fixtures/samplers/samplers.json', import.meta.url)
const { variance, cases }: { variance: number; cases: Readonly<Record<string, Case>> } = JSON.parse(
  readFileSync(file, 'utf8'),
)
const row = (values: readonly number[]) => tensor([[...values]], { dtype: 'float64' })

/** E[x₀ | x_t] of ½·N(1, v) + ½·N(−1, v), in each element. */
function posteriorMean(x: Tensor, alpha: number, sigma: number): Tensor {
  const d = alpha ** 2 * variance + sigma ** 2
  return x
    .mul(alpha * variance)
    .add(tanh(x.mul(alpha / d)).mul(sigma ** 2))
    .div(d)
}
const exact = (schedule: Schedule): Prior => ({
  name: 'two peaks',
  shape: [4],
  schedule,
  denoise: (x, t) => posteriorMean(x, schedule.alpha(t), schedule.sigma(t)),
})

/** The same prior by way of what a network says. */
function predicting(schedule: Schedule, predicts: 'epsilon' | 'v' | 'x0' | 'flow' | 'edm'): Prior {
  return networkPrior({
    name: predicts,
    shape: [4],
    schedule,
    predicts,
    predict: (input, label) => {
      const t = predicts === 'edm' ? schedule.timeOfNoiseLevel(Math.exp(4 * label)) : label
      const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
      const { target, input: scale } = parameterisations[predicts](alpha, sigma, 0.5)
      const x = input.div(scale)
      const x0 = posteriorMean(x, alpha, sigma)
      const noise = x.sub(x0.mul(alpha)).div(sigma)
      return x0.mul(target.x0).add(noise.mul(target.noise))
    },
  })
}

/** Compares x after every step; `scaled` where the published path is that of x/α. */
function follow(
  name: string,
  sampler: Sampler,
  prior: Prior,
  { scaled = false, deterministic = false } = {},
) {
  const { schedule } = prior
  const { times, start, path, noises } = cases[name]!
  const pairs = between(times, schedule.clean)
  const first = schedule.sigma(times[0]!)
  const x = row(start.map((v) => (scaled ? v * first : v)))
  const found = walk({
    sampler,
    prior,
    times: pairs,
    x,
    ...(!deterministic && { z: (i) => row(noises![i]!) }),
  })
  expect(found.length).toBe(path.length)
  found.forEach((x, i) => {
    const alpha = scaled ? schedule.alpha(pairs[i]!.s) : 1
    const wanted = path[i]!.map((v) => v * alpha)
    const size = Math.max(1, ...wanted.map(Math.abs))
    x.dataSync().forEach((value, k) => {
      expect(Math.abs(value - wanted[k]!) / size, `${name}, step ${i}, element ${k}`).toBeLessThan(1e-5)
    })
  })
}

describe("diffusers' schedulers", () => {
  it.each(['small', 'large'] as const)('DDPMScheduler, fixed_%s', (kind) => {
    follow(`ddpm fixed_${kind}`, byKernel('ddpm', ddpm(kind)), predicting(vpLinear(), 'epsilon'))
  })

  it.each([
    ['epsilon', 'epsilon'],
    ['v_prediction', 'v'],
    ['sample', 'x0'],
  ] as const)('DDIMScheduler with a network of %s', (theirs, ours) => {
    const prior = predicting(vpLinear(), ours)
    follow(`ddim ${theirs} 0.0`, byKernel('ddim', ddim(0)), prior, { deterministic: true })
    follow(`ddim ${theirs} 0.6`, byKernel('ddim', ddim(0.6)), prior)
  })

  it('DPMSolverMultistepScheduler, ODE and SDE', () => {
    follow('dpm++2m ode', dpmSolver(), exact(vpLinear()), { deterministic: true })
    follow('dpm++2m sde', dpmSolver({ form: 'sde' }), exact(vpLinear()))
  })

  it('EulerDiscreteScheduler and HeunDiscreteScheduler', () => {
    const options = { scaled: true, deterministic: true }
    follow('euler', byKernel('euler', euler()), exact(vpLinear()), options)
    follow('heun', heun(), exact(vpLinear()), options)
    // On VP the ODE of the level is DDIM's.
    follow('euler', byKernel('ddim', ddim(0)), exact(vpLinear()), options)
  })

  it('EulerAncestralDiscreteScheduler is DDIM with η = 1', () => {
    follow('euler ancestral', byKernel('ddim', ddim(1)), exact(vpLinear()), { scaled: true })
    follow('euler ancestral', byKernel('ddpm', ddpm()), exact(vpLinear()), { scaled: true })
  })

  it('EDMEulerScheduler and EDMDPMSolverMultistepScheduler', () => {
    const options = { deterministic: true }
    for (const prior of [predicting(edm(), 'edm'), exact(edm())]) {
      follow('edm euler', byKernel('euler', euler()), prior, options)
      follow('edm dpm++2m', dpmSolver(), prior, options)
    }
  })

  it('FlowMatchEulerDiscreteScheduler', () => {
    const prior = predicting(flow(), 'flow')
    follow('flow euler', byKernel('euler', euler({ variable: 'time' })), prior, { deterministic: true })
    follow('flow euler', byKernel('ddim', ddim(0)), prior, { deterministic: true })
  })
})

describe("EDM's Algorithm 2", () => {
  it('without churn', () => follow('edm heun', heun(), exact(edm()), { deterministic: true }))

  it.each(['edm heun churn', 'edm heun churn most'])('%s', (name) => {
    const { churn, low, high, noise } = cases[name]!.settings!
    const options = { churn, churnMin: low, churnMax: high ?? Infinity, churnNoise: noise }
    follow(name, churned(heun(), options), exact(edm({ sigmaMax: 200 })))
  })
})
