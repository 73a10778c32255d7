// EDM's networks as priors: on their schedule, under every method, with classes, from files.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Settings } from '@tweedie/solvers'
import {
  gaussianNoise,
  heun,
  inpaint,
  methods,
  noiseLevel,
  run,
  sampleFrom,
  withClass,
} from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { fromData, normal, randomKey, scope } from '@tweedie/tensor'
import type { EdmConfig } from '@tweedie/unet'
import {
  edmConfig,
  edmConfigToKwargs,
  edmForward,
  edm as edmNetworks,
  edmSpec,
  preconditionings,
  writeSafetensors,
} from '@tweedie/unet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { methodsThatFit } from '../facts/methods.ts'
import { loadPrior } from '../node/priors.ts'
import { priorOf } from './network.ts'
import { scheduleOf } from './schedule.ts'

const fixtures = resolve(import.meta.dirname, '../../../../tests/fixtures/edm')
const trainedOn = (config: EdmConfig) => {
  const usual = edmNetworks.trainedOn?.({}, 'config.json', config)
  if (usual === undefined) throw new Error('a denoiser knows its noise levels')
  return usual.trainedOn
}

/** Largest difference over the largest value. */
function apart(a: Tensor, b: Tensor): number {
  const [x, y] = [a.dataSync(), b.dataSync()]
  let [most, size] = [0, 0]
  y.forEach((value, i) => {
    most = Math.max(most, Math.abs(value - (x[i] ?? Number.NaN)))
    size = Math.max(size, Math.abs(value))
  })
  return x.length === y.length ? most / size : Number.NaN
}

const small = { imageSize: 8, modelChannels: 4, channelMult: [1, 2], numBlocks: 1, attnResolutions: [4] }
const made = (options: Partial<EdmConfig>) => {
  const config = edmConfig({ ...small, inChannels: 1, preconditioning: preconditionings.edm, ...options })
  const draws = Object.entries(edmSpec(config)).map(([name, shape], i) => {
    const draw = normal(randomKey(i), shape, {}).mul(0.3)
    return [name, /norm\d?\.weight$/.test(name) ? draw.add(1) : draw] as const
  })
  return { config, params: Object.fromEntries(draws) }
}

describe('the schedule of a network of noise levels', () => {
  test.each([
    [{ sigmaMin: 0, sigmaMax: null }, 0.0101, 152.2],
    [{ sigmaMin: 0.02, sigmaMax: 100 }, 0.0199, 100],
    [{ sigmaMin: 0.001, sigmaMax: 152.17 }, 0.0101, 152.17],
    [{ sigmaMin: 0.1, sigmaMax: 0.5 }, 0.0149, 0.5],
  ])('%o: from %d at a thousandth of its way to %d', (range, low, high) => {
    const schedule = scheduleOf({ kind: 'edm', ...range })
    expect(noiseLevel(schedule, schedule.noisiest) / high).toBeCloseTo(1, 3)
    expect(noiseLevel(schedule, 1e-3) / low).toBeCloseTo(1, 1)
  })

  test('it goes no further than the levels that the network knows, or than the published one', () => {
    for (const sigmaMax of [0.5, 3, 20, 100, 152, 1e4])
      expect(noiseLevel(scheduleOf({ kind: 'edm', sigmaMin: 0.01, sigmaMax }), 1)).toBeLessThanOrEqual(
        Math.min(sigmaMax, 152.2) * (1 + 1e-12),
      )
  })
})

test('a prior denoises x_t as the network denoises x_t/α_t, at each sample of a batch', () => {
  scope(() => {
    const { config, params } = made({})
    const prior = priorOf('net', [1, 8, 12], { config, params }, trainedOn(config))
    const x = normal(randomKey(1), [2, 1, 8, 12], {})
    for (const t of [1e-3, 0.2, 1]) {
      const [alpha, sigma] = [prior.schedule.alpha(t), prior.schedule.sigma(t)]
      const wanted = edmForward(params, config, x.mul(1 / alpha), sigma / alpha)
      expect(apart(prior.denoise(x, t), wanted)).toBeLessThan(1e-6)
    }
    expect(apart(prior.denoise(x, prior.schedule.clean), x)).toBe(0)
  })
})

test('a class-conditional one is told a class, or guided; asked for none it is given a label of zeros', () => {
  scope(() => {
    const { config, params } = made({ labelDim: 3 })
    const prior = priorOf('net', [1, 8, 8], { config, params }, trainedOn(config))
    expect(prior.conditional?.classes).toEqual(['0', '1', '2'])
    const x = normal(randomKey(1), [1, 1, 8, 8], {})
    const t = 0.5
    const [alpha, sigma] = [prior.schedule.alpha(t), prior.schedule.sigma(t)]
    const of = (label: number) =>
      edmForward(params, config, x.mul(1 / alpha), sigma / alpha, { labels: fromData([label], [1]) })
    const [none, two] = [of(3), of(2)]
    expect(apart(none, two)).toBeGreaterThan(1e-3)
    expect(apart(prior.denoise(x, t), none)).toBeLessThan(1e-6)
    expect(apart(withClass(prior, 2).denoise(x, t), two)).toBeLessThan(1e-6)
    const guided = none.add(two.sub(none).mul(2.5))
    expect(apart(withClass(prior, 2, 2.5).denoise(x, t), guided)).toBeLessThan(1e-5)
    expect(() => withClass(prior, 3)).toThrow('class: must be a label 0 … 2, got 3')
  })
})

/** Settings of methods that do much in a step: train a flow, or sample to the end. */
const flow = { steps: 2, samples: 1, updates: 1, blocks: 1, width: 4 }
const little: Readonly<Record<string, Settings>> = {
  'score-prior': { ...flow, solver: 'heun', odeSteps: 2, probes: 1 },
  'efficient-score-prior': flow,
  csgm: { samplerSteps: 2 },
  dmplug: { samplerSteps: 2 },
  shred: { samplerSteps: 2 },
  daps: { odeSteps: 2, innerSteps: 2 },
  afdps: { particles: 2 },
  'g-smc': { particles: 2 },
  driftlite: { particles: 2 },
  mgps: { longSteps: 2 },
  mgdm: { denoiseSteps: 2 },
}

describe('every method that fits takes a step with it that is finite', () => {
  const { config, params } = made({ labelDim: 3 })
  const prior = priorOf('net', [1, 8, 8], { config, params }, trainedOn(config))
  const operator = inpaint(prior.shape, { box: 4 })
  const noise = gaussianNoise(0.05)
  const fitting = methodsThatFit(methods, { operator, noise }, prior).map(
    (method) => [method.info.name, method] as const,
  )

  test('almost all do', () => {
    expect(fitting.length).toBeGreaterThan(35)
  })
  test.each(fitting)('%s', async (name, method) => {
    using y = noise.sample([randomKey(1)], operator.forward(normal(randomKey(2), [1, 1, 8, 8], {})))
    for await (const { x } of method.run({ operator, noise, y }, prior, { seed: 1, ...little[name] })) {
      expect(x.shape).toEqual([1, 1, 8, 8])
      expect(Array.from(x.dataSync()).every(Number.isFinite)).toBe(true)
      break
    }
  })
})

describe('files', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'edm-prior-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test("one of EDM's pickles alone is a prior, and says which noise levels it knows", async () => {
    const notes: string[] = []
    const path = join(fixtures, 've-ncsnpp.pkl')
    const prior = await loadPrior(path, { onNote: (note) => notes.push(note) })
    expect(prior).toMatchObject({ name: 've-ncsnpp.pkl', shape: [3, 8, 8] })
    expect(noiseLevel(prior.schedule, prior.schedule.noisiest)).toBeCloseTo(100, 9)
    expect(notes[0]).toBe(`${path} is a denoiser of noise levels from 0.02 to 100 (preconditioning ve)`)
    expect(notes[1]).toContain("the names begin with 'ema.', which is taken off")
    const x = await run(sampleFrom(prior, heun(), { steps: 2, spacing: 'karras' }))
    expect(x.shape).toEqual([1, 3, 8, 8])
    expect(Array.from(x.dataSync()).every(Number.isFinite)).toBe(true)
    x.dispose()
  })

  test('one that was never trained without a class says so', async () => {
    const notes: string[] = []
    const prior = await loadPrior(`${join(fixtures, 'vp-class.pkl')}@8x12`, {
      onNote: (note) => notes.push(note),
    })
    expect(prior.shape).toEqual([1, 8, 12])
    expect(prior.conditional?.classes.length).toBe(3)
    expect(notes[0]).toContain('it was never trained without a class (label_dropout is 0)')
  })

  test('weights beside their arguments, as a training of EDM leaves them, with what its data say told by the weights', async () => {
    const { config, params } = made({ labelDim: 3, labelDropout: 0.2, augmentDim: 2 })
    const { img_resolution: _, img_channels: __, label_dim: ___, ...kwargs } = edmConfigToKwargs(config)
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ network_kwargs: kwargs, batch_size: 64 }))
    const named = Object.fromEntries(
      Object.entries(params).map(([name, value]) => [`net.model.${name}`, value]),
    )
    writeFileSync(join(folder, 'model.safetensors'), writeSafetensors(named))
    const notes: string[] = []
    const prior = await loadPrior(folder, { onNote: (note) => notes.push(note) })
    expect(prior.shape).toEqual([1, 8, 8])
    expect(notes[0]).toMatch(/is a denoiser of noise levels from 0 to any \(preconditioning edm\)$/)
    scope(() => {
      const x = normal(randomKey(1), [1, 1, 8, 8], {})
      const direct = priorOf('net', [1, 8, 8], { config, params }, trainedOn(config))
      expect(apart(withClass(prior, 1).denoise(x, 0.3), withClass(direct, 1).denoise(x, 0.3))).toBeLessThan(
        1e-5,
      )
    })
    writeFileSync(join(folder, 'scheduler_config.json'), JSON.stringify({ _class_name: 'DDPMScheduler' }))
    await expect(loadPrior(folder)).rejects.toThrow(
      'is a denoiser of noise levels (preconditioning edm), but a scheduler or a record beside it says another schedule',
    )
    rmSync(join(folder, 'scheduler_config.json'))
    // A bare network does not say what it was trained on.
    const bare = { ...kwargs, class_name: 'training.networks.SongUNet' }
    for (const name of Object.keys(bare))
      if (name.startsWith('sigma_')) delete (bare as Record<string, unknown>)[name]
    writeFileSync(join(folder, 'config.json'), JSON.stringify(bare))
    await expect(loadPrior(folder)).rejects.toThrow('does not say which schedule the network was trained on')
    // Without a configuration, what the weights tell is said.
    rmSync(join(folder, 'config.json'))
    await expect(loadPrior(join(folder, 'model.safetensors'))).rejects.toThrow(
      /its weights tell \{"model_type":"SongUNet","img_resolution":8,.*so it need only say class_name/,
    )
  })
})
