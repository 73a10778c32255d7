import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Picture } from '@tweedie/runs'
import { parseNpy, writeNpy } from '@tweedie/unet'
import { expect, test } from 'vitest'
import { encodePicture } from '../../images/png.ts'
import { ran, temporaryFolder } from '../../testing.test.helper.ts'

/** A picture whose value at a row and column of a channel is `level`. */
function picture(
  channels: 1 | 3,
  height: number,
  width: number,
  level: (row: number, column: number, channel: number) => number,
): Picture {
  const data = Float32Array.from({ length: channels * height * width }, (_, i) =>
    level(Math.floor(i / width) % height, i % width, Math.floor(i / (height * width))),
  )
  return { channels, height, width, data }
}

const restoring = (prior: string, operator: string, ...more: string[]) => [
  ...['restore', 'x.png', '--prior', prior, '--steps', '4', '--method', 'ddrm', '--noise', '0'],
  ...['--operator', operator, '--out', 'out', ...more],
]
const measured = (folder: string) =>
  parseNpy(readFileSync(join(folder, 'out', 'measurement.npy')), 'measurement.npy')
const recordIn = (folder: string) => JSON.parse(readFileSync(join(folder, 'out', 'run.json'), 'utf8'))

test('inpaint:mask=FILE: what is light in a picture is observed, and the file is an input of the run', async () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'x.png'), encodePicture(picture(1, 28, 28, (i, j) => (i + j) / 54)))
  // A soft edge: 0.4 is hidden, 0.6 seen.
  const mask = picture(1, 28, 28, (i, j) => (i < 3 && j < 2 ? 1 : i === 5 ? 0.6 : 0.4))
  writeFileSync(join(folder.path, 'm.png'), encodePicture(mask))
  const { code, err } = await ran(folder.path, restoring('white', 'inpaint:mask=m.png'))
  expect([code, err]).toEqual([0, ''])
  const y = measured(folder.path)
  expect(y.shape).toEqual([1, 6 + 28])
  const seen = [0, 1, 2].flatMap((i) => [0, 1].map((j) => [i, j] as const))
  const places = [...seen, ...Array.from({ length: 28 }, (_, j) => [5, j] as const)]
  y.values().forEach((value, k) => {
    const [i, j] = places[k]!
    expect(value).toBeCloseTo(2 * (Math.round((255 * (i + j)) / 54) / 255) - 1, 6)
  })
  const record = recordIn(folder.path)
  expect(record.inputs.map(({ file }: { file: string }) => file)).toEqual(['x.png', 'm.png'])
  expect(record.options.operator).toBe('inpaint:mask=m.png')
})

test('a mask of each channel, from a colour picture or an npy file', async () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'x.png'), encodePicture(picture(3, 32, 32, (i) => i / 31)))
  writeFileSync(join(folder.path, 'm.png'), encodePicture(picture(3, 32, 32, (i, _, c) => (i < c ? 1 : 0))))
  expect(await ran(folder.path, restoring('colour', 'inpaint:mask=m.png'))).toMatchObject({ code: 0 })
  const y = measured(folder.path)
  expect(y.shape).toEqual([32 + 64])
  expect(y.values()[95]).toBeCloseTo(2 * (Math.round(255 / 31) / 255) - 1, 6)
  const flags = Uint8Array.from({ length: 32 * 32 }, (_, i) => (i === 33 ? 1 : 0))
  writeFileSync(join(folder.path, 'm.npy'), writeNpy({ shape: [32, 32], values: flags }))
  expect(await ran(folder.path, restoring('colour', 'inpaint:mask=m.npy'))).toMatchObject({ code: 0 })
  expect(measured(folder.path).shape).toEqual([3, 1])
})

test('an operator of one’s own takes files as well', async () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'x.png'), encodePicture(picture(1, 28, 28, () => 1)))
  writeFileSync(join(folder.path, 'g.png'), encodePicture(picture(1, 28, 28, (_, j) => (j === 0 ? 1 : 0.2))))
  writeFileSync(
    join(folder.path, 'vignette.ts'),
    `import { array, defineLinear } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { isTensor } from '@tweedie/tensor'
export default defineLinear({
  name: 'vignette', summary: 'a gain for each pixel', example: 'vignette:gains=g.png',
  options: { gains: array('gain of each pixel', 'a tensor [C, H, W]', (v: unknown): v is Tensor => isTensor(v)) },
  build: (shape, { gains }) => {
    if (gains === undefined) throw new Error('gains')
    return { inShape: shape, outShape: shape, forward: (x) => x.mul(gains) }
  },
})
`,
  )
  const argv = restoring('white', './vignette.ts:gains=g.png', '--method', 'dps')
  expect(await ran(folder.path, argv)).toMatchObject({ code: 0, err: '' })
  const y = measured(folder.path).values()
  expect([y[0], y[1]].map((value) => Math.round(100 * Number(value)))).toEqual([100, 20])
  expect(recordIn(folder.path).inputs.map(({ file }: { file: string }) => file)).toEqual([
    'x.png',
    'g.png',
    './vignette.ts',
  ])
})

test('what is no mask is refused with what fits, before any work', async () => {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'x.png'), encodePicture(picture(1, 28, 28, () => 1)))
  writeFileSync(join(folder.path, 'small.png'), encodePicture(picture(1, 14, 28, () => 1)))
  writeFileSync(join(folder.path, 'black.png'), encodePicture(picture(1, 28, 28, () => 0)))
  writeFileSync(join(folder.path, 'notes.txt'), 'no picture')
  for (const [operator, message] of [
    [
      'inpaint:mask=small.png',
      /--operator: inpaint: the mask must be \[H, W\] or \[C, H, W\].*\[1, 14, 28\]/,
    ],
    ['inpaint:mask=black.png', /--operator: mask: must observe at least one element/],
    ['inpaint:mask=none.png', /--operator: mask: there is no file 'none.png'/],
    ['inpaint:mask=notes.txt', /^tweedie: notes.txt: not a PNG/],
    ['inpaint:mask=black.png,box=3', /not two of them/],
    ['inpaint:toString=1', /toString: is no option of inpaint/],
  ] as const) {
    const result = await ran(folder.path, restoring('white', operator))
    expect(result, operator).toMatchObject({ code: 2, out: '', err: expect.stringMatching(message) })
    expect(readdirSync(folder.path)).not.toContain('out')
  }
})
