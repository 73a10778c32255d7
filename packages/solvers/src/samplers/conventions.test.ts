// A network trained in any convention runs under every sampler, on any schedule: the law of what comes out is that of the
// data, N(0.7, 0.3) in one dimension, of which the exact outputs of such a network are known.
import type { Tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { madeFrom } from '../options/index.ts'
import type { Prediction } from '../priors/index.ts'
import { gaussianPrior, networkPrior, parameterisations, predictions, withSchedule } from '../priors/index.ts'
import {
  edm,
  flow,
  karrasLevels,
  timesOfLevels,
  ve,
  vpContinuous,
  vpCosine,
  vpLinear,
} from '../schedules/index.ts'
import type { Prior, Schedule } from '../types.ts'
import { samplers } from './index.ts'
import type { Law } from './law.test.helper.ts'
import { lawAfter } from './law.test.helper.ts'

const [mean, variance] = [0.7, 0.3]

/** What each network was trained on. */
const trained: Readonly<Record<Prediction, Schedule>> = {
  epsilon: vpLinear(),
  x0: vpContinuous(),
  v: vpCosine(),
  flow: flow(),
  velocity: flow(),
  edm: edm({ sigmaMax: 200 }),
}

/** The network that has learned N(0.7, 0.3) to perfection. */
function networkOf(predicts: Prediction): Prior {
  const schedule = trained[predicts]
  const predict = (input: Tensor, label: number) => {
    const own: Partial<Record<Prediction, (label: number) => number>> = {
      edm: (label) => schedule.timeOfNoiseLevel(Math.exp(4 * label)),
      velocity: (label) => 1 - label,
    }
    const t = own[predicts]?.(label) ?? label
    const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
    const { target, input: scale } = parameterisations[predicts](alpha, sigma, 0.5)
    const x = input.div(scale)
    const d = alpha ** 2 * variance + sigma ** 2
    // E[x₀ | x_t] and E[ε | x_t], both without a division by α or σ.
    const x0 = x
      .mul(alpha * variance)
      .add(sigma ** 2 * mean)
      .div(d)
    const noise = x.sub(alpha * mean).mul(sigma / d)
    return x0.mul(target.x0).add(noise.mul(target.noise))
  }
  return networkPrior({ name: predicts, shape: [1], schedule, predicts, predict })
}

const levels = karrasLevels(40, { sigmaMin: 0.01, sigmaMax: 30 })
const lawOf = (text: string, prior: Prior): Law => {
  const times = timesOfLevels(prior.schedule, levels)
  const start = prior.schedule.sigma(times[0]!.t)
  return lawAfter(madeFrom(samplers, text), prior, times, { mean: 0, variance: start ** 2 })
}

/**
 * How far the variance may be off after these 40 steps, about twice what it is: worked out without sampling, so no draw
 * decides. The errors of the orders are in orders.test.ts.
 */
const bounds: Readonly<Record<string, number>> = {
  ddpm: 0.4,
  'ddpm:variance=large': 0.45,
  ddim: 0.2,
  'ddim:0.5': 0.25,
  'renoise:0.3': 0.25,
  euler: 0.2,
  'euler:noise=1': 0.2,
  'euler:variable=time': 0.4,
  heun: 0.02,
  'heun:noise=1': 0.002,
  'heun:churn=4,churnMax=10': 0.04,
  'heun:variable=time': 0.1,
  'dpm++2m': 0.02,
  'dpm++2m:form=sde': 0.06,
  pc: 0.4,
  'pc:predictor=euler,corrections=2,snr=0.1': 0.15,
  'langevin:inner=6,rate=0.5': 0.25,
}
const texts = Object.keys(bounds)
/** What depends on the schedule beyond σ/α. */
const ownWays = ['ddpm:variance=large', 'euler:variable=time', 'heun:variable=time']

it('all samplers are among these', () => {
  expect(new Set(texts.map((text) => samplers.parse(text).entry.info.name))).toEqual(new Set(samplers.names))
})

function same(found: Law, wanted: Law, what: string): void {
  expect(Math.abs(found.mean - wanted.mean), `mean, ${what}`).toBeLessThan(1e-9)
  expect(Math.abs(found.variance - wanted.variance), `variance, ${what}`).toBeLessThan(1e-9)
}

describe.each(texts)('under %s', (text) => {
  const on = (schedule: Schedule) => gaussianPrior({ mean: [mean], covariance: variance, schedule })
  const there = edm({ sigmaMax: 30 })
  const wanted = lawOf(text, on(there))
  const moments = (law: Law) => {
    expect(Math.abs(law.mean - mean)).toBeLessThan(0.02)
    expect(Math.abs(law.variance / variance - 1)).toBeLessThan(bounds[text]!)
  }

  it('networks of every convention give the same law, that of the data', () => {
    moments(wanted)
    for (const predicts of predictions) {
      same(lawOf(text, withSchedule(networkOf(predicts), there)), wanted, predicts)
    }
  })

  it('and so on every schedule', () => {
    for (const schedule of [
      vpContinuous(),
      ve({ sigmaMax: 30, time: 'variance' }),
      flow({ noisiest: 30 / 31 }),
    ]) {
      const [moved, exact] = [withSchedule(networkOf('epsilon'), schedule), on(schedule)]
      const law = lawOf(text, moved)
      same(law, lawOf(text, exact), schedule.name)
      if (!ownWays.includes(text)) same(law, wanted, schedule.name)
      // Euler in t = σ² takes steps far too long on this grid: it is the grid of σ.
      if (schedule.name !== 've') moments(law)
    }
  })
})
