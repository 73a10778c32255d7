import { dps, epsilonPrior, gaussianNoise, inpaint, noiseStreams, run, vpLinear } from '@tweedie/solvers'
import { fromData, randomKey } from '@tweedie/tensor'
import type { Arrays, Job, Work } from './job.ts'
import { hostArray } from './job.ts'
import type { Predict } from './networks.ts'
import { digitsShape } from './networks.ts'

const seed = 1

function problemOn(device: string, samples: number) {
  const operator = inpaint(digitsShape, { box: 10 })
  const noise = gaussianNoise(0.05)
  // An O: of noise as a picture, two roundings would soon have little in common.
  const ring = Float32Array.from({ length: 784 * samples }, (_, i) => {
    const [row, column] = [Math.floor((i % 784) / 28), i % 28]
    return Math.abs(Math.hypot(row - 14, column - 14) - 8) < 2 ? 1 : -1
  })
  const truth = fromData(ring, [samples, ...digitsShape], { device })
  const keys = Array.from({ length: samples }, (_, i) => randomKey(3 + i))
  return { operator, noise, y: noise.sample(keys, operator.forward(truth)) }
}

function dpsOn(predict: Predict, device: string, samples: number, steps: number): Work {
  const prior = epsilonPrior({
    ...{ name: 'digits', shape: digitsShape, schedule: vpLinear(), clip: [-1, 1] as const },
    predictNoise: predict,
  })
  const problem = problemOn(device, samples)
  return { run: async () => [await run(dps(problem, prior, { steps, scale: 3, seed }))] }
}

/** The measurement and all that a run draws. */
function givenTo(name: string, samples: number, steps: number): Arrays {
  const { normal } = noiseStreams({ seed, count: samples })
  const { sigma, noisiest } = vpLinear()
  const draws = Array.from({ length: steps }, (_, i) => [
    `${name} z ${i}`,
    hostArray(() => normal(i, 'step', digitsShape)),
  ])
  return {
    [`${name} y`]: hostArray(() => problemOn('wasm', samples).y),
    [`${name} x_T`]: hostArray(() => normal(0, 'start', digitsShape).mul(sigma(noisiest))),
    ...Object.fromEntries(draws),
  }
}

/** At the noisiest time a rounding is divided by α = 0.006, and ten steps go on from there. */
const tolerance = 1e-2

/** DPS end to end, on one digit and on sixteen at once. */
export const dpsJobs = (predict: (device: string) => Promise<Predict>, steps: number): readonly Job[] =>
  [
    { name: `DPS on a digit, ${steps} steps`, samples: 1 },
    { name: `DPS on a digit ×16, ${steps} steps`, samples: 16 },
  ].map(({ name, samples }) => ({
    ...{ name, few: samples === 1, tolerance },
    prepare: async (device) => dpsOn(await predict(device), device, samples, steps),
    given: async () => givenTo(name, samples, steps),
  }))
