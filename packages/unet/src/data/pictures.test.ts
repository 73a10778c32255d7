import { randomKey } from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { placesAmong, selectSamples } from './duplicates.ts'
import { imageSet } from './images.ts'
import type { Crop, PictureSet } from './pictures.ts'
import { drawCrop, drawSamples, fixedCrops, pictureSet, readCrop, wholeImages } from './pictures.ts'
import { resizedTo, resizePlanes } from './resize.ts'

/** Two pictures whose pixel (c, y, x) of picture n says where it is: 100n + 50c + 10y + x. */
const sizes = [
  [4, 5],
  [3, 4],
] as const
function placed(shape: readonly [number, number, number], turn = true, flip = true): PictureSet {
  const pixels: number[] = []
  const pictures = sizes.map(([height, width], n) => {
    const at = pixels.length
    for (let c = 0; c < shape[0]; c++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) pixels.push(100 * n + 50 * c + 10 * y + x)
    return { height, width, at }
  })
  return pictureSet({ count: 2, pixels: Uint8Array.from(pixels), pictures }, shape, { flip, turn })
}
/** A crop as the bytes that it was made of. */
function bytesOf(set: PictureSet, place: number, crop: Crop): number[] {
  const [c, h, w] = set.shape
  const out = new Float32Array(c * h * w + 1)
  readCrop(set, place, crop, out, 1)
  return Array.from(out.subarray(1), (value) => Math.round(127.5 * (value + 1)))
}
const upright = { top: 0, left: 0, quarters: 0, mirrored: false }

describe('a crop', () => {
  test('is a window of all channels', () => {
    const set = placed([2, 2, 3])
    expect(bytesOf(set, 0, { ...upright, top: 2, left: 1 })).toEqual([
      21, 22, 23, 31, 32, 33, 71, 72, 73, 81, 82, 83,
    ])
    expect(bytesOf(set, 1, { ...upright, left: 1 }).slice(0, 6)).toEqual([101, 102, 103, 111, 112, 113])
  })

  // What numpy.rot90 and numpy.fliplr make of [[0, 1, 2], [10, 11, 12]] and of its transpose's sizes.
  test.each<[number, boolean, number[]]>([
    [0, false, [0, 1, 2, 10, 11, 12]],
    [0, true, [2, 1, 0, 12, 11, 10]],
    [1, false, [1, 11, 21, 0, 10, 20]],
    [1, true, [21, 11, 1, 20, 10, 0]],
    [2, false, [12, 11, 10, 2, 1, 0]],
    [2, true, [10, 11, 12, 0, 1, 2]],
    [3, false, [20, 10, 0, 21, 11, 1]],
    [3, true, [0, 10, 20, 1, 11, 21]],
  ])('turned by %i quarters, mirrored: %s', (quarters, mirrored, expected) => {
    expect(bytesOf(placed([1, 2, 3]), 0, { top: 0, left: 0, quarters, mirrored })).toEqual(expected)
  })

  test('comes from its key, lies within the picture, and reaches every place and pose', () => {
    const set = placed([1, 2, 3])
    const seen = new Set<string>()
    for (let i = 0; i < 4000; i++) {
      const crop = drawCrop(set, i % 2, randomKey(3).fold(i))
      expect(drawCrop(set, i % 2, randomKey(3).fold(i))).toEqual(crop)
      seen.add(`${i % 2} ${Object.values(crop).join(' ')}`)
    }
    // Upright 3·3 and 2·2 places, turned 2·4 and 1·3; two ways to turn each, mirrored or not.
    expect(seen.size).toBe(4 * (9 + 4 + 8 + 3))
    const plain = placed([1, 2, 3], false, false)
    for (let i = 0; i < 100; i++)
      expect(drawCrop(plain, 0, randomKey(3).fold(i))).toMatchObject({ quarters: 0, mirrored: false })
  })

  test('of a picture that is too small is refused, a turned one too', () => {
    expect(() => placed([1, 4, 4], false)).toThrow('picture 1 of 3×4 has no crops of 4×4')
    expect(() => placed([1, 2, 5], false)).toThrow('picture 1 of 3×4 has no crops of 2×5')
    expect(() => placed([1, 2, 4], true)).toThrow('picture 1 of 3×4 has no crops of 2×4, turned or not')
    expect(placed([1, 2, 4], false).count).toBe(2)
  })
})

test('a batch of crops is its samples one by one, and floats stay as they are', () => {
  const values = Float32Array.from({ length: 2 * 16 }, (_, i) => i / 7)
  const set = pictureSet(imageSet(values, [1, 4, 4]), [1, 2, 2], { flip: true, turn: true })
  const keys = Array.from({ length: 5 }, (_, i) => randomKey(1).fold(i))
  const batch = drawSamples(set, [0, 1, 1, 0, 1], keys)
  keys.forEach((key, i) => {
    const one = drawSamples(set, [[0, 1, 1, 0, 1][i]!], [key])
    expect(one).toEqual(batch.slice(4 * i, 4 * i + 4))
    for (const value of one) expect(values).toContain(value)
  })
})

test('fixed crops are bytes again, of all pictures in turn, and the same each time', () => {
  const set = { ...placed([1, 2, 2], false, false), labels: Uint8Array.of(7, 300) }
  const crops = fixedCrops(set, 5, randomKey(2))
  expect(crops).toEqual(fixedCrops(set, 5, randomKey(2)))
  expect(crops).toMatchObject({ count: 5, shape: [1, 2, 2], pixels: expect.any(Uint8Array) })
  expect(Array.from(crops.pixels.subarray(0, 20), (v) => (v < 100 ? 0 : 1))).toEqual(
    [0, 1, 0, 1, 0].flatMap((n) => [n, n, n, n]),
  )
  // Fewer crops than pictures: of pictures spread over all of them.
  const many = pictureSet(
    imageSet(
      Uint8Array.from({ length: 40 }, (_, i) => i),
      [1, 2, 2],
    ),
    [1, 1, 1],
    {
      flip: false,
      turn: false,
    },
  )
  const few = fixedCrops(many, 5, randomKey(2))
  expect(Array.from(few.pixels, (v) => Math.floor(v / 4))).toEqual([0, 2, 4, 6, 8])
})

test('pictures of the size of a sample are images of that size, where they are taken as they are', () => {
  const pixels = Uint8Array.from({ length: 12 }, (_, i) => i)
  const pictures = [6, 0].map((at) => ({ height: 2, width: 3, at }))
  const set = pictureSet({ count: 2, pixels, pictures }, [1, 2, 3], { flip: false, turn: false })
  expect(wholeImages(set)).toEqual(imageSet(Uint8Array.of(6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5), [1, 2, 3]))
  expect(wholeImages({ ...set, flip: true })).toBeUndefined()
  expect(wholeImages(placed([1, 3, 4], false, false))).toBeUndefined()
})

test('copies are found by pixels and size, whatever they lie in', () => {
  const set = placed([1, 2, 2], false)
  const copy = selectSamples(set, [1])
  expect(placesAmong(set, copy)).toEqual([1])
  expect(placesAmong(copy, selectSamples(set, [0]))).toEqual([])
  const turned = { ...copy, pictures: [{ ...copy.pictures[0]!, height: 4, width: 3 }] }
  expect(placesAmong(turned, set)).toEqual([])
  const images = imageSet(set.pixels.subarray(20, 32), [1, 3, 4])
  expect(placesAmong(images, set)).toEqual([0])
})

describe('resizing', () => {
  const picture = Float32Array.from({ length: 35 }, (_, i) => ((i * i) % 23) / 22)
  // PIL.Image.fromarray(…, 'F').resize((width, height), BICUBIC) of Pillow 12.
  test.each<[number, number, number[]]>([
    [
      4,
      3,
      [
        0.12239693105220795, 0.41382598876953125, 0.3832716941833496, 0.5920056700706482, 0.40526002645492554,
        0.3663123548030853, 0.27643677592277527, 0.15414395928382874, 0.5086709260940552, 0.23617978394031525,
        0.45335879921913147, 0.3977467715740204,
      ],
    ],
    [
      2,
      7,
      [
        0.1897212266921997, 0.534552812576294, 0.3181914985179901, 0.41032907366752625, 0.3757859766483307,
        0.319574773311615, 0.46684980392456055, 0.24168585240840912, 0.44230878353118896, 0.09019327163696289,
        0.44215402007102966, 0.2718566954135895, 0.4754686653614044, 0.48698949813842773,
      ],
    ],
  ])('to %i×%i is what Pillow does', (height, width, expected) => {
    const out = resizePlanes(picture, [1, 5, 7], [height, width])
    expect(out.length).toBe(height * width)
    out.forEach((value, i) => void expect(value).toBeCloseTo(expected[i]!, 6))
  })

  test('enlarges as Pillow does, each channel by itself', () => {
    const two = Float32Array.from([...picture, ...picture.map((v) => 1 - v)])
    const out = resizePlanes(two, [2, 5, 7], [6, 9])
    // The first and the last of that.
    expect(out[0]).toBeCloseTo(-0.006073302589356899, 6)
    expect(out[53]).toBeCloseTo(0.2509305477142334, 6)
    for (let i = 0; i < 54; i++) expect(out[54 + i]).toBeCloseTo(1 - out[i]!, 5)
  })

  test('takes the shorter side, and keeps the proportions', () => {
    expect([
      resizedTo(10, 20, 5),
      resizedTo(30, 20, 5),
      resizedTo(7, 7, undefined),
      resizedTo(3, 1000, 6),
    ]).toEqual([
      [5, 10],
      [8, 5],
      [7, 7],
      [6, 2000],
    ])
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999 }), fc.integer({ min: 1, max: 999 }), (h, w) => {
        expect(Math.min(...resizedTo(h, w, 64))).toBe(64)
      }),
    )
  })
})
