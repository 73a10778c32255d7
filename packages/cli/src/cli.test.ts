import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeSafetensors, writeNpy, writeNpz } from '@tweedie/unet'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { encodePicture } from './images/png.ts'
import type { Ran } from './testing.test.helper.ts'
import { ran, temporaryFolder, whitePrior } from './testing.test.helper.ts'

const grey = (width: number, height = width) =>
  encodePicture({
    channels: 1,
    width,
    height,
    data: Float32Array.from({ length: width * height }, (_, i) => (i % 5) / 5),
  })

/** Wrong use: code 2, one line on stderr that says why, nothing on stdout, nothing written. */
function expectWrongUse(result: Ran, message: string | RegExp): void {
  expect(result.err).toMatch(message)
  expect(result.err).toMatch(/^tweedie: [^\n]*\n$/)
  expect(result).toMatchObject({ code: 2, out: '' })
}

describe('wrong use', () => {
  const cases: readonly (readonly [command: string, message: string | RegExp])[] = [
    ['bogus', "unknown command 'bogus'"],
    ['demo --bogus', "unknown option '--bogus'"],
    ['demo --count 0', /option '--count <n>' argument '0' is invalid. It must be an integer from 1 to 64\./],
    ['demo --count many', /'--count <n>' argument 'many'/],
    ['demo --seed -1', /'--seed <n>'/],
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
      'text.png: not a PNG, JPEG, WebP, TIFF or BMP image',
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
      /'--spacing <name>' argument 'even' is invalid. It must be leading \|/,
    ],
    ['sample --prior white --out text.png', /--out: .*text.png is there already and not written by tweedie/],
    ['sample --prior full --out x.png', /--prior: 'full' is a folder without config.json/],
    [
      'sample --prior white --out x.png --device tpu',
      /'--device <name>' argument 'tpu' is invalid. It must be wasm \| gpu/,
    ],
    ['methods magic', "methods: no method 'magic'"],
    ['inspect nowhere', /nowhere: no such file or folder/],
    ['train --data . --config none.json --out x', /none.json: cannot be read/],
    ['train --data . --config bad.json --out x', /bad.json: stepz|bad.json: .*Unrecognized key/],
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
    'bench methods',
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
      /^ffhq-sr4 +sr:4,filter=bicubic +gaussian:0\.05 +steps=1000,scale=0\.3,scaleSteps=1000,clip=-1\.\.1$/m,
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

describe('inspect', () => {
  const bytes = encodeSafetensors(
    {
      'conv_in.weight': { shape: [8, 1, 3, 3], values: new Float32Array(72) },
      'conv_out.weight': { shape: [1, 8, 3, 3], values: new Float32Array(72) },
      'time_embedding.linear_1.weight': { shape: [32, 8], values: new Float32Array(256) },
      'down_blocks.0.resnets.0.conv2.weight': { shape: [8, 8, 1, 1], values: new Float32Array(64) },
    },
    { dtype: 'float16', metadata: { format: 'pt' } },
  )
  const inspecting = async (content: Uint8Array, ...more: string[]) => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'w'), content)
    return await ran(folder.path, ['inspect', 'w', ...more])
  }

  test('names, shapes, types, count and architecture', async () => {
    const { code, out } = await inspecting(bytes)
    expect(code).toBe(0)
    expect(out).toMatch(/conv_in.weight\s+\[8, 1, 3, 3\]\s+F16/)
    expect(out).toContain('4 tensors, 464 parameters')
    expect(out).toContain('ddpm (diffusers UNet2DModel): 1 → 1 channels, widths 8')
    expect(JSON.parse((await inspecting(bytes, '--json')).out)).toMatchObject({
      parameters: 464,
      metadata: { format: 'pt' },
    })
  })

  test('damaged and foreign files', async () => {
    for (const length of [0, 5, 20, bytes.length - 1]) {
      expectWrongUse(await inspecting(bytes.subarray(0, length)), /^tweedie: w: truncated/)
    }
    for (const [content, message] of [
      ['hello, this is text', 'is a text file, not a safetensors file'],
      ['PK\x03\x04 and so on', 'not a zip archive, or truncated'],
      ['version https://git-lfs.github.com/spec/v1\n', 'is a git-lfs pointer'],
      ['\n<!DOCTYPE html><title>Sign in</title>', 'is an HTML page'],
      ['GGUF\x03\0\0\0', 'is a GGUF file'],
      ['\x80\x02}q\x00.', 'is a Python pickle'],
    ] as const)
      expectWrongUse(await inspecting(Buffer.from(content, 'latin1')), message)
    const broken = Uint8Array.from(bytes)
    broken[9] = 0x7d
    expectWrongUse(await inspecting(broken), 'the header is not JSON')
  })

  test('npz and npy', async () => {
    const values = Float64Array.of(1, 2)
    const npz = await inspecting(writeNpz({ 'conv.bias': { shape: [2], values } }))
    expect(npz).toMatchObject({ code: 0, err: '' })
    expect(npz.out).toMatch(/conv.bias\s+\[2\]\s+F64/)
    expect(npz.out).toContain('npz (NumPy), 1 tensor, 2 parameters')
    const { out } = await inspecting(writeNpy({ shape: [2], values }), '--json')
    expect(JSON.parse(out)).toMatchObject({ format: 'npy', tensors: [{ shape: [2], dtype: 'F64' }] })
  })

  test('a header of 640 bytes, whose length starts like a pickle', async () => {
    const json = '{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'.padEnd(640)
    const { code, out } = await inspecting(Buffer.from(`\x80\x02\0\0\0\0\0\0${json}`, 'latin1'))
    expect(code).toBe(0)
    expect(out).toContain('1 tensor, 0 parameters')
  })

  test("a file's text sends nothing to the terminal but letters", async () => {
    const evil = '\u001b[2J\u009b31m\u202e\u200b\r\nx\u{e0041}'
    const strange = encodeSafetensors({ [evil]: { shape: [1], values: [1] } }, { metadata: { [evil]: evil } })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202e]/
    const { out } = await inspecting(strange)
    expect(out).toContain('\\u{1b}[2J\\u{9b}31m\\u{202e}\\u{200b}\\u{d}\\u{a}x\\u{e0041}')
    expect(out).not.toMatch(control)
    const json = await inspecting(strange, '--json')
    expect((JSON.parse(json.out) as { metadata: object }).metadata).toEqual({ [evil]: evil })
    expect(json.out).not.toMatch(control)
    expect(json.out).toContain('\\udb40\\udc41')
    const damaged = await inspecting(strange.subarray(0, -1))
    expect(damaged.code).toBe(2)
    expect(damaged.err).not.toMatch(control)
  })

  test('what is no regular file is refused, and nothing hangs', async () => {
    using folder = temporaryFolder()
    mkdirSync(join(folder.path, 'folder'))
    expectWrongUse(await ran(folder.path, ['inspect', 'folder']), 'folder: is a folder')
    expectWrongUse(await ran(folder.path, ['inspect', 'none']), 'none: no such file or folder')
    if (process.platform === 'win32') return
    symlinkSync('/dev/zero', join(folder.path, 'zero'))
    expectWrongUse(await ran(folder.path, ['inspect', 'zero']), 'zero: is not a regular file')
    execFileSync('mkfifo', [join(folder.path, 'fifo')])
    expectWrongUse(await ran(folder.path, ['inspect', 'fifo']), 'fifo: is not a regular file')
  })

  test('a file beyond 2 GiB: only its header is read', async () => {
    using folder = temporaryFolder()
    const path = join(folder.path, 'large.safetensors')
    const count = 2 ** 30 + 5
    const header = `{"w":{"dtype":"F16","shape":[${count}],"data_offsets":[0,${2 * count}]}}`
    const start = Buffer.from(`01234567${header}`, 'latin1')
    start.writeBigUInt64LE(BigInt(header.length))
    writeFileSync(path, start)
    truncateSync(path, start.length + 2 * count)
    const { code, out } = await ran(folder.path, ['inspect', 'large.safetensors', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ parameters: count, bytes: start.length + 2 * count })
  })
})

describe('sample', () => {
  test('writes a grid, replaces its own, tells what it did', async () => {
    using folder = temporaryFolder()
    const argv = ['sample', '--prior', 'white', '--n', '5', '--steps', '3', '--out', 'new/grid.png']
    expect(await ran(folder.path, argv)).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^Wrote 5 samples to new\/grid.png/),
    })
    const json = await ran(folder.path, [...argv, '--sampler', 'ddim', '--json'])
    expect(JSON.parse(json.out)).toMatchObject({ count: 5, steps: 3, eta: 0, seed: 0, file: 'new/grid.png' })
    const more = ['--sampler', 'heun:noise=1', '--spacing', 'log-snr', '--json']
    const heun = JSON.parse((await ran(folder.path, [...argv, ...more])).out)
    expect(heun).toMatchObject({ sampler: 'heun:noise=1', spacing: 'log-snr' })
    expect(heun).not.toHaveProperty('eta')
    expect(readdirSync(join(folder.path, 'new'))).toEqual(['grid.png'])
  })

  test('any sampler of the list draws', async () => {
    using folder = temporaryFolder()
    const { denoise, ...rest } = whitePrior()
    const calls = new Map<string, number>()
    for (const sampler of ['heun', 'dpm++2m:form=sde', 'ddim:0.5']) {
      const white = async () => ({
        ...rest,
        denoise: (...args: Parameters<typeof denoise>) => {
          calls.set(sampler, (calls.get(sampler) ?? 0) + 1)
          return denoise(...args)
        },
      })
      const argv = [
        'sample',
        '--prior',
        'white',
        '--steps',
        '4',
        '--sampler',
        sampler,
        '--out',
        'a.png',
        '--json',
      ]
      const { code, out } = await ran(folder.path, argv, { priors: { white } })
      expect(code).toBe(0)
      expect(JSON.parse(out)).toMatchObject({ sampler, steps: 4 })
    }
    // Heun looks twice, but in the step to the clean image.
    expect(Object.fromEntries(calls)).toEqual({ heun: 7, 'dpm++2m:form=sde': 4, 'ddim:0.5': 4 })
  })

  test('an interrupt leaves nothing', async () => {
    using folder = temporaryFolder()
    const stop = new AbortController()
    const { denoise, ...rest } = whitePrior()
    let calls = 0
    const priors = {
      white: async () => ({
        ...rest,
        denoise: (...args: Parameters<typeof denoise>) => {
          if (++calls === 3) stop.abort()
          return denoise(...args)
        },
      }),
    }
    const argv = ['sample', '--prior', 'white', '--steps', '50', '--out', 'new/grid.png']
    const result = await ran(folder.path, argv, { signal: stop.signal, priors })
    expect(result).toMatchObject({ code: 130, out: '', err: 'tweedie: interrupted; nothing was written\n' })
    expect(calls).toBe(3)
    expect(existsSync(join(folder.path, 'new'))).toBe(false)
  })
})
