import { linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tensor } from '@tweedie/tensor'
import { parseNpy, parseNpz, parseSafetensors, writeNpy, writeNpz, writeSafetensors } from '@tweedie/unet'
import { expect, test } from 'vitest'
import { encodePicture } from '../../images/png.ts'
import { readPicture } from '../../images/read.ts'
import { ran, temporaryFolder } from '../../testing.test.helper.ts'
import { demoDigits } from '../demo/digits.ts'

const pictures = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../../tests/fixtures/pictures/pictures.json'), 'utf8'),
) as Readonly<Record<string, { file: string; width: number; height: number }>>

/** A folder with files in it, and `tweedie convert` there. */
function prepared(files: Readonly<Record<string, Uint8Array | string>>) {
  const folder = temporaryFolder()
  const at = (file: string) => join(folder.path, file)
  for (const [file, content] of Object.entries(files)) writeFileSync(at(file), content)
  return {
    path: folder.path,
    at,
    convert: (...argv: string[]) => ran(folder.path, ['convert', ...argv]),
    npy: (file: string) => parseNpy(readFileSync(at(file)), file),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  }
}
const digit = encodePicture(demoDigits(1)[0]!.picture)

test.for([
  'exif-jpeg-big-6',
  'exif-png-5',
  'jpeg-cmyk-adobe',
  'webp-alpha',
  'tiff-alpha-premultiplied',
  'bmp-P',
  'jpeg-grey',
])('%s becomes float32 [C, H, W] in [−1, 1], the very numbers that restore works on', async (name) => {
  using folder = prepared({ in: Buffer.from(pictures[name]!.file, 'base64') })
  const { picture, notes } = await readPicture(folder.at('in'))
  const { code, out, err } = await folder.convert('in', 'x.npy', '--json')
  expect([code, err]).toEqual([0, ''])
  const shape = [picture.channels, picture.height, picture.width]
  expect(JSON.parse(out)).toEqual({
    in: 'in',
    out: 'x.npy',
    shape,
    dtype: 'float32',
    notes,
    bytes: readFileSync(folder.at('x.npy')).length,
  })
  const x = folder.npy('x.npy')
  expect([x.shape, x.dtype]).toEqual([shape, 'F32'])
  expect(x.values()).toEqual(picture.data.map((value) => 2 * value - 1))
  // And back: a PNG of 8 bits, the same to half a level.
  expect(await folder.convert('x.npy', 'back.png')).toMatchObject({ code: 0, err: '' })
  const back = await readPicture(folder.at('back.png'))
  expect(back.picture).toMatchObject({
    width: picture.width,
    height: picture.height,
    channels: picture.channels,
  })
  back.picture.data.forEach((value, i) =>
    expect(Math.abs(value - picture.data[i]!)).toBeLessThan(0.501 / 255),
  )
})

test('a picture of 16 bits becomes a PNG of 16, one of 8 stays one of 8', async () => {
  for (const [name, dtype] of [
    ['tiff-16-little', 'uint16'],
    ['jpeg-grey', 'uint8'],
  ] as const) {
    using folder = prepared({ in: Buffer.from(pictures[name]!.file, 'base64') })
    const { picture } = await readPicture(folder.at('in'))
    const { out } = await folder.convert('in', 'x.png', '--json')
    expect(JSON.parse(out)).toMatchObject({ dtype })
    const { picture: again } = await readPicture(folder.at('x.png'))
    if (dtype === 'uint16') expect(picture.data.some((v) => (v * 255) % 1 > 0.01)).toBe(true)
    const most = again.data.reduce((worst, v, i) => Math.max(worst, Math.abs(v - picture.data[i]!)), 0)
    expect(most).toBeLessThan(dtype === 'uint16' ? 1e-6 : 0.501 / 255)
  }
})

test('the array that is written is the one that restore takes: the same truth, bit for bit', async () => {
  using folder = prepared({ 'd.png': digit })
  await folder.convert('d.png', 'd.npz')
  const restored = async (file: string) => {
    const argv = [
      'restore',
      file,
      '--prior',
      'white',
      '--steps',
      '4',
      '--method',
      'ddrm',
      '--operator',
      'sr:4',
      '--out',
      'out',
    ]
    expect(await ran(folder.path, argv)).toMatchObject({ code: 0, err: '' })
    return readFileSync(folder.at('out/restored.npy'))
  }
  expect((await restored('d.npz')).equals(await restored('d.png'))).toBe(true)
})

test('arrays keep their numbers and types between npy and npz, finite or not', async () => {
  const cases = [
    { shape: [2, 2], values: Float32Array.of(1.5, -3, Number.NaN, Infinity), dtype: 'F32' },
    { shape: [3], values: Float64Array.of(1e300, -0, 0.1), dtype: 'F64' },
    { shape: [1, 2], values: Int32Array.of(-7, 2 ** 31 - 1), dtype: 'I32' },
    { shape: [2], values: Uint8Array.of(0, 1), dtype: 'BOOL' },
    { shape: [], values: Float64Array.of(4), dtype: 'F64' },
    { shape: [0, 3], values: new Float32Array(0), dtype: 'F32' },
  ]
  for (const { shape, values, dtype } of cases) {
    using folder = prepared({ 'a.npy': writeNpy({ shape, values }) })
    expect(await folder.convert('a.npy', 'b.npz')).toMatchObject({ code: 0, err: '' })
    expect(parseNpz(readFileSync(folder.at('b.npz')), 'b').entries).toMatchObject([
      { name: 'x', shape, dtype },
    ])
    expect(await folder.convert('b.npz', 'c.npy')).toMatchObject({ code: 0, err: '' })
    expect(readFileSync(folder.at('c.npy')).equals(readFileSync(folder.at('a.npy')))).toBe(true)
  }
})

test('float16, int64 and bytes: no number changes', async () => {
  const numpy = readFileSync(join(import.meta.dirname, '../../../../../tests/fixtures/checkpoints/kinds.npz'))
  using folder = prepared({ 'in.npz': numpy })
  const stored = parseNpz(numpy, 'in.npz')
  const kinds = stored.entries.filter(({ dtype }) => ['F16', 'I64', 'U8', 'U32'].includes(dtype))
  expect(new Set(kinds.map(({ dtype }) => dtype)).size).toBeGreaterThan(2)
  for (const { name, shape, dtype } of kinds) {
    expect(await folder.convert('in.npz', 'x.npy', '--array', name, '--force')).toMatchObject({
      code: 0,
      err: '',
    })
    const x = folder.npy('x.npy')
    expect([x.shape, x.dtype]).toEqual([shape, dtype === 'F16' ? 'F32' : 'F64'])
    expect(Array.from(x.values())).toEqual(Array.from(stored.values(name)))
  }
})

test('one array of several, by name', async () => {
  const several = { a: { shape: [1], values: [1] }, 'b/c': { shape: [2], values: [2, 3] } }
  using folder = prepared({ 'in.npz': writeNpz(several) })
  expect(await folder.convert('in.npz', 'b.npy', '--array', 'b/c')).toMatchObject({ code: 0, err: '' })
  expect([...folder.npy('b.npy').values()]).toEqual([2, 3])
  expect(await folder.convert('in.npz', 'd.npy')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/in.npz: holds several arrays, a \[1\], b\/c \[2\]/),
  })
  expect(await folder.convert('in.npz', 'd.npy', '--array', 'z')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/none of them named z/),
  })
})

test('to a picture: what is beyond [−1, 1] is clipped, and said so; what is no picture is refused', async () => {
  const npy = (
    shape: number[],
    values: ArrayLike<number> = new Float32Array(shape.reduce((n, m) => n * m, 1)),
  ) => writeNpy({ shape, values })
  using folder = prepared({ 'a.npy': npy([1, 2, 2], Float32Array.of(-5, -1, 1, 1.25)) })
  const { code, out } = await folder.convert('a.npy', 'a.png')
  expect([code, out]).toEqual([
    0,
    expect.stringContaining('Note: 2 of 4 values lie outside [−1, 1] and were clipped'),
  ])
  expect([...(await readPicture(folder.at('a.png'))).picture.data]).toEqual([0, 0, 1, 1])
  for (const shape of [
    [4, 5],
    [1, 4, 5],
    [3, 4, 5],
    [1, 1, 4, 5],
    [1, 3, 4, 5],
  ]) {
    writeFileSync(folder.at('s.npy'), npy(shape))
    expect(await folder.convert('s.npy', 's.png', '--force')).toMatchObject({ code: 0, err: '' })
    expect((await readPicture(folder.at('s.png'))).picture).toMatchObject({ height: 4, width: 5 })
  }
  for (const shape of [[], [4], [2, 4, 5], [2, 3, 4, 5], [0, 5], [4, 5, 3]]) {
    writeFileSync(folder.at('s.npy'), npy(shape))
    const refused = await folder.convert('s.npy', 't.png')
    expect(refused).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/^tweedie: s.npy: the array is \[[\d, ]*\]; a picture is \[H, W\][^\n]*\n$/),
    })
    expect(refused.err.includes('channels come last')).toBe(shape.at(-1) === 3)
  }
  writeFileSync(folder.at('s.npy'), npy([1, 2], Float32Array.of(0, Number.NaN)))
  expect(await folder.convert('s.npy', 't.png')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/the first NaN at \[0, 1\]/),
  })
  expect(readdirSync(folder.path).sort()).toEqual(['a.npy', 'a.png', 's.npy', 's.png'])
})

test('checkpoints become safetensors', async () => {
  const w = tensor([
    [1, 2],
    [3, 4.5],
  ])
  using folder = prepared({
    'a.npz': writeNpz({ w: { shape: [2, 2], values: w.dataSync() } }),
    'a.safetensors': writeSafetensors({ w }),
  })
  for (const file of ['a.npz', 'a.safetensors']) {
    const { code, out, err } = await folder.convert(file, 'b.safetensors', '--force', '--json')
    expect([code, err]).toEqual([0, ''])
    expect(JSON.parse(out)).toMatchObject({
      in: file,
      out: 'b.safetensors',
      tensors: 1,
      bytes: readFileSync(folder.at('b.safetensors')).length,
      notes: [],
    })
    const parsed = parseSafetensors(readFileSync(folder.at('b.safetensors')), 'b')
    expect(parsed.entries).toMatchObject([{ name: 'w', shape: [2, 2], dtype: 'F32' }])
    expect([...parsed.values('w')]).toEqual([1, 2, 3, 4.5])
  }
  expect(readdirSync(folder.path).sort()).toEqual(['a.npz', 'a.safetensors', 'b.safetensors'])
})

test('of a checkpoint, what lies under a key', async () => {
  const w = tensor([1, 2])
  using folder = prepared({
    'a.safetensors': writeSafetensors({ 'ema.w': w.mul(2), 'model.w': w, step: tensor(3) }),
  })
  expect(await folder.convert('a.safetensors', 'b.safetensors', '--key', 'ema')).toMatchObject({
    code: 0,
    err: '',
  })
  const parsed = parseSafetensors(readFileSync(folder.at('b.safetensors')), 'b')
  expect(parsed.entries.map(({ name }) => [name, ...parsed.values(name)])).toEqual([['w', 2, 4]])
  const refused = async (out: string, key: string) =>
    (await folder.convert('a.safetensors', out, '--key', key)).err
  expect(await refused('c.safetensors', 'net')).toContain(
    "holds nothing under the key 'net'; there are 'ema' (1 tensors), 'model' (1 tensors)",
  )
  expect(await refused('c.npy', 'ema')).toContain('--key: is for checkpoints, which become .safetensors')
  expect(readdirSync(folder.path).sort()).toEqual(['a.safetensors', 'b.safetensors'])
})

test('what does not go together is refused, and nothing is written', async () => {
  using folder = prepared({
    'd.png': digit,
    'a.npy': writeNpy({ shape: [1], values: [1] }),
    'w.safetensors': writeSafetensors({ w: tensor([1]) }),
    text: 'hello',
  })
  mkdirSync(folder.at('folder.npy'))
  symlinkSync('d.png', folder.at('link.png'))
  linkSync(folder.at('a.npy'), folder.at('hard.npy'))
  symlinkSync('nowhere', folder.at('dangling.npy'))
  const before = readdirSync(folder.path).sort()
  const cases: [string[], RegExp][] = [
    [
      ['d.png', 'x.jpg'],
      /OUT: 'x.jpg': JPEG loses what a measurement needs; its ending should be one of .npy, .npz, .png, .safetensors/,
    ],
    [['d.png', 'x'], /OUT: 'x': its ending should be one of/],
    [['d.png', 'x.safetensors'], /d.png/],
    [['w.safetensors', 'x.npy'], /w.safetensors: is a checkpoint in safetensors/],
    [['text', 'x.npy'], /text: not a PNG/],
    [['none', 'x.npy'], /none: no such file/],
    [['d.png', 'a.npy'], /OUT: .*a.npy is there already; --force replaces it/],
    [['d.png', 'd.png'], /OUT: .*d.png is the file that is read/],
    [['d.png', 'd.png', '--force'], /OUT: .*d.png is the file that is read/],
    [['d.png', 'link.png', '--force'], /OUT: .*link.png is the file that is read/],
    [['a.npy', 'hard.npy', '--force'], /OUT: .*hard.npy is the file that is read/],
    [['w.safetensors', 'w.safetensors', '--force'], /OUT: .*is the file that is read/],
    [['d.png', 'folder.npy', '--force'], /OUT: .*folder.npy is a folder/],
    [['d.png', 'dangling.npy', '--force'], /OUT: .*dangling.npy is a symbolic link/],
    [['d.png'], /missing required argument 'out'/],
  ]
  for (const [argv, message] of cases) {
    const result = await folder.convert(...argv)
    expect(result).toMatchObject({ code: 2, out: '', err: expect.stringMatching(message) })
    expect(result.err).toMatch(/^tweedie: [^\n]*\n$/)
    expect(readdirSync(folder.path).sort()).toEqual(before)
  }
  expect(readFileSync(folder.at('d.png')).equals(Buffer.from(digit))).toBe(true)
  // With --force, a file of anybody's; folders on the way are made.
  expect(await folder.convert('d.png', 'a.npy', '--force')).toMatchObject({ code: 0, err: '' })
  expect(folder.npy('a.npy').shape).toEqual([1, 28, 28])
  expect(await folder.convert('d.png', 'new/deep/x.npy')).toMatchObject({ code: 0 })
})
