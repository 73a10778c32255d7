import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Prior } from '@tweedie/solvers'
import { full, randomKey, scope, zerosLike } from '@tweedie/tensor'
import { ddpmConfig, ddpmConfigToDiffusers, initDdpm } from '@tweedie/unet'
import { saveSafetensors } from '@tweedie/unet/node'
import { afterAll, describe, expect, test } from 'vitest'
import { readPicture } from '../../images/read.ts'
import { resolvePrior } from '../../resolve.ts'
import { expectWrongUse, ran } from '../../testing.test.helper.ts'
import { clippedPrior } from './pipeline.ts'

const root = mkdtempSync(join(tmpdir(), 'tweedie-pipelines-'))
afterAll(() => rmSync(root, { recursive: true }))

const config = ddpmConfig({ sampleSize: 8, blockOutChannels: [8, 8] })
const ddpm = { _class_name: 'DDPMScheduler' }

/** Weights of a network whose output is this everywhere. */
function save(path: string, output: number): void {
  const params = initDdpm(config, randomKey(0))
  const [weight, bias] = [params['conv_out.weight']!, params['conv_out.bias']!]
  saveSafetensors(path, {
    ...params,
    'conv_out.weight': zerosLike(weight),
    'conv_out.bias': full(bias.shape, output),
  })
}

let folders = 0
/** A folder with a network that says the same everywhere, and its scheduler. */
function pipeline(scheduler: object, output = 0): string {
  const name = `m${folders++}`
  mkdirSync(join(root, name))
  writeFileSync(join(root, name, 'config.json'), JSON.stringify(ddpmConfigToDiffusers(config)))
  writeFileSync(join(root, name, 'scheduler_config.json'), JSON.stringify({ ...ddpm, ...scheduler }))
  save(join(root, name, 'diffusion_pytorch_model.safetensors'), output)
  return name
}

/** A prior as the command line loads it, and the notes it writes. */
async function loaded(name: string): Promise<{ prior: Prior; notes: string }> {
  let notes = ''
  const io = {
    cwd: root,
    out: () => {},
    err: (text: string) => void (notes += text),
    terminal: undefined,
    color: false,
    signal: new AbortController().signal,
  }
  return { prior: await resolvePrior(io, name), notes }
}
/** x̂₀ of x_t = 0.5 everywhere, at the last time. */
const estimate = (prior: Prior): number =>
  scope(() => prior.denoise(full([1, ...prior.shape], 0.5), prior.schedule.noisiest).dataSync()[0]!)

const inMiddle = (at: number, side: number) => at > side / 3 && at < (2 * side) / 3
const sampled = (prior: string) => ['sample', '--prior', prior, '--steps', '1', '--n', '1', '--out', 'no.png']
const refused = async (argv: string[], message: RegExp) => expectWrongUse(await ran(root, argv), message)

/** The facts of a run of `sample`. */
async function facts(...argv: string[]): Promise<Readonly<Record<string, unknown>>> {
  const { code, out, err } = await ran(root, ['sample', '--n', '1', '--out', 'facts.png', '--json', ...argv])
  expect(code, err).toBe(0)
  return JSON.parse(out)
}

describe('sample as the pipeline does', () => {
  const fields = {
    steps_offset: 1,
    variance_type: 'fixed_large',
    set_alpha_to_one: false,
    _class_name: 'DDIMScheduler',
  }

  test('by its times, step, variance and limit, unless told otherwise', async () => {
    const name = pipeline(fields)
    const run = (...more: string[]) => facts('--prior', name, '--steps', '3', ...more)
    const own = { spacing: 'leading', stepsOffset: 1 }
    expect(await run()).toMatchObject({ ...own, sampler: 'ddpm', variance: 'large', eta: 1 })
    expect(await run('--sampler', 'ddim')).toMatchObject({
      ...own,
      sampler: 'ddim',
      lastStep: 'index-0',
      eta: 0,
    })
    expect(await run('--sampler', 'ddim', '--eta', '0.5')).toMatchObject({ eta: 0.5, lastStep: 'index-0' })
    expect(await run('--variance', 'small', '--steps-offset', '0')).toMatchObject({
      stepsOffset: 0,
      variance: 'small',
    })
    const told = await run(
      '--sampler',
      'ddim',
      '--spacing',
      'trailing',
      '--last-step',
      'clean',
      '--clip',
      'none',
    )
    expect(told).toMatchObject({ spacing: 'trailing', lastStep: 'clean' })
    expect(told).not.toHaveProperty('stepsOffset')
    const heun = await run('--sampler', 'heun')
    expect(heun).toMatchObject({ ...own, sampler: 'heun' })
    expect(heun).not.toHaveProperty('variance')
    // Times that no pipeline has are ours, and so are the steps.
    expect(await run('--spacing', 'karras')).toEqual(
      expect.not.objectContaining({ variance: expect.anything() }),
    )
  })

  test('the limit of --clip is in the place of its own', async () => {
    const name = pipeline({ prediction_type: 'sample' }, 3)
    const grey = async (...more: string[]) => {
      await facts('--prior', name, '--steps', '1', '--sampler', 'ddim', ...more)
      const { picture } = await readPicture(join(root, 'facts.png'))
      const { width, height, data } = picture
      return data.find((_, i) => inMiddle(i % width, width) && inMiddle(Math.floor(i / width), height)) ?? NaN
    }
    expect(await grey()).toBe(1)
    expect(await grey('--clip', '0.5')).toBeCloseTo(0.75, 2)
    expect(await grey('--clip', 'dynamic:0.995,6')).toBe(1)
    const { prior } = await loaded(name)
    expect(estimate(prior)).toBe(1)
    expect(estimate(await clippedPrior(prior, 'none'))).toBe(3)
    expect(estimate(await clippedPrior(prior, undefined))).toBe(1)
  })

  test.each<[string[], RegExp]>([
    [
      ['--steps-offset', '1', '--prior', 'digits'],
      /--steps-offset: is for a prior that came with a pipeline; 'digits' did not/,
    ],
    [['--clip', '1', '--prior', 'digits'], /--clip: 'digits' came without a pipeline/],
    [['--variance', 'large', '--sampler', 'ddim'], /--variance: is for --sampler ddpm/],
    [['--last-step', 'clean'], /--last-step: is for --sampler ddim/],
    [['--steps-offset', '1', '--spacing', 'trailing'], /--steps-offset: is for 'leading' times/],
    [['--steps-offset', '1', '--spacing', 'karras'], /--steps-offset: is for times of a pipeline/],
    [['--steps-offset', '500', '--steps', '3'], /would start 3 steps at t = 1166, beyond T−1 = 999/],
    [['--variance', 'learned', '--steps', '3'], /'learned' needs a network that learns its variance/],
  ])('%o is refused', async (more, message) => {
    const own = more.includes('--prior') ? [] : ['--prior', pipeline({})]
    const result = await ran(root, ['sample', '--n', '1', '--steps', '1', '--out', 'no.png', ...own, ...more])
    expect(result).toMatchObject({ code: 2, out: '' })
    expect(result.err).toMatch(message)
  })

  test.each(['0', '-1', 'yes', 'dynamic:2', 'dynamic:0.9,0', '', 'dynamic'])(
    '--clip %o is refused',
    async (limit) => {
      const result = await ran(root, ['sample', '--out', 'no.png', '--clip', limit])
      expect(result.code).toBe(2)
      expect(result.err).toContain('must be none, a number above 0, or such as dynamic:0.995,1')
    },
  )
})

describe('a prior of a pipeline', () => {
  test('x̂₀ limited by a quantile of its absolute values', async () => {
    const fields = { prediction_type: 'sample', thresholding: true, sample_max_value: 4 }
    // All of one sample are alike, and so their quantile: 3/3.
    expect(estimate((await loaded(pipeline(fields, 3))).prior)).toBe(1)
    expect(estimate((await loaded(pipeline(fields, -0.5))).prior)).toBe(-0.5)
    expect(estimate((await loaded(pipeline(fields, 8))).prior)).toBe(1)
  })

  test('βs that end in pure noise: v tells x₀ there, ε does not', async () => {
    const zero = { rescale_betas_zero_snr: true, clip_sample: false }
    const { prior } = await loaded(pipeline({ ...zero, prediction_type: 'v_prediction' }, 0.25))
    expect(prior.schedule.alpha(prior.schedule.noisiest)).toBe(0)
    expect(estimate(prior)).toBe(-0.25)
    const epsilon = pipeline(zero)
    const { code, err } = await ran(root, [...sampled(epsilon), '--spacing', 'trailing'])
    expect(code).toBe(2)
    expect(err).toMatch(/at t = 999 the noise that 'm\d+' predicts tells nothing of x₀/)
    expect(
      await ran(root, ['sample', '--prior', epsilon, '--steps', '2', '--n', '1', '--out', 'e.png']),
    ).toMatchObject({
      code: 0,
    })
  })
})

describe('what is chosen of a folder', () => {
  test('a scheduler that is told is in the place of the one in the folder', async () => {
    const name = pipeline({})
    writeFileSync(join(root, 'other.json'), JSON.stringify({ ...ddpm, prediction_type: 'sample' }))
    const { prior, notes } = await loaded(`${name}:scheduler=other.json`)
    expect(estimate(prior)).toBe(0)
    expect(notes).toMatch(/as told, in the place of .*scheduler_config\.json: .* predicts sample/)
    await refused(
      [...sampled(name), '--scheduler', 'no.json'],
      /--prior: scheduler: 'no\.json' is neither a file nor/,
    )
    await refused(
      [...sampled(name), '--scheduler', 'DDPMScheduler:beta_end=2'],
      /scheduler 'DDPMScheduler': beta_end/,
    )
    await refused([...sampled('digits'), '--scheduler', 'DDPMScheduler'], /'digits' is shipped/)
  })

  test('a folder with a plus in its name is one folder', async () => {
    renameSync(join(root, pipeline({ prediction_type: 'sample' }, 0.5)), join(root, 'a+b'))
    expect(estimate((await loaded('a+b:scheduler=DDPMScheduler:prediction_type=sample')).prior)).toBe(0.5)
  })

  test('of several weights one is taken, and said; --variant takes another', async () => {
    const name = pipeline({ prediction_type: 'sample' })
    save(join(root, name, 'diffusion_pytorch_model.non_ema.safetensors'), 0.25)
    const plain = await loaded(name)
    expect(estimate(plain.prior)).toBe(0)
    expect(plain.notes).toMatch(/taken as the weights; there are '.*non_ema\.safetensors' too/)
    const variant = await loaded(`${name}:variant=non_ema`)
    expect(estimate(variant.prior)).toBe(0.25)
    const { code, err } = await ran(root, [...sampled(name), '--variant', 'non_ema', '--out', 'variant.png'])
    expect(code).toBe(0)
    expect(err).toContain('model.non_ema.safetensors: taken as the weights')
    await refused(
      [...sampled(name), '--variant', 'fp16'],
      /there are no weights of the variant 'fp16'; there are/,
    )
    await refused(
      [...sampled(join(name, 'diffusion_pytorch_model.safetensors')), '--variant', 'fp16'],
      /'diffusion_pytorch_model\.safetensors' is a file of them/,
    )
  })
})
