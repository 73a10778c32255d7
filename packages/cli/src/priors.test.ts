import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Prior } from '@tweedie/solvers'
import { fromData, fromFloat16, full, randomKey, scope, toFloat16, zerosLike } from '@tweedie/tensor'
import type { Params } from '@tweedie/unet'
import {
  admConfig,
  admConfigToGuided,
  ddpmConfig,
  ddpmConfigToDiffusers,
  initAdm,
  initDdpm,
} from '@tweedie/unet'
import { saveSafetensors } from '@tweedie/unet/node'
import { afterAll, describe, expect, test } from 'vitest'
import { encodePicture } from './images/png.ts'
import { readPicture } from './images/read.ts'
import { resolvePrior } from './resolve.ts'
import { ran } from './testing.test.helper.ts'

const root = mkdtempSync(join(tmpdir(), 'tweedie-priors-'))
afterAll(() => rmSync(root, { recursive: true }))

/** Parameters of a network whose output is this everywhere. */
const saying = (params: Params, output: number, layer: string): Params => ({
  ...params,
  [`${layer}.weight`]: zerosLike(params[`${layer}.weight`]!),
  [`${layer}.bias`]: full(params[`${layer}.bias`]!.shape, output),
})

const config = ddpmConfig({ sampleSize: 8, blockOutChannels: [8, 8] })
const json = ddpmConfigToDiffusers(config)
const ddpm = { _class_name: 'DDPMScheduler' }

let folders = 0
/** A folder of the test's root with JSON files, and weights under `weights`. */
function folderOf(files: Readonly<Record<string, unknown>>, weights?: string, params?: Params): string {
  const name = `m${folders++}`
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(join(root, name, file, '..'), { recursive: true })
    writeFileSync(join(root, name, file), JSON.stringify(content))
  }
  if (weights !== undefined) {
    const all = params ?? saying(initDdpm(config, randomKey(0)), 0, 'conv_out')
    saveSafetensors(join(root, name, weights), all)
  }
  return name
}
/** A pipeline of diffusers whose network outputs the same everywhere. */
const pipeline = (scheduler: object, output = 0) =>
  folderOf(
    { 'unet/config.json': json, 'scheduler/scheduler_config.json': { ...ddpm, ...scheduler } },
    'unet/diffusion_pytorch_model.safetensors',
    saying(initDdpm(config, randomKey(0)), output, 'conv_out'),
  )

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

/** Whether a pixel lies away from the frame of a sheet. */
const inMiddle = (at: number, side: number) => at > side / 3 && at < (2 * side) / 3

/** A refusal before any work: code 2, one line, nothing written. */
async function refused(argv: readonly string[], message: string | RegExp): Promise<void> {
  const before = readdirSync(root)
  const result = await ran(root, argv)
  expect(result).toMatchObject({ code: 2, out: '' })
  expect(result.err).toMatch(message)
  expect(result.err).toMatch(/^tweedie: [^\n]*\n$/)
  expect(readdirSync(root)).toEqual(before)
}
const sampled = (prior: string) => ['sample', '--prior', prior, '--steps', '1', '--n', '1', '--out', 'no.png']

describe('what does not say all that is needed is refused', () => {
  test.each<[string, object, RegExp]>([
    [
      'flow matching',
      { use_flow_sigmas: true },
      /scheduler_config\.json: use_flow_sigmas: must be false or null, got true/,
    ],
    [
      'another class',
      { _class_name: 'LCMScheduler' },
      /_class_name: 'LCMScheduler' is no scheduler that is read/,
    ],
    ['an unknown field', { use_magic: 'zero' }, /use_magic: 'zero' is not known here/],
    ['a billion steps', { num_train_timesteps: 1e9 }, /num_train_timesteps: must be .*got 1000000000/],
    [
      'variance that is not there',
      { variance_type: 'learned_range' },
      /'m\d+' has 1 output channels for 1 input channels, but by its scheduler's variance_type the variance is learned/,
    ],
  ])('a pipeline with %s', async (_, scheduler, message) => {
    await refused(sampled(pipeline(scheduler)), message)
  })

  test('a folder with neither record nor scheduler', async () => {
    const name = folderOf({ 'config.json': json }, 'model.safetensors')
    await refused(
      sampled(name),
      /--prior: 'm\d+' does not say which schedule .* neither record\.json nor scheduler_config\.json\. Tell it with --scheduler/,
    )
    // What the message says to tell does it.
    const example = /such as (DDPMScheduler:\S+);/.exec((await ran(root, sampled(name))).err)?.[1] ?? ''
    expect(estimate((await loaded(`${name}:scheduler=${example}`)).prior)).toBe(1)
    const { code, err } = await ran(root, [...sampled(name), '--scheduler', example, '--out', 'told.png'])
    expect(code).toBe(0)
    expect(err).toMatch(/^Note: .*m\d+, as told: DDPMScheduler: linear βs from 0\.0001 to 0\.02/)
  })

  test.each<[string, unknown, RegExp]>([
    ['{}', {}, /record\.json: config must be a JSON object, got undefined/],
    ['null', null, /record\.json: the whole must be a JSON object, got null/],
    ['[]', [], /record\.json: the whole must be a JSON object, got \[\]/],
    [
      'a billion steps',
      { config: { timesteps: 1e9 } },
      /timesteps: must be a whole number from 1 to 100000, got 1000000000/,
    ],
  ])('a record that is %s', async (_, record, message) => {
    await refused(
      sampled(folderOf({ 'config.json': json, 'record.json': record }, 'model.safetensors')),
      message,
    )
  })

  test.each<[string, object, RegExp]>([
    [
      'a billion layers',
      { layers_per_block: 1e9 },
      /layers_per_block: must be a whole number from 1 to 64, got 1000000000/,
    ],
    ['a million layers', { layers_per_block: 1e6 }, /layers_per_block: .*got 1000000/],
    ['sides of 1e5', { sample_size: 1e5 }, /sample_size: must be .*got 100000/],
    ['sides of 2³⁰', { sample_size: 2 ** 30 }, /sample_size: must be .*got 1073741824/],
    [
      'class labels',
      { num_class_embeds: 10 },
      /has to be told a class 0 … 9: a prior is asked without labels/,
    ],
    [
      'two channels',
      { in_channels: 2, out_channels: 2 },
      /is for images of 2 channels; pictures have 1 or 3/,
    ],
    [
      'three outputs',
      { out_channels: 3 },
      /has 3 output channels for 1 input channels; 1 would fit, or 2 where the variance is learned/,
    ],
  ])('a configuration of %s', async (_, change, message) => {
    const record = { config: { timesteps: 1000 } }
    const name = folderOf(
      { 'config.json': { ...json, ...change }, 'record.json': record },
      'model.safetensors',
    )
    await refused(sampled(name), message)
  })

  test.each(['digits@100000', 'digits@0', 'digits@28x1000000', 'digits@99999999999999999999'])(
    '%s',
    async (name) => {
      await refused(sampled(name), /--prior: a side must be a whole number from 1 to 4096, got/)
      writeFileSync(
        join(root, 'a.png'),
        encodePicture({ channels: 1, width: 28, height: 28, data: new Float32Array(784) }),
      )
      await refused(['restore', 'a.png', '--operator', 'denoise', '--prior', name], /--prior: a side must be/)
    },
  )

  test('what is neither a folder nor a file', async () => {
    await refused(
      sampled('/dev/null'),
      /--prior: '\/dev\/null' is neither a folder nor a file; there are digits/,
    )
    await refused(sampled('nowhere'), /--prior: 'nowhere' is no prior; there are digits/)
  })

  test('a size that the device has no memory for', async () => {
    await refused(
      sampled('digits@4096'),
      /--prior: at 4096×4096 pixels the network needs more than 9\.0 GiB at once; the device wasm has \d/,
    )
    const wide = { ...json, sample_size: 4096, block_out_channels: [64, 64] }
    const files = { 'config.json': wide, 'record.json': { config: { timesteps: 1000 } } }
    await refused(
      sampled(folderOf(files, 'model.safetensors')),
      /at 4096×4096 pixels the network needs more than 16\.0 GiB/,
    )
  })

  test('a side that the network cannot halve', async () => {
    await refused(sampled('digits@28x30'), /a side of 30 is no multiple of 4/)
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

describe('networks of guided-diffusion', () => {
  const adm = admConfig({
    imageSize: 8,
    inChannels: 1,
    outChannels: 2,
    modelChannels: 32,
    channelMult: [1, 1],
    numResBlocks: 1,
    numHeads: 2,
  })
  const guided = admConfigToGuided(adm)
  /** A network that says ε = 0.3 and v = 7 everywhere. */
  const params = (): Params => ({
    ...saying(initAdm(adm, randomKey(0)), 0, 'out.2'),
    'out.2.bias': fromData([0.3, 7], [2]),
  })

  test('the half for the noise is used, the default schedule is said', async () => {
    const name = folderOf({ 'config.json': { kwargs: guided } }, 'ema_0.9999_100000.safetensors', params())
    const { prior, notes } = await loaded(name)
    const { schedule } = prior
    const t = 500
    const x0hat = (0.5 - 0.3 * schedule.sigma(t)) / schedule.alpha(t)
    const found = scope(() => prior.denoise(full([1, 1, 8, 8], 0.5), t).dataSync()[0]!)
    expect(found).toBeCloseTo(x0hat, 5)
    expect(schedule.discreteSteps).toBe(1000)
    expect(notes).toMatch(
      /does not say its schedule: taken is guided-diffusion's default, linear βs, T = 1000/,
    )
    expect(notes).toMatch(/ema_0\.9999_100000\.safetensors: taken as the weights/)
  })

  test('from end to end: sample and restore, by folder and by file, with a schedule beside', async () => {
    const files = {
      'config.json': guided,
      'scheduler_config.json': {
        ...ddpm,
        beta_schedule: 'squaredcos_cap_v2',
        variance_type: 'learned_range',
      },
    }
    const name = folderOf(files, 'model.safetensors', initAdm(adm, randomKey(0)))
    const picture = { channels: 1, width: 8, height: 8, data: new Float32Array(64).fill(0.5) } as const
    writeFileSync(join(root, 'b.png'), encodePicture(picture))
    for (const prior of [name, join(name, 'model.safetensors')]) {
      const drawn = await ran(root, [
        'sample',
        '--prior',
        prior,
        '--steps',
        '2',
        '--n',
        '1',
        '--out',
        'adm.png',
      ])
      expect(drawn).toMatchObject({ code: 0, err: expect.stringMatching(/squaredcos_cap_v2, T = 1000/) })
    }
    const restoring = [
      'restore',
      'b.png',
      '--operator',
      'inpaint:box=4',
      '--prior',
      name,
      '--steps',
      '3',
      '--out',
      'r',
    ]
    expect(await ran(root, restoring)).toMatchObject({ code: 0 })
    expect(readdirSync(join(root, 'r'))).toContain('restored.png')
  })

  test('a network with class labels is refused by name, before its weights are looked at', async () => {
    const name = folderOf({ 'config.json': { ...guided, num_classes: 10 } }, 'model.safetensors', params())
    await refused(
      sampled(name),
      /is class-conditional \(num_classes is 10\): a prior is asked without labels/,
    )
  })

  test('weights without config.json say what to write', async () => {
    const name = folderOf({}, 'x/model.safetensors', params())
    await refused(
      sampled(join(name, 'x/model.safetensors')),
      /has no config\.json beside it; its weights tell \{"in_channels":1,"model_channels":32,.*need only say image_size, num_heads/,
    )
    writeFileSync(join(root, name, 'x/config.json'), JSON.stringify({ image_size: 8, num_heads: 2 }))
    expect((await loaded(join(name, 'x'))).prior.shape).toEqual([1, 8, 8])
  })
})
