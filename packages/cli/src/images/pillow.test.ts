import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openPicture } from './read.ts'

// Files and the pixels that Pillow makes of them, upright and on black: tests/fixtures/pictures/make.py.
interface Case {
  readonly width: number
  readonly height: number
  readonly file: string
  readonly pixels: string
}
const path = join(import.meta.dirname, '../../../../tests/fixtures/pictures/pictures.json')
const cases = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, Case>>

/** Levels of 255 that a kind may differ by: Pillow rounds what it multiplies by alpha, and rounds 5 bits down. */
const tolerance = (name: string) => (/^bmp-5/.test(name) ? 1.01 : 0.51)

test.for(Object.entries(cases))('%s', ([name, { width, height, file, pixels }]) => {
  const opened = openPicture(Buffer.from(file, 'base64'), name)
  expect([opened.width, opened.height]).toEqual([width, height])
  const { picture } = opened.decode()
  expect([picture.width, picture.height]).toEqual([width, height])
  const expected = Buffer.from(pixels, 'base64')
  const size = width * height
  let worst = 0
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < 3; c++) {
      const value = 255 * (picture.data[(picture.channels === 3 ? c * size : 0) + i] ?? Number.NaN)
      worst = Math.max(worst, Math.abs(value - (expected[3 * i + c] ?? Number.NaN)))
    }
  }
  expect(worst).toBeLessThanOrEqual(tolerance(name))
})

const notes = (name: string) =>
  openPicture(Buffer.from(cases[name]?.file ?? '', 'base64'), name).decode().notes

test('what is told of a picture that was turned', () => {
  expect(notes('exif-png-1')).toEqual([])
  expect(notes('exif-jpeg-nine')).toEqual([])
  expect(notes('exif-png-6')).toEqual([
    expect.stringContaining('turned upright, as its EXIF orientation 6 says'),
  ])
})

test.each(['png', 'jpeg', 'webp', 'tiff'])(
  'a colour profile in %s is told by its name, unless it is that of sRGB',
  (kind) => {
    const said = (name: string) => [
      `its colour profile is '${name}'; it was not applied: the values are taken as they are`,
    ]
    expect(notes(`icc-${kind}-p3`)).toEqual(said('Display P3'))
    expect(notes(`icc-${kind}-adobe`)).toEqual(said('Adobe RGB (1998)'))
    expect(notes(`icc-${kind}-srgb`)).toEqual([])
  },
)

test.each([
  'gif-animation',
  'webp-animation',
  'webp-animation-alpha',
  'webp-animation-lossy',
  'png-animation',
])('%s: that there is more than the first picture is told', (name) => {
  expect(notes(name)).toContain('it is an animation, of which the first picture was read')
})
