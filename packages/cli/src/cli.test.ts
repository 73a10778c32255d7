import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { encodePicture } from './images/png.ts'
import { expectWrongUse, ran, temporaryFolder } from './testing.test.helper.ts'

const grey = (width: number, height = width) =>
  encodePicture({
    channels: 1,
    width,
    height,
    data: Float32Array.from({ length: width * height }, (_, i) => (i % 5) / 5),
  })

describe('wrong use', () => {
  const cases: readonly (readonly [command: string, message: string | RegExp])[] = [
    ['bogus', "unknown command 'bogus'"],
    ['demo --bogus', "unknown option '--bogus'"],
    ['demo --count 0', /option '--count <n>' argument '0' is invalid. It must be an integer from 1 to 64\./],
    ['demo --count many', /'--count <n>' argument 'many'/],
    ['demo --seed -1', /'--seed <n>'/],
    ['demo --pictures paintings', "--pictures: no pictures 'paintings'; there are digits, photographs"],
    ['demo --noise x', "--noise: no noise 'x'; there are gaussian, poisson"],
    ['demo --methods dps,,ddrm', /'--methods <names>'.*names separated by commas/],
    [
      'demo --prior white --methods dps,magic',
      /--methods: no method 'magic'; there are dps, ddrm, .*red-diff/,
    ],
    ['demo --prior white --tasks sr,paint', "--tasks: no task 'paint'; there are inpaint, sr, blur"],
    ['demo --prior nobody', /--prior: 'nobody' is no prior; there are .*white/],
    ['demo --prior colour', "--prior: 'white' is for [3, 32, 32], the digits are [1, 28, 28]"],
    [
      'restore a.png --prior white --operator denoise --method ddrm --noise poisson:peak=30',
      /--method: ddrm: needs the noise level σ_y .*'poisson' has no sigma; these would: dps, .*red-diff/,
    ],
    [
      'restore a.png --prior white --operator sr:4 --preset dps/magic',
      /--preset: dps has no preset 'magic'; it has ffhq-sr4, ffhq-inpaint/,
    ],
    ['restore a.png --prior white --operator sr:4 --preset magic/x', "--preset: no method 'magic'"],
    [
      'restore a.png --prior white --operator sr:4 --method dps --preset ddrm/imagenet-sr4',
      "--preset: 'ddrm/imagenet-sr4' is a preset of ddrm, not of dps",
    ],
    [
      'restore a.png --prior white --operator denoise --noise poisson:peak=0',
      '--noise: peak: must be a number above 0',
    ],
    ['restore --operator denoise', "missing required argument 'image'"],
    ['restore a.png', "required option '--operator <spec>' not specified"],
    [
      'restore a.png --prior white --operator magic',
      "--operator: no operator 'magic'; there are denoise, inpaint",
    ],
    ['restore a.png --prior white --operator sr:5', /--operator: factor: 5 does not divide 28×28; 1, 2, 4/],
    ['restore a.png --prior white --operator inpaint:box=40', /--operator: .*40×40 does not fit into 28×28/],
    [
      'restore a.png --prior white --operator denoise --method magic',
      "--method: no method 'magic'; there are dps",
    ],
    [
      'restore a.png --prior white --operator denoise --set eta',
      /'--set <name=value>'.*must look like eta=0.85/,
    ],
    [
      'restore a.png --prior white --operator denoise --set zeal=3',
      /--set: zeal: is no option of dps; it has steps/,
    ],
    [
      'restore a.png --prior white --operator denoise --set eta=2',
      /--set: eta: must be a number from 0 to 1, got '2'/,
    ],
    [
      'restore a.png --prior white --operator denoise --set clip=2',
      /--set: clip: must be \[low, high\] with low < high, as text low\.\.high, got '2'/,
    ],
    ['restore nowhere.png --prior white --operator denoise', /nowhere.png: no such file or folder/],
    ['restore . --prior white --operator denoise', /this is a folder; name a file/],
    [
      'restore text.png --prior white --operator denoise',
      'text.png: not a PNG, JPEG, WebP, TIFF, BMP or GIF image',
    ],
    ['restore cut.png --prior white --operator denoise', /cut.png: broken PNG: cut off after 100 bytes/],
    [
      'restore big.png --prior white --operator denoise',
      /big.png: the picture is 32×32 pixels, the prior 'white' is for 28×28; crop or resize it.*-extent 28x28/,
    ],
    [
      'restore a.png --prior colour --operator denoise',
      /a.png: the picture is 28×28 pixels, the prior 'white' is for 32×32/,
    ],
    [
      'restore a.png --prior white --operator sr:4 --measured',
      /28×28 pixels, a measurement by 'sr:4' is 7×7/,
    ],
    [
      'restore a.png --prior white --operator denoise --out full',
      /--out: .*full is not empty and not an earlier run/,
    ],
    ['restore a.png --prior white --operator denoise --out a.png', /--out: .*a.png is a file; name a folder/],
    ['sample', "required option '--out <file.png>' not specified"],
    ['sample --out x.jpg', "--out: 'x.jpg' should end in .png"],
    [
      'sample --prior white --sampler ode --out x.png',
      /--sampler: no sampler 'ode'; there are ddpm, ddim, renoise/,
    ],
    [
      'sample --prior white --sampler heun:churn=-1 --out x.png',
      /--sampler: churn: must be a number of at least 0, got '-1'/,
    ],
    [
      'sample --prior white --sampler heun --eta 0.5 --out x.png',
      "--eta: is for ddpm and ddim; 'heun' has options of its own",
    ],
    [
      'sample --prior white --spacing even --out x.png',
      /'--spacing <name>' argument 'even' is invalid. Allowed choices are leading, /,
    ],
    ['sample --prior white --out text.png', /--out: .*text.png is there already and not written by tweedie/],
    ['sample --prior full --out x.png', /--prior: 'full' is a folder without config.json/],
    [
      'sample --prior white --out x.png --device tpu',
      /'--device <name>' argument 'tpu' is invalid. It must be wasm \| gpu/,
    ],
    [
      'sample --prior white --out x.png --backend webgpu',
      "--backend: is of --device gpu, got 'webgpu' with --device wasm",
    ],
    [
      'sample --prior white --out x.png --device gpu --backend metal',
      /'--backend <name>' argument 'metal' is invalid. Allowed choices are webgpu, webgl2, headlessgl, webasm, cpu/,
    ],
    [
      'restore a.png --prior white --operator denoise --device gpu --backend webgl2',
      /gpu: backend 'webgl2' is absent \(webgl2: Node has no WebGL 2; .*npm i gl.*cpu: available/,
    ],
    ['methods magic', "methods: no method 'magic'"],
    ['inspect nowhere', /nowhere: no such file or folder/],
    ['train --data . --config none.json --out x', /none.json: cannot be read/],
    ['train --data . --config bad.json --out x', /bad.json: stepz: is no field of a training configuration/],
    ['bench bogus', /unknown command 'bogus'/],
  ]
  test.for(cases)('%s', async ([command, message]) => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'a.png'), grey(28))
    writeFileSync(join(folder.path, 'big.png'), grey(32))
    writeFileSync(join(folder.path, 'cut.png'), grey(28).subarray(0, 100))
    writeFileSync(join(folder.path, 'text.png'), 'hello')
    writeFileSync(join(folder.path, 'bad.json'), '{"model":{},"steps":3,"stepz":4}')
    mkdirSync(join(folder.path, 'full'))
    writeFileSync(join(folder.path, 'full', 'thesis.tex'), '')
    const before = readdirSync(folder.path, { recursive: true })
    expectWrongUse(await ran(folder.path, command.split(' ')), message)
    expect(readdirSync(folder.path, { recursive: true })).toEqual(before)
  })

  test('no command at all shows the help, as wrong use', async () => {
    const result = await ran('/', [])
    expect(result).toMatchObject({ code: 2, out: '' })
    expect(result.err).toMatch(/^Usage: tweedie/)
  })
})

describe('help and tables', () => {
  test.for([
    '',
    'demo',
    'restore',
    'sample',
    'train',
    'methods',
    'operators',
    'noises',
    'metrics',
    'samplers',
    'schedules',
    'priors',
    'inspect',
    'bench',
    'bench kernels',
    'bench unet',
    'bench operators',
    'bench step',
    'bench methods',
    'bench posterior',
  ])('%s --help', async (command) => {
    const result = await ran('/', [...command.split(' ').filter(Boolean), '--help'])
    expect(result).toMatchObject({ code: 0, err: '' })
    expect(result.out).toContain('Usage: tweedie')
  })

  test('--version', async () => {
    expect((await ran('/', ['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  const lists = ['methods', 'operators', 'noises', 'metrics', 'samplers', 'schedules', 'priors']
  test.for(lists)('%s, as text and as JSON', async (command) => {
    const text = await ran('/', [command])
    const json = await ran('/', [command, '--json'])
    const rows = JSON.parse(json.out) as { name: string }[]
    expect(rows.length).toBeGreaterThan(0)
    for (const { name } of rows) expect(text.out).toContain(name)
    expect([text.code, json.code, text.err, json.err]).toEqual([0, 0, '', ''])
  })

  test('the methods: cost, needs, noise; as wide as the terminal', async () => {
    const { out } = await ran('/', ['methods'])
    expect(out).toMatch(/^ddrm +Denoising .* explicit +S\+D +SVD, σ_y +gaussian, none +no +no$/m)
    expect(out).toMatch(/^dps +.* V +denoiser gradient, operator gradient +any +yes +no$/m)
    expect(out).toContain('V gradients through the denoiser')
    for (const columns of [120, 80, 40]) {
      const narrow = [
        await ran('/', ['methods'], { columns }),
        await ran('/', ['methods', 'dps'], { columns }),
      ]
      for (const line of narrow.flatMap(({ out }) => out.trimEnd().split('\n')))
        expect(stringWidth(line), line).toBeLessThanOrEqual(columns)
    }
  })

  test('one method: its paper, what it takes, its limits, options and presets', async () => {
    const { out } = await ran('/', ['methods', 'dps'])
    expect(out).toMatch(/eta\s+1\s+a number from 0 to 1/)
    expect(out).not.toContain('red-diff')
    expect(out).toMatch(
      /^Paper: Chung et al\. 2022, arXiv 2209\.14687, Algorithm 1\.\nOperators: denoise, .*hdr.*\.\nNoise: any\.$/m,
    )
    expect(out).not.toMatch(/^Operators:.*(jpeg|quantise|blind)/m)
    expect(out).toMatch(/^Limits: .*under-dispersed/m)
    expect(out).toMatch(
      /^ffhq-sr4 +sr:4,filter=bicubic +gaussian:0\.05 +steps=1000,scale=0\.3,scaleSteps=1000,clip=-1\.\.1,variance=learned-range$/m,
    )
    expect(out).toMatch(/^ffhq-sr4: github\.com\/DPS2022\/\S+, configs\/super_resolution_config\.yaml/m)
    expect(out).toContain('--preset dps/ffhq-sr4;')
    const { out: json } = await ran('/', ['methods', 'ddrm', '--json'])
    expect(JSON.parse(json)).toMatchObject([
      {
        name: 'ddrm',
        cost: 'S+D',
        needs: ['SVD', 'σ_y'],
        laws: ['gaussian', 'none'],
        nonlinear: false,
        presets: expect.arrayContaining([
          expect.objectContaining({ name: 'imagenet-sr4', operator: 'sr:4', noise: 'gaussian:0.1' }),
          expect.objectContaining({ name: 'celeba-sr4' }),
        ]),
      },
    ])
  })

  test('the operators: what each has', async () => {
    const { out } = await ran('/', ['operators'])
    expect(out).toMatch(/^inpaint .* linear, Aᵀ, SVD, A⁺ +inpaint:box=14$/m)
    const { out: json } = await ran('/', ['operators', 'sr', '--json'])
    const has = { linear: true, adjoint: true, svd: true, pinv: true, differentiable: true }
    expect(JSON.parse(json)).toMatchObject([{ name: 'sr', ...has }])
  })

  test('one entry of a list, its options with what holds where they are left out', async () => {
    const { out } = await ran('/', ['operators', 'inpaint'])
    expect(out).toMatch(/^operator .*\n.*\ninpaint .* inpaint:box=14\n {2}box .* half of each side\n/)
    expect(out).not.toMatch(/^sr /m)
    const { out: json } = await ran('/', ['noises', 'poisson', '--json'])
    expect(JSON.parse(json)).toMatchObject([
      {
        name: 'poisson',
        example: 'poisson:peak=255',
        options: [
          { name: 'peak', kind: 'number', default: 255, range: 'a number above 0' },
          { name: 'background', kind: 'number', min: 0 },
        ],
      },
    ])
    expectWrongUse(await ran('/', ['samplers', 'magic']), "sampler: no sampler 'magic'; there are ddpm, ddim")
  })
})
