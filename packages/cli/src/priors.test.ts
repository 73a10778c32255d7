import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fromData, fromFloat16, randomKey, toFloat16 } from '@tweedie/tensor'
import { initDdpm } from '@tweedie/unet'
import { afterAll, describe, expect, test } from 'vitest'
import { readPicture } from './images/read.ts'
import { config, ddpm, estimate, folderOf, json, loaded, pipeline, root } from './priors.test.helper.ts'
import { ran } from './testing.test.helper.ts'

afterAll(() => rmSync(root, { recursive: true }))

/** α of the last time: √ᾱ of diffusers' own tables, which it works out in float32. */
const alphas = {
  'linear 1000': Math.sqrt(4.03583035e-5),
  'linear 200': Math.sqrt(0.132182762),
  'scaled_linear 1000': Math.sqrt(7.33411987e-4),
  'squaredcos_cap_v2 1000': Math.sqrt(2.42873499e-9),
  'sigmoid 1000': Math.sqrt(3.96818214e-5),
}

describe("a diffusers pipeline is taken with its scheduler's", () => {
  test.each<[what: string, scheduler: object, output: number, x0hat: number]>([
    ['prediction of v', { prediction_type: 'v_prediction' }, 0, 0.5 * alphas['linear 1000']],
    ['prediction of x₀', { prediction_type: 'sample' }, 0.25, 0.25],
    ['prediction of x₀ below 0', { prediction_type: 'sample' }, -0.25, -0.25],
    ['prediction of x₀ far below 0, clipped', { prediction_type: 'sample' }, -3, -1],
    ['prediction of ε, clipped', {}, 0, 1],
    ['limit of the clipping', { clip_sample_range: 2 }, 0, 2],
    ['steps', { num_train_timesteps: 200, clip_sample: false }, 0, 0.5 / alphas['linear 200']],
    [
      '√β schedule',
      { beta_schedule: 'scaled_linear', clip_sample: false },
      0,
      0.5 / alphas['scaled_linear 1000'],
    ],
    [
      'cosine schedule',
      { beta_schedule: 'squaredcos_cap_v2', clip_sample: false },
      0,
      0.5 / alphas['squaredcos_cap_v2 1000'],
    ],
    ['sigmoid schedule', { beta_schedule: 'sigmoid', clip_sample: false }, 0, 0.5 / alphas['sigmoid 1000']],
    ['own βs', { num_train_timesteps: 2, trained_betas: [0.5, 0.5], clip_sample: false }, 0, 1],
  ])('%s', async (_, scheduler, output, x0hat) => {
    const name = pipeline(scheduler, output)
    for (const path of [name, join(name, 'unet'), join(name, 'unet/diffusion_pytorch_model.safetensors')]) {
      const { prior, notes } = await loaded(path)
      expect(Math.abs(estimate(prior) / x0hat - 1)).toBeLessThan(1e-4)
      expect(notes).toMatch(/^Note: .*scheduler_config\.json: .* T = \d+, predicts \w+, x̂₀ .*\.\n$/)
    }
  })

  test('the note names what of the file is used, and what is not', async () => {
    const fields = { timestep_spacing: 'trailing', variance_type: 'fixed_large', use_karras_sigmas: true }
    const { notes } = await loaded(pipeline(fields))
    expect(notes).toContain(
      'DDPMScheduler: linear βs from 0.0001 to 0.02, T = 1000, predicts epsilon, x̂₀ clipped to ±1; samples at trailing times, variance large; not used: use_karras_sigmas true.',
    )
  })

  test('from end to end: sample draws α·x_T of a network that says v = 0', async () => {
    const name = pipeline({ prediction_type: 'v_prediction' })
    const options = ['--steps', '1', '--sampler', 'ddim', '--n', '1', '--out', 'v.png']
    expect(await ran(root, ['sample', '--prior', name, ...options])).toMatchObject({ code: 0 })
    const { picture } = await readPicture(join(root, 'v.png'))
    const { width, height, data } = picture
    const middle = data.filter(
      (_, i) => inMiddle(i % width, width) && inMiddle(Math.floor(i / width), height),
    )
    // |α·x_T| < 0.0064 · 6.8, the most that a draw can be, is 6 levels of grey of 256 around the middle.
    expect(middle.length).toBeGreaterThan(3)
    expect(Math.max(...middle.map((v) => Math.abs(v - 0.5)))).toBeLessThan(0.03)
  })
})

/** Whether a pixel lies away from the frame of a sheet. */
const inMiddle = (at: number, side: number) => at > side / 3 && at < (2 * side) / 3

describe('--weights float16', () => {
  const noisy = (out: string, ...more: string[]) => [
    ...['sample', '--prior', pipelineOf(), '--steps', '2', '--n', '1', '--out', out],
    ...more,
  ]
  /** A network whose weights are float16 numbers already. */
  let folder: string | undefined
  const pipelineOf = (): string => {
    if (folder !== undefined) return folder
    const rounded = Object.fromEntries(
      Object.entries(initDdpm(config, randomKey(0))).map(([name, p]) => [
        name,
        fromData(
          Float32Array.from(p.dataSync(), (v) => fromFloat16(toFloat16(v))),
          p.shape,
        ),
      ]),
    )
    folder = folderOf(
      { 'unet/config.json': json, 'scheduler/scheduler_config.json': ddpm },
      'unet/diffusion_pytorch_model.safetensors',
      rounded,
    )
    return folder
  }

  test('draws the same sample to the bit, and notes nothing of rounding', async () => {
    const full = await ran(root, noisy('full.png'))
    const half = await ran(root, noisy('half.png', '--weights', 'float16'))
    expect([full.code, half.code]).toEqual([0, 0])
    expect(half.err).not.toContain('rounded')
    const [a, b] = await Promise.all(['full.png', 'half.png'].map((file) => readPicture(join(root, file))))
    expect(a!.picture.data).toEqual(b!.picture.data)
  })

  test('notes that weights of float32 are rounded', async () => {
    const name = pipeline({})
    const argv = [
      'sample',
      '--prior',
      name,
      '--steps',
      '1',
      '--n',
      '1',
      '--out',
      'r.png',
      '--weights',
      'float16',
    ]
    const { code, err } = await ran(root, argv)
    expect(code).toBe(0)
    expect(err).toContain('are rounded to 11 bits')
  })

  test('is refused for other types, and for a prior that comes from no file', async () => {
    const bad = await ran(root, noisy('x.png', '--weights', 'int8'))
    expect(bad.code).toBe(2)
    expect(bad.err).toContain('float32, float16')
    const shipped = ['sample', '--prior', 'digits', '--n', '1', '--out', 'x.png', '--weights', 'float16']
    expect(await ran(root, shipped)).toMatchObject({
      err: expect.stringContaining("float16 is for networks from files; 'digits' is shipped, and small"),
    })
  })
})

test('a network of sides that differ, by its configuration and by @', async () => {
  const record = { config: { timesteps: 1000 } }
  const wide = { ...json, sample_size: [8, 12] }
  const name = folderOf({ 'config.json': wide, 'record.json': record }, 'model.safetensors')
  expect((await loaded(name)).prior.shape).toEqual([1, 8, 12])
  expect((await loaded(`${name}@6x10`)).prior.shape).toEqual([1, 6, 10])
  renameSync(join(root, name), join(root, `${name}@6`))
  expect((await loaded(`${name}@6`)).prior.shape).toEqual([1, 8, 12])
  renameSync(join(root, `${name}@6`), join(root, name))
  const drawn = await ran(root, ['sample', '--prior', name, '--steps', '2', '--n', '1', '--out', 'wide.png'])
  expect(drawn).toMatchObject({ code: 0, err: '' })
  const { picture } = await readPicture(join(root, 'wide.png'))
  expect(picture.width).toBeGreaterThan(picture.height)
})
