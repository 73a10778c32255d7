import { parseNpz } from '@tweedie/unet'
import { decode, decodeApng } from 'fast-png'
import { expect, test } from 'vitest'
import { animationOf } from './animation.ts'
import type { Frame, Pictures } from './engine/frames.ts'
import type { Plane } from './moments.ts'
import { byteOf, pngOf, sheetOf, sheetOfPlanes } from './sheet.ts'
import { traceOf } from './trace.ts'

const plane = (...data: number[]): Plane => ({ height: 1, width: data.length, data: Float32Array.from(data) })

test('a sheet has its pictures enlarged, on grey', () => {
  const sheet = sheetOf([[plane(-1, 1), plane(0)], [plane(2)]])
  expect([sheet.width, sheet.height]).toEqual([8 + 8 + 8 + 4 + 8, 8 + 12 + 12])
  const at = (x: number, y: number) => sheet.data[y * sheet.width + x]
  expect([at(7, 8), at(8, 8), at(11, 11), at(12, 8), at(15, 11), at(16, 8)]).toEqual([
    128, 0, 0, 255, 255, 128,
  ])
  expect([at(24, 8), at(8, 20), at(12, 20), at(8, 24)]).toEqual([byteOf(0), 255, 128, 128])
  const { data, channels, width, height } = decode(pngOf(sheet))
  expect([channels, width, height]).toEqual([1, sheet.width, sheet.height])
  expect(Array.from(data)).toEqual(Array.from(sheet.data))
})

test('a picture in colour keeps its colours, as bytes and on a sheet', () => {
  const { data, channels } = decode(pngOf(sheetOfPlanes([3, 1, 2], Uint8Array.of(1, 2, 3, 4, 5, 6))))
  expect([channels, ...data]).toEqual([3, 1, 3, 5, 2, 4, 6])
  const colour = [Float32Array.of(-1), Float32Array.of(0), Float32Array.of(1)] as const
  const sheet = sheetOf([[{ ...plane(0), colour }, plane(1)]])
  const at = (x: number) => [...sheet.data.subarray(3 * (8 * sheet.width + x), 3 * (8 * sheet.width + x) + 3)]
  expect([at(7), at(8), at(20)]).toEqual([
    [128, 128, 128],
    [0, 128, 255],
    [255, 255, 255],
  ])
})

test('an animation is read back frame by frame, with checksums, and as its first picture', () => {
  const sheets = [0, 1, 2].map((k) => sheetOf([[plane(k - 1, 0, 1 - k)]]))
  const bytes = animationOf(sheets, [40, 40, 900])
  const { frames } = decodeApng(bytes, { checkCrc: true })
  expect(frames.map(({ data }) => Array.from(data))).toEqual(sheets.map(({ data }) => Array.from(data)))
  expect(frames.map(({ delayNumber, delayDenominator }) => [delayNumber, delayDenominator])).toEqual([
    [40, 1000],
    [40, 1000],
    [900, 1000],
  ])
  expect(Array.from(decode(bytes, { checkCrc: true }).data)).toEqual(Array.from(sheets[0]?.data ?? []))
})

test('the trace has all steps, with the measurement and the truth', () => {
  const pictures = (from: number): Pictures => ({
    shape: [2, 1, 1, 2],
    data: Float32Array.from({ length: 4 }, (_, i) => from + i),
  })
  const frames: Frame[] = [1, 2, 3].map((index) => ({
    ...{ index, steps: 3, t: 10 - index, residual: [index, 2 * index], psnr: [0.5, 1.5] },
    ...{ x: pictures(index), x0hat: pictures(10 * index), predicted: pictures(-index) },
    guidance: pictures(100 * index),
  }))
  const measurement = {
    shown: pictures(0),
    truth: { shape: [1, 1, 1, 2] as const, data: Float32Array.of(0.25, -1) },
    y: { shape: [1, 2], data: Float32Array.of(7, 8) },
    greys: Uint8Array.of(159, 0),
  }
  const file = parseNpz(traceOf(frames, measurement), 'trace.npz')
  const read = (name: string) => Array.from(file.values(name))
  const shapeOf = (name: string) => file.entries.find((entry) => entry.name === name)?.shape
  expect(shapeOf('x')).toEqual([3, 2, 1, 1, 2])
  expect(read('x0hat')).toEqual([10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33])
  expect(read('guidance').slice(4, 6)).toEqual([200, 201])
  expect(read('residual')).toEqual([1, 2, 2, 4, 3, 6])
  expect([read('y'), read('truth')]).toEqual([
    [7, 8],
    [0.25, -1],
  ])
  const bare = frames.map(({ guidance: _, ...rest }) => rest)
  const names = parseNpz(traceOf(bare, measurement), 'trace.npz').entries.map(({ name }) => name)
  expect(names).toEqual(['step', 't', 'x', 'x0hat', 'predicted', 'residual', 'psnr', 'y', 'truth'])
})
