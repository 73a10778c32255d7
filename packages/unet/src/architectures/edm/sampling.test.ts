// Sampling with EDM's networks: the looks and the ends of EDM's own sampler, on the schedule of noise levels and on a VP one.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  edm,
  heun,
  karrasLevels,
  networkPrior,
  noiseLevel,
  timesOfLevels,
  vpContinuous,
  withSchedule,
} from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { fromData, scope } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { parseSafetensors } from '../../checkpoint/safetensors.ts'
import { hashedParams } from '../../hashed-params.test.helper.ts'
import type { Params } from '../../params.ts'
import { relativeError } from '../../relative-error.test.helper.ts'
import { edmForward } from './forward.ts'
import { edmConfigFromKwargs } from './kwargs.ts'
import { noiseRange, roundSigma } from './preconditioning.ts'
import { edmSpec } from './spec.ts'
import type { EdmConfig } from './types.ts'

const fixtures = resolve(import.meta.dirname, '../../../../../tests/fixtures/edm')
const said = parseSafetensors(readFileSync(join(fixtures, 'levels.safetensors')), 'levels')
const tensorOf = (name: string) =>
  fromData(said.values(name), said.entries.find((e) => e.name === name)?.shape ?? [], { dtype: 'float32' })

/** The network of a fixture, as the script that made it fills it. */
function network(name: string): { config: EdmConfig; params: Params } {
  const config = edmConfigFromKwargs(JSON.parse(readFileSync(join(fixtures, `${name}.json`), 'utf8')))
  const params = hashedParams(edmSpec(config), { dtype: 'float32', device: 'wasm' })
  const frequencies = params['map_noise.freqs']
  return {
    config,
    params: frequencies === undefined ? params : { ...params, 'map_noise.freqs': frequencies.mul(50) },
  }
}

describe.each([
  ['ddpmpp-vp', 7],
  ['adm-iddpm', 6],
  ['skip-edm-class', 5],
  ['ncsnpp-ve', 4],
] as const)("%s under EDM's sampler", (name, steps) => {
  const { config, params } = network(name)
  const { preconditioning } = config
  if (preconditioning === null) throw new Error('it is a denoiser')
  const { sigmaMin, sigmaMax } = noiseRange(preconditioning)
  const range = { sigmaMin: Math.max(0.002, sigmaMin), sigmaMax: Math.min(80, sigmaMax) }
  const levels = karrasLevels(steps, range).map((sigma) => roundSigma(preconditioning, sigma))

  test.each(['noise levels', 'VP'])('on the schedule of %s: each look and the end', (which) => {
    const labels = config.labelDim > 0 ? { labels: fromData([3], [1]) } : {}
    const own = networkPrior({
      ...{ name: 'net', shape: [config.inChannels, 8, 8], schedule: edm({ sigmaMax: range.sigmaMax }) },
      ...{ predicts: 'x0', predict: (x, sigma) => edmForward(params, config, x, sigma, labels) },
    })
    const { sigmaMax: top } = range
    const vp = vpContinuous({ betaMin: 0.1, betaMax: 2 * Math.log1p(top ** 2) - 0.1 })
    const prior = which === 'VP' ? withSchedule(own, vp) : own
    const { schedule } = prior
    const asked = tensorOf(`${name}:asked`)
    const wanted = Array.from(said.values(`${name}:levels`))
    let look = 0
    const denoise = (x: Tensor, t: number) => {
      expect(Math.abs(noiseLevel(schedule, t) / wanted[look]! - 1)).toBeLessThan(2e-5)
      expect(relativeError(x.mul(1 / schedule.alpha(t)), asked.slice([look, look + 1]))).toBeLessThan(2e-4)
      look++
      return prior.denoise(x, t)
    }
    scope(() => {
      const times = timesOfLevels(schedule, levels)
      let x = tensorOf(`${name}:latents`).mul(schedule.sigma(times[0]!.t))
      const sampler = heun()
      for (const pair of times)
        x = sampler.step(denoise, x, undefined, { ...pair, schedule, steps }, () => x).x
      expect(look).toBe(2 * steps - 1)
      expect(relativeError(x, tensorOf(`${name}:end`))).toBeLessThan(2e-4)
    })
  })
})
