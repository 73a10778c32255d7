import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunRecord } from '@tweedie/runs'
import { gaussianNoise, methods } from '@tweedie/solvers'
import { ones } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { demoDigits } from './commands/demo/digits.ts'
import { encodePicture } from './images/png.ts'
import { readPicture } from './images/read.ts'
import { requireFit } from './resolve.ts'
import { expectWrongUse, ran, temporaryFolder, whitePrior } from './testing.test.helper.ts'

const read = (...path: string[]): RunRecord => JSON.parse(readFileSync(join(...path, 'run.json'), 'utf8'))
const digit = demoDigits(4)[3]!.picture
const restoring = (...more: string[]) => [
  'restore',
  'd.png',
  '--prior',
  'white',
  '--steps',
  '6',
  '--out',
  'out',
  ...more,
]

describe('restore', () => {
  test('writes pictures, report and record, and only them', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'd.png'), encodePicture(digit))
    const result = await ran(
      folder.path,
      restoring('--operator', 'inpaint:box=14', '--method', 'ddrm', '--seed', '7'),
    )
    expect(result).toMatchObject({ code: 0, err: '' })
    // DDRM's grid is range(0, 1000, ⌊1000/6⌋): seven indices.
    expect(result.out).toMatch(/input \(pseudo-inverse\).*\n.*ddrm.* 7 /)
    const out = join(folder.path, 'out')
    const files = [
      'contact-sheet.png',
      'measurement.npy',
      'measurement.png',
      'report.html',
      'restored.npy',
      'restored.png',
      'run.json',
    ]
    expect(readdirSync(out).sort()).toEqual(files)
    const record = read(out)
    expect([...record.files].sort()).toEqual(files)
    expect(record).toMatchObject({
      tool: 'tweedie',
      command: 'restore',
      seed: 7,
      argv: [
        'restore',
        'd.png',
        '--prior',
        'white',
        '--steps',
        '6',
        '--out',
        'out',
        '--operator',
        'inpaint:box=14',
        '--method',
        'ddrm',
        '--seed',
        '7',
      ],
      options: { image: 'd.png', noise: 0.05, samples: 1 },
      machine: { node: process.versions.node },
      tasks: [{ operator: 'inpaint:box=14', sigma: 0.05, measured: 588 }],
    })
    const run = record.tasks[0]!.runs[0]!
    expect(run).toMatchObject({
      method: 'ddrm',
      nfe: 7,
      vjps: 0,
      options: { steps: 6, seed: 7, eta: 0.85, etaB: 1 },
    })
    // At the least x_t, x̂₀ and the next x of 28×28 float32.
    expect(run.peakBytes).toBeGreaterThan(3 * 4 * 784)
    expect(run.trace.map((point) => point.i)).toEqual([0, 1, 2, 3, 4, 5, 6])
    for (const point of run.trace) expect([point.residual.length, point.psnr?.length]).toEqual([1, 1])
    expect(run.scores[0]!.misfit).toBeGreaterThan(0.3)
    const { picture } = await readPicture(join(out, 'restored.png'))
    expect([picture.width, picture.height]).toEqual([28, 28])
  })

  test('the report stands alone: images inside, nothing from elsewhere, what came from outside escaped', async () => {
    using folder = temporaryFolder()
    const name = '<img src=x>.png'
    writeFileSync(join(folder.path, name), encodePicture(digit))
    const argv = restoring('--operator', 'sr:4', '--method', 'dps')
    argv[1] = name
    expect(await ran(folder.path, argv)).toMatchObject({ code: 0 })
    const html = readFileSync(join(folder.path, 'out', 'report.html'), 'utf8')
    expect(html.match(/<img src="data:image\/png;base64,/g)!.length).toBeGreaterThanOrEqual(3)
    expect(html.match(/<svg /g)).toHaveLength(2)
    expect(html).not.toMatch(/<img src=x>|(src|href)="(?!data:)|<script|@import|https?:/)
    expect(html).toContain('prefers-color-scheme: dark')
  })

  test('several samples: each of its own noise, their mean and spread', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'd.png'), encodePicture(digit))
    expect(await ran(folder.path, restoring('--operator', 'sr:4', '--samples', '3'))).toMatchObject({
      code: 0,
    })
    const files = readdirSync(join(folder.path, 'out'))
    expect(files).toEqual(expect.arrayContaining(['restored-1.png', 'restored-3.png', 'mean.png', 'std.png']))
    const [one, two] = [1, 2].map((n) => readFileSync(join(folder.path, 'out', `restored-${n}.png`)))
    expect(one!.equals(two!)).toBe(false)
    expect(read(folder.path, 'out').tasks[0]!.runs[0]!.scores).toHaveLength(3)
  })

  test('the same command gives the same pictures', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'd.png'), encodePicture(digit))
    const argv = restoring('--operator', 'blur')
    await ran(folder.path, argv)
    const first = readFileSync(join(folder.path, 'out', 'restored.png'))
    await ran(folder.path, argv)
    expect(readFileSync(join(folder.path, 'out', 'restored.png')).equals(first)).toBe(true)
  })

  test('on another device, the same to rounding', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'd.png'), encodePicture(digit))
    const psnr = async (device: string, ...more: string[]) => {
      const argv = restoring('--operator', 'inpaint:box=14', '--method', 'ddrm', '--device', device, ...more)
      expect(await ran(folder.path, argv)).toMatchObject({ code: 0, err: '' })
      const { machine, options, tasks } = read(folder.path, 'out')
      expect(machine.device).toContain(device)
      expect(options['backend']).toBe(more[1]) // absent where none was asked for
      return tasks[0]!.runs[0]!.scores[0]!.psnr!
    }
    const wasm = await psnr('wasm')
    expect(await psnr('reference')).toBeCloseTo(wasm, 3)
    expect(await psnr('gpu', '--backend', 'cpu')).toBeCloseTo(wasm, 3)
  })

  test('a colour picture for a grey prior is converted, and said so', async () => {
    using folder = temporaryFolder()
    const data = Float32Array.from({ length: 3 * 784 }, (_, i) => (i % 11) / 11)
    writeFileSync(join(folder.path, 'd.png'), encodePicture({ channels: 3, width: 28, height: 28, data }))
    const { out } = await ran(folder.path, restoring('--operator', 'denoise'))
    expect(out).toContain('Note: d.png was converted to grey')
    expect(read(folder.path, 'out').notes).toHaveLength(1)
  })

  test('a colour prior: colour in, colour out; a grey picture is spread over the channels', async () => {
    using folder = temporaryFolder()
    const data = Float32Array.from({ length: 3 * 1024 }, (_, i) => (i % 11) / 11)
    const argv = restoring('--operator', 'sr:4', '--prior', 'colour')
    writeFileSync(join(folder.path, 'd.png'), encodePicture({ channels: 3, width: 32, height: 32, data }))
    expect(await ran(folder.path, argv)).toMatchObject({ code: 0, err: '' })
    const { picture } = await readPicture(join(folder.path, 'out', 'restored.png'))
    expect([picture.channels, picture.width]).toEqual([3, 32])
    writeFileSync(
      join(folder.path, 'd.png'),
      encodePicture({ channels: 1, width: 32, height: 32, data: data.slice(0, 1024) }),
    )
    expect((await ran(folder.path, argv)).out).toContain('Note: d.png is grey')
  })

  test('--measured: a small picture for super-resolution, a whole one for inpainting; no truth, so no PSNR', async () => {
    using folder = temporaryFolder()
    writeFileSync(
      join(folder.path, 'd.png'),
      encodePicture({ channels: 1, width: 7, height: 7, data: new Float32Array(49) }),
    )
    const sr = await ran(folder.path, restoring('--operator', 'sr:4', '--measured'))
    expect(sr).toMatchObject({ code: 0, err: '' })
    expect(sr.out).toMatch(/^task +method +misfit +NFE +VJP +seconds +MiB\n/)
    expect(sr.out).toMatch(
      /\ndps: residual χ² \d+ of 49 numbers, expected 32 … 70: too small: the noise is fitted as well\.\n/,
    )
    const [run] = JSON.parse(readFileSync(join(folder.path, 'out/run.json'), 'utf8')).tasks[0].runs
    expect(run.residual).toMatchObject({ measured: 49, verdict: 'too small' })
    expect(run.residual.chi2).toBeCloseTo(49 * run.scores[0].misfit ** 2, 3)
    const page = readFileSync(join(folder.path, 'out/report.html'), 'utf8')
    expect(page).toMatch(/<li><b>dps<\/b>: residual χ² \d+ of 49 numbers/)
    expect(page).not.toContain('PSNR')
    writeFileSync(join(folder.path, 'd.png'), encodePicture(digit))
    const inpaint = await ran(folder.path, restoring('--operator', 'inpaint:box=14', '--measured'))
    expect(inpaint.out).toContain('only what')
    expect(read(folder.path, 'out').tasks[0]!.runs[0]!.scores[0]).not.toHaveProperty('psnr')
  })

  test('no noise: no misfit to speak of, all else as ever', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'd.png'), encodePicture(digit))
    expect(await ran(folder.path, restoring('--operator', 'sr:4', '--noise', '0'))).toMatchObject({
      code: 0,
      err: '',
    })
  })

  test('a foreign file in the way is named, and kept', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'd.png'), encodePicture(digit))
    await ran(folder.path, restoring('--operator', 'denoise'))
    writeFileSync(join(folder.path, 'out', 'notes.md'), 'mine')
    const again = await ran(folder.path, restoring('--operator', 'denoise'))
    expect(again).toMatchObject({
      code: 2,
      err: expect.stringMatching(/--out: .*out holds notes.md, which no run of tweedie wrote/),
    })
  })

  test('noise of another law: drawn by it, and named in the record and the report', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'd.png'), encodePicture(digit))
    const noise = ['--noise', 'poisson:peak=30']
    expect(await ran(folder.path, restoring('--operator', 'denoise', ...noise))).toMatchObject({
      code: 0,
      err: '',
    })
    const { options, tasks } = read(folder.path, 'out')
    expect(options).toMatchObject({ noise: 'poisson:peak=30' })
    expect(tasks[0]).toMatchObject({ noise: 'poisson:peak=30' })
    expect(tasks[0]).not.toHaveProperty('sigma')
    expect(tasks[0]?.input.scores[0]).not.toHaveProperty('misfit')
    expect(readFileSync(join(folder.path, 'out', 'report.html'), 'utf8')).toContain(
      'denoise, poisson:peak=30',
    )
  })

  test('options of a method in its own text, which --set overrides', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'd.png'), encodePicture(digit))
    const argv = ['--operator', 'denoise', '--method', 'dps:eta=0.25,scale=2', '--set', 'scale=3']
    expect(await ran(folder.path, restoring(...argv))).toMatchObject({ code: 0, err: '' })
    expect(read(folder.path, 'out').tasks[0]?.runs[0]).toMatchObject({
      method: 'dps',
      options: { eta: 0.25, scale: 3, steps: 6 },
    })
  })

  test('a preset: its method, its settings under those of the command line, and a word where it does not fit', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'd.png'), encodePicture(digit))
    const settings = async (...more: string[]) => {
      const { code, err } = await ran(folder.path, restoring(...more))
      expect([code, err]).toEqual([0, ''])
      const { options, tasks, notes } = read(folder.path, 'out')
      const { method, options: used } = tasks[0]!.runs[0]!
      return { asked: [options.method, options.preset], method, used, notes }
    }
    // `restoring` says six steps.
    // Of these digits no network has learned the variance of its steps, as the preset has it.
    const learned = await ran(
      folder.path,
      restoring('--operator', 'sr:filter=bicubic', '--preset', 'dps/ffhq-sr4'),
    )
    expectWrongUse(learned, /variance: 'learned-range' needs a network .* does not: take small or large/)
    const preset = ['--preset', 'dps/ffhq-sr4', '--set', 'variance=small']
    expect(await settings('--operator', 'sr:filter=bicubic', ...preset)).toMatchObject({
      asked: ['dps', 'dps/ffhq-sr4'],
      method: 'dps',
      used: { steps: 6, scale: 0.3, scaleSteps: 1000, clip: [-1, 1], eta: 1 },
      notes: [],
    })
    const weak = await settings('--operator', 'sr:filter=bicubic', ...preset, '--set', 'scaleSteps=6')
    expect(weak.notes).toEqual([expect.stringMatching(/^dps: scale·steps = 1\.8 is outside 300/)])
    const over = ['--method', 'red-diff:learningRate=0.2', '--set', 'lambda=0.5', '--preset', 'imagenet-fast']
    expect(await settings('--operator', 'sr:4', '--noise', 'none', ...over)).toMatchObject({
      asked: ['red-diff:learningRate=0.2', 'imagenet-fast'],
      method: 'red-diff',
      used: { steps: 6, learningRate: 0.2, lambda: 0.5, spacing: 'ddim' },
      notes: [],
    })
    const noted = async (operator: string, noise: string) =>
      (await settings('--operator', operator, '--noise', noise, '--preset', 'ddrm/imagenet-sr4')).notes
    expect(await noted('sr', '0.1')).toEqual([])
    expect(await noted('sr:2', '0.1')).toEqual([
      'the preset ddrm/imagenet-sr4 was made for sr:4, not for sr:2',
    ])
    expect(await noted('denoise', '0.05')).toEqual([
      'the preset ddrm/imagenet-sr4 was made for sr:4 with gaussian:0.1, not for denoise with gaussian:0.05',
    ])
  })

  test('a run that diverges fails, in one line, and writes nothing', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'd.png'), encodePicture(digit))
    const result = await ran(folder.path, restoring('--operator', 'denoise', '--set', 'scale=1e38'))
    expect(result).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^tweedie: dps.*diverged.*\n$/),
    })
    expect(readdirSync(folder.path)).toEqual(['d.png'])
  })

  test('a bug shows its stack, with code 1', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(folder.path, 'd.png'), encodePicture(digit))
    const priors = { white: () => Promise.reject(new TypeError('oops')) }
    const result = await ran(folder.path, restoring('--operator', 'denoise'), { priors })
    expect(result).toMatchObject({
      code: 1,
      err: expect.stringMatching(/unexpected error.*\nTypeError: oops\n\s+at /),
    })
  })
})

test('a method that does not fit its problem is told before any work', async () => {
  const operator = { name: 'cube', inShape: [1], outShape: [1], forward: whitePrior().denoise as never }
  const problem = { operator, noise: gaussianNoise(0.1), y: ones([1, 1]) }
  await expect(requireFit(methods.find('ddrm'), problem, whitePrior([1]), '--method')).rejects.toThrow(
    /^--method: ddrm: needs a linear operator; 'cube'/,
  )
})
