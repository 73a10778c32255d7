import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { operatorFromSpec } from '@tweedie/solvers'
import { fromData, normal, randomKey, scope } from '@tweedie/tensor'
import { parseNpy, writeNpy, writeNpz } from '@tweedie/unet'
import { expect, test } from 'vitest'
import { png } from '../../images/formats/png-writer.test.helper.ts'
import { encodePicture } from '../../images/png.ts'
import { ran, temporaryFolder } from '../../testing.test.helper.ts'
import { demoDigits } from '../demo/digits.ts'

const digit = demoDigits(4)[3]!.picture
const truth = digit.data.map((value) => 2 * value - 1)
const restoring = (file: string, ...more: string[]) => [
  ...['restore', file, '--prior', 'white', '--steps', '6', '--method', 'ddrm', '--out', 'out', ...more],
]
const npyIn = (...path: string[]) => parseNpy(readFileSync(join(...path)), 'x.npy')

/** A·x of an operator, with numbers far outside [−1, 1] added. */
function measurementBy(spec: string): { shape: readonly number[]; values: Float32Array } {
  const operator = operatorFromSpec(spec, [1, 28, 28])
  const y = scope(() => operator.forward(fromData(Float32Array.from(truth), [1, 1, 28, 28])))
  const values = Float32Array.from(y.dataSync(), (value, i) => value + (i % 3 === 0 ? 1.75 : -0.25))
  return { shape: operator.outShape, values }
}

test.for(['sr:4', 'inpaint:box=14', 'blur', 'denoise'])(
  '%s: a measurement of floats beyond [−1, 1] is used as it is',
  async (spec) => {
    using folder = temporaryFolder()
    const y = measurementBy(spec)
    writeFileSync(join(folder.path, 'y.npy'), writeNpy(y))
    const result = await ran(folder.path, restoring('y.npy', '--measured', '--operator', spec))
    expect(result).toMatchObject({ code: 0, err: '' })
    const stored = npyIn(folder.path, 'out', 'measurement.npy')
    expect([stored.shape, stored.values()]).toEqual([y.shape, y.values])
    const x = npyIn(folder.path, 'out', 'restored.npy')
    expect([x.shape, x.dtype]).toEqual([[1, 28, 28], 'F32'])
    expect(x.values().some((value) => value > 1 || value < -1)).toBe(true)
    const record = JSON.parse(readFileSync(join(folder.path, 'out', 'run.json'), 'utf8'))
    expect(record).toMatchObject({ inputs: [{ file: 'y.npy' }], options: { measured: true, noise: 0.05 } })
    expect(record.files).toEqual(expect.arrayContaining(['measurement.npy', 'restored.npy']))
    // The same by npz, by float64 in Fortran's place of axes of one element, and with the option in front.
    const first = readFileSync(join(folder.path, 'out', 'restored.npy'))
    const other = { shape: [1, ...y.shape, 1], values: Float64Array.from(y.values) }
    writeFileSync(join(folder.path, 'y.npz'), writeNpz({ noise: { shape: [1], values: [3] }, y: other }))
    const [, , ...rest] = restoring('y.npz', '--operator', spec)
    expect(await ran(folder.path, ['restore', '--measured', 'y.npz', ...rest])).toMatchObject({
      code: 0,
      err: '',
    })
    expect(readFileSync(join(folder.path, 'out', 'restored.npy')).equals(first)).toBe(true)
  },
)

test('a truth of floats: measured and compared with as a picture is', async () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'x.npy'), writeNpy({ shape: [28, 28], values: truth }))
  const bytes = Float32Array.from(digit.data, (value) =>
    Math.fround(2 * Math.fround(Math.round(255 * value) / 255) - 1),
  )
  writeFileSync(join(folder.path, 'b.npy'), writeNpy({ shape: [1, 28, 28], values: bytes }))
  writeFileSync(join(folder.path, 'x.png'), encodePicture(digit))
  const scores = async (file: string) => {
    const { code, err } = await ran(folder.path, restoring(file, '--operator', 'sr:4'))
    expect([code, err]).toEqual([0, ''])
    return JSON.parse(readFileSync(join(folder.path, 'out', 'run.json'), 'utf8')).tasks[0].runs[0].scores
  }
  expect(await scores('b.npy')).toEqual(await scores('x.png'))
  expect((await scores('x.npy'))[0].psnr).toBeGreaterThan(0)
  writeFileSync(
    join(folder.path, 'x.npy'),
    writeNpy({ shape: [28, 28], values: digit.data.map((v) => 255 * v) }),
  )
  const far = await ran(folder.path, restoring('x.npy', '--operator', 'sr:4'))
  expect(far.out).toMatch(/Note: x.npy goes from 0 to 25[\d.]+; priors know pictures in \[−1, 1\]/)
})

test("the measurement's noise: A·x + σ·ε, ε of the seed's stream 'measurement'", async () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'x.npy'), writeNpy({ shape: [28, 28], values: truth }))
  for (const [seed, sigma] of [
    [0, 0.3],
    [7, 0.05],
  ] as const) {
    const argv = ['--operator', 'denoise', '--seed', `${seed}`, '--noise', `${sigma}`]
    expect(await ran(folder.path, restoring('x.npy', ...argv))).toMatchObject({ code: 0, err: '' })
    const y = npyIn(folder.path, 'out', 'measurement.npy').values()
    const key = randomKey(seed).fold('measurement').fold(0)
    const noise = scope(() => normal([key], [1, 28, 28]).dataSync())
    y.forEach((value, i) =>
      // σ, the product and the sum are rounded to float32: each is below 4, so by at most 2⁻²³.
      expect(Math.abs(value - (truth[i]! + sigma * noise[i]!))).toBeLessThan(2 ** -21),
    )
  }
})

test('several samples: numbers of each, of their mean, and of their spread as it is', async () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'y.npy'), writeNpy(measurementBy('sr:4')))
  await ran(folder.path, restoring('y.npy', '--measured', '--operator', 'sr:4', '--samples', '3'))
  const [one, two, three, mean, std] = ['restored-1', 'restored-2', 'restored-3', 'mean', 'std'].map((name) =>
    npyIn(folder.path, 'out', `${name}.npy`).values(),
  )
  one!.forEach((value, i) => {
    const values = [value, two![i]!, three![i]!]
    const m = values.reduce((sum, v) => sum + v, 0) / 3
    expect(mean![i]).toBeCloseTo(m, 5)
    expect(std![i]).toBeCloseTo(Math.sqrt(values.reduce((sum, v) => sum + (v - m) ** 2, 0) / 3), 4)
  })
})

test('the seed is that of the draws too, whose mean is scored', async () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'y.npy'), writeNpy(measurementBy('sr:4')))
  const drawn = async (seed: string) => {
    const argv = ['--measured', '--operator', 'sr:4', '--samples', '2', '--seed', seed]
    expect(await ran(folder.path, restoring('y.npy', ...argv))).toMatchObject({ code: 0, err: '' })
    const record = JSON.parse(readFileSync(join(folder.path, 'out', 'run.json'), 'utf8'))
    expect(record.tasks[0].runs[0].mean).toEqual({ misfit: expect.any(Number) })
    return readFileSync(join(folder.path, 'out', 'restored-1.npy'))
  }
  const first = await drawn('1')
  expect((await drawn('2')).equals(first)).toBe(false)
  expect((await drawn('1')).equals(first)).toBe(true)
})

test('what does not fit is refused before any work, by name', async () => {
  using folder = temporaryFolder()
  const refused = async (
    array: { shape: readonly number[]; values: ArrayLike<number> },
    argv: readonly string[],
    message: RegExp,
  ) => {
    writeFileSync(join(folder.path, 'y.npy'), writeNpy(array))
    const result = await ran(folder.path, restoring('y.npy', ...argv))
    expect(result).toMatchObject({ code: 2, out: '', err: expect.stringMatching(message) })
    expect(result.err).toMatch(/^tweedie: [^\n]*\n$/)
    expect(readdirSync(folder.path)).not.toContain('out')
  }
  const sr = ['--measured', '--operator', 'sr:4']
  const of = (...shape: number[]) => ({ shape, values: new Float32Array(shape.reduce((n, m) => n * m, 1)) })
  await refused(
    of(1, 28, 28),
    sr,
    /y.npy: the array is \[1, 28, 28\], a measurement by 'sr:4' is \[1, 7, 7\]/,
  )
  await refused(of(49), sr, /the array is \[49\], a measurement by 'sr:4' is \[1, 7, 7\]/)
  await refused(of(2, 7, 7), sr, /the array is \[2, 7, 7\]/)
  const inpaint = ['--measured', '--operator', 'inpaint:box=14']
  await refused(of(587), inpaint, /the array is \[587\], a measurement by 'inpaint:box=14' is \[1, 588\]/)
  await refused(
    of(7, 7),
    ['--operator', 'sr:4'],
    /the array is \[7, 7\], the prior 'white' is for \[1, 28, 28\]/,
  )
  const colour = ['--operator', 'sr:4', '--prior', 'colour']
  await refused(of(32, 32, 3), colour, /its channels come last: numpy.moveaxis\(x, -1, 0\)/)
  for (const [bad, word] of [
    [Number.NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [-1e300, '-1e\\+300'],
  ] as const) {
    const y = { shape: [1, 7, 7], values: Float64Array.from({ length: 49 }, (_, i) => (i === 16 ? bad : 0)) }
    await refused(
      y,
      sr,
      new RegExp(`y.npy: one of its values is not finite in float32, the first ${word} at \\[0, 2, 2\\]`),
    )
  }
})

test('a whole picture of numbers for inpainting: what the operator hides is not looked at', async () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'x.npy'), writeNpy({ shape: [1, 28, 28], values: truth }))
  const { code, out } = await ran(
    folder.path,
    restoring('x.npy', '--measured', '--operator', 'inpaint:box=14'),
  )
  expect([code, out]).toEqual([
    0,
    expect.stringContaining("of x.npy only what 'inpaint:box=14' measures is used"),
  ])
  expect(npyIn(folder.path, 'out', 'measurement.npy').shape).toEqual([1, 588])
})

test('an npz file that leaves open what is meant', async () => {
  using folder = temporaryFolder()
  const one = { shape: [1], values: [0] }
  writeFileSync(join(folder.path, 'y.npz'), writeNpz({ a: one, b: one }))
  const several = await ran(folder.path, restoring('y.npz', '--measured', '--operator', 'sr:4'))
  expect(several).toMatchObject({
    code: 2,
    err: expect.stringMatching(
      /y.npz: holds several arrays, a \[1\], b \[1\], none of them named y or measurement/,
    ),
  })
  writeFileSync(join(folder.path, 'y.npz'), writeNpz({}))
  expect(await ran(folder.path, restoring('y.npz', '--operator', 'sr:4'))).toMatchObject({
    code: 2,
    err: expect.stringMatching(/holds no npy array/),
  })
  writeFileSync(join(folder.path, 'y.npz'), writeNpz({ a: one }).subarray(0, 60))
  expect(await ran(folder.path, restoring('y.npz', '--operator', 'sr:4'))).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^tweedie: y.npz/),
  })
})

const cases = join(import.meta.dirname, '../../../../../tests/fixtures/cases')

test('pictures as they are meant to be seen: turned upright, transparent colours on black, RGB in its colours', async () => {
  using folder = temporaryFolder()
  /** What restore has of a picture as its truth, where nothing is noise: the measurement by `denoise`. */
  const seen = async (...name: string[]) => {
    const file = name.at(-1) ?? ''
    copyFileSync(join(cases, ...name), join(folder.path, file))
    const result = await ran(folder.path, restoring(file, '--operator', 'denoise', '--noise', '0'))
    expect(result).toMatchObject({ code: 0, err: '' })
    const y = npyIn(folder.path, 'out', 'measurement.npy').values()
    const { notes } = JSON.parse(readFileSync(join(folder.path, 'out', 'run.json'), 'utf8'))
    return { y, notes }
  }
  const { y: letter } = await seen('exif-orientation', 'upright.png')
  const turned = await seen('exif-orientation', 'orientation6.png')
  expect(turned.y).toEqual(letter)
  expect(turned.notes).toEqual([expect.stringContaining('EXIF orientation 6')])
  const jpeg = await seen('exif-orientation', 'orientation6.jpg')
  jpeg.y.forEach((value, i) => expect(Math.abs(value - (letter[i] ?? Number.NaN))).toBeLessThan(0.03))
  expect((await seen('png-colour-key', 'grey8_trns.png')).notes).toEqual([
    'transparent pixels were put on black',
  ])
  // The luma of 200, 40, 40 | 40, 200, 40 | 40, 40, 200.
  const stripes = (await seen('jpeg-adobe-rgb', 'stripes-rgb.jpg')).y
  const levels = [4, 14, 24].map((x) => 255 * (((stripes[14 * 28 + x] ?? Number.NaN) + 1) / 2))
  levels.forEach((level, i) => expect(Math.abs(level - [87.84, 133.92, 58.24][i]!)).toBeLessThan(3))
})

test('the size of a picture is refused before a pixel is looked at', async () => {
  using folder = temporaryFolder()
  const rows = { width: 4096, height: 4096, depth: 16, type: 6, rows: Uint8Array.of(9) } // no pixels at all
  writeFileSync(join(folder.path, 'x.png'), png(rows))
  const result = await ran(folder.path, restoring('x.png', '--operator', 'sr:4'))
  expect(result).toMatchObject({
    code: 2,
    err: expect.stringMatching(
      /^tweedie: x.png: the picture is 4096×4096 pixels, the prior 'white' is for 28×28; crop/,
    ),
  })
})
