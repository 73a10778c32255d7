import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { allocateHost } from './dtype.ts'
import { formatValues, nestedValues } from './format.ts'
import type { DType } from './index.ts'
import {
  arange,
  DeviceError,
  DisposedTensorError,
  fromData,
  getDevice,
  memory,
  scope,
  tensor,
  transpose,
  zeros,
} from './index.ts'
import { rowMajorStrides, sizeOf } from './shape.ts'

interface Printed {
  readonly note: string
  readonly dtype: DType
  readonly shape: number[]
  /** Null where the values are those of `pattern`. */
  readonly data: (number | string | boolean)[] | null
  readonly text: string
}

// Written by scripts/numpy-print.py, which says how.
const file = resolve(import.meta.dirname, 'fixtures/numpy-print.json')
const printed = JSON.parse(readFileSync(file, 'utf8')) as Printed[]

const pattern = (size: number) => Array.from({ length: size }, (_, i) => ((i * 7919) % 4001) / 64 - 20)

describe('values are written as NumPy writes them', () => {
  it.each(printed.map((one, i) => [`${i}: ${one.note}, ${one.dtype} [${one.shape}]`, one] as const))(
    '%s',
    (_, { dtype, shape, data, text }) => {
      const numbers = data?.map((x) => Number(typeof x === 'string' ? x.replace('inf', 'Infinity') : x))
      const host = allocateHost(dtype, sizeOf(shape))
      host.set(numbers ?? pattern(sizeOf(shape)))
      const strides = rowMajorStrides(shape)
      expect(formatValues({ data: host, dtype, shape, strides, offset: 0 })).toBe(text)
    },
  )
})

describe.each(['wasm', 'reference'])('a tensor on %s', (device) => {
  afterEach(() => vi.restoreAllMocks())
  const x = tensor(
    [
      [1, 2.5],
      [3, -4],
    ],
    { device },
  )
  const lines = [`Tensor [2, 2] float32 on ${device}:`, '[[ 1. ,  2.5],', ' [ 3. , -4. ]]']

  it('shows shape, dtype, device and values: to String, console.log, print, and within other values', () => {
    expect(String(x)).toBe(lines.join('\n'))
    expect(inspect(x)).toBe(lines.join('\n'))
    expect(inspect({ list: [x] })).toContain('[[ 1. ,  2.5],')
    expect(inspect([[[[x]]]])).toBe('[ [ [ [Array] ] ] ]')
    expect(inspect([[[x]]], { depth: 2 })).toContain(`[Tensor [2, 2] float32 on ${device}]`)
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    x.print()
    expect(log.mock.calls).toEqual([[lines.join('\n')]])
  })

  it('keeps short ones on one line', () => {
    expect(String(tensor(3, { device }))).toBe(`Tensor [] float32 on ${device}: 3.`)
    expect(String(tensor([true, false], { device }))).toBe(`Tensor [2] bool on ${device}: [ true, false]`)
    expect(String(tensor([1, NaN, -Infinity], { device }))).toBe(
      `Tensor [3] float32 on ${device}: [  1.,  nan, -inf]`,
    )
    expect(String(zeros([0, 3], { device }))).toBe(`Tensor [0, 3] float32 on ${device}: []`)
    expect(String(arange(3, { device, dtype: 'int32' }))).toBe(`Tensor [3] int32 on ${device}: [0, 1, 2]`)
  })

  it('of any layout shows its own elements, and makes nothing', () => {
    const before = memory()
    const texts = scope(() =>
      [
        transpose(x),
        x.slice([null, null, -1]),
        x.slice(1),
        x.broadcastTo([2, 2, 2]),
        x.slice(null, [0, 1]),
      ].map((view) => [String(view), view.toArray()] as const),
    )
    expect({ ...memory(), peakBytes: 0 }).toEqual({ ...before, peakBytes: 0 })
    expect(texts.map(([, nested]) => nested)).toEqual([
      [
        [1, 3],
        [2.5, -4],
      ],
      [
        [3, -4],
        [1, 2.5],
      ],
      [3, -4],
      [
        [
          [1, 2.5],
          [3, -4],
        ],
        [
          [1, 2.5],
          [3, -4],
        ],
      ],
      [[1], [3]],
    ])
    expect(texts[0]?.[0]).toContain('[[ 1. ,  3. ],\n [ 2.5, -4. ]]')
    expect(texts[1]?.[0]).toContain('[[ 3. , -4. ],\n [ 1. ,  2.5]]')
    expect(texts[2]?.[0]).toContain('[ 3., -4.]')
    expect(texts[3]?.[0]).toContain(']],\n\n [[')
  })

  it('of more than 1000 elements shows the ends of each axis', () => {
    const text = String(arange(1001, { device }))
    expect(text.split('\n')).toEqual([
      `Tensor [1001] float32 on ${device}:`,
      '[   0.,    1.,    2., ...,  998.,  999., 1000.]',
    ])
    expect(String(zeros([1000, 1000, 30], { device })).length).toBeLessThan(3000)
    // An axis of six is shown whole, one of seven is not longer for its dots.
    const rows = (columns: number) => String(zeros([200, columns], { device })).split('\n')
    expect([rows(6)[1], rows(7)[1]]).toEqual([
      '[[0., 0., 0., 0., 0., 0.],',
      '[[0., 0., 0., ..., 0., 0., 0.],',
    ])
  })

  it('becomes JSON and nested arrays', () => {
    const odd = tensor(
      [
        [1, NaN],
        [Infinity, -Infinity],
      ],
      { device },
    )
    expect(JSON.parse(JSON.stringify({ odd }))).toEqual({
      odd: { shape: [2, 2], dtype: 'float32', data: [1, 'NaN', 'Infinity', '-Infinity'] },
    })
    const { shape, dtype, data } = JSON.parse(JSON.stringify(x)) as {
      shape: number[]
      dtype: DType
      data: number[]
    }
    expect(fromData(data, shape, { dtype, device }).toArray()).toEqual(x.toArray())
    expect(JSON.stringify(tensor([true, false], { device }))).toBe(
      '{"shape":[2],"dtype":"bool","data":[true,false]}',
    )
    expect(tensor([[true], [false]], { device }).toArray()).toEqual([[true], [false]])
    expect(tensor(2.5, { device }).toArray()).toBe(2.5)
    expect(zeros([2, 0], { device }).toArray()).toEqual([[], []])
    expect(tensor([0.1], { device, dtype: 'float64' }).toJSON().data).toEqual([0.1])
  })

  it('that is freed says so, and has no values', () => {
    const freed = tensor([1, 2], { device })
    freed.dispose()
    expect(String(freed)).toBe(`Tensor [2] float32 on ${device} (freed)`)
    expect(inspect(freed)).toBe(String(freed))
    expect(() => freed.toArray()).toThrow(DisposedTensorError)
    expect(() => JSON.stringify(freed)).toThrow(DisposedTensorError)
  })
})

describe('a tensor whose device reads back asynchronously', () => {
  const remote = { ...hostless(), name: 'remote' }

  it('shows all but its values, for which there is await x.data()', async () => {
    const x = fromData([1, 2], [2], { device: remote })
    expect(String(x)).toBe('Tensor [2] float32 on remote (values by await x.data())')
    expect(inspect(x)).toBe(String(x))
    expect(() => x.toArray()).toThrow(DeviceError)
    expect(() => JSON.stringify(x)).toThrow(DeviceError)
    expect(Array.from(await x.data())).toEqual([1, 2])
    x.dispose()
  })
})

/** The reference device without its window on memory. */
function hostless() {
  const device = getDevice('reference')
  return {
    name: device.name,
    info: () => device.info(),
    allocate: device.allocate.bind(device),
    free: device.free.bind(device),
    write: device.write.bind(device),
    read: device.read.bind(device),
    run: device.run.bind(device),
  }
}

it('nested values of a window', () => {
  const data = Float64Array.of(0, 1, 2, 3, 4, 5)
  expect(nestedValues({ data, dtype: 'float64', shape: [2, 2], strides: [-3, 2], offset: 3 })).toEqual([
    [3, 5],
    [0, 2],
  ])
})

it('the ratio of largest and least is that of float32: 700/0.7 is 1000 there, and no more', () => {
  expect(String(tensor([0.7, 700]))).toContain('[  0.7, 700. ]')
  expect(String(tensor([0.7, 700.1]))).toContain('e+02')
})
