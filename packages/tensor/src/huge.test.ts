import { describe, expect, test } from 'vitest'
import type { CreateOptions, Device, Tensor } from './index.ts'
import * as T from './index.ts'
import { ReferenceDevice } from './reference/index.ts'

const n = 2 ** 31
const key = T.randomKey(1)
const { OutOfMemoryError, ShapeError, OptionError } = T

/** Makers of so many elements, and ops that give them, of a tensor of one element. */
const makers: Readonly<Record<string, (options: CreateOptions, one: Tensor, count: number) => unknown>> = {
  zeros: (options, _, count) => T.zeros([count], options),
  ones: (options, _, count) => T.ones([2, count / 2], options),
  full: (options, _, count) => T.full([count], 3, options),
  'full of bool': (options, _, count) => T.full([count], 1, { ...options, dtype: 'bool' }),
  arange: (options, _, count) => T.arange(count, options),
  linspace: (options, _, count) => T.linspace(0, 1, count, options),
  eye: (options, _, count) => T.eye(Math.ceil(Math.sqrt(count)), options),
  uniform: (options, _, count) => T.uniform(key, [count], options),
  normal: (options, _, count) => T.normal(key, [count], options),
  'normal of two keys': (options, _, count) => T.normal([key, key], [count / 2], options),
  pad: (_, one, count) => T.pad(one, [[0, count]]),
  scatterAdd: (options, one, count) =>
    T.scatterAdd(one, T.tensor([0], { ...options, dtype: 'int32' }), count),
  contiguous: (_, one, count) => T.contiguous(one.broadcastTo([count])),
  add: (_, one, count) => one.broadcastTo([count]).add(1),
  'less of bool': (_, one, count) => T.less(one.broadcastTo([count]), 5),
  zerosLike: (_, one, count) => T.zerosLike(one.broadcastTo([count])),
  data: (_, one, count) => one.broadcastTo([count]).dataSync(),
  conv2d: (_, one) => T.conv2d(one.reshape([1, 1, 1, 1]), one.reshape([1, 1, 1, 1]), { padding: 2 ** 17 }),
  gather: (options, one, count) =>
    T.gather(one.reshape([1, 1]).broadcastTo([2, count]), T.tensor([1, 0], { ...options, dtype: 'int32' })),
  matmul: (_, one, count) => T.matmul(one.reshape([1, 1]).broadcastTo([count, 1]), one.reshape([1, 1])),
}

const devices: Readonly<Record<string, () => Device>> = {
  wasm: () => T.createWasmDevice({ threads: 1 }),
  reference: () => new ReferenceDevice(),
}

describe.each(Object.entries(devices))('on %s', (_, make) => {
  const device = make()
  const one = T.tensor([3], { device })

  // The process would be out of memory, or at it for minutes, were they begun.
  test.each(Object.entries(makers))('%s of 2³¹ elements and more is refused before any work', (_, of) => {
    const before = T.memory()
    for (const count of [n, n + 64, 2 ** 33, 2 ** 40])
      expect(() => T.scope(() => of({ device }, one, count))).toThrow(OutOfMemoryError)
    expect(T.memory()).toEqual({ ...before, peakBytes: expect.any(Number) })
    expect(Array.from(one.add(1).dataSync())).toEqual([4])
  })

  test('a view of more elements than its kernels count is an error', () => {
    for (const count of [n, 2 ** 32 + 7, 2 ** 52]) {
      expect(() => T.scope(() => T.sum(one.broadcastTo([count])))).toThrow(T.DeviceError)
      expect(() => T.scope(() => T.argmax(one.broadcastTo([count]), 0))).toThrow(T.DeviceError)
    }
    expect(() => T.scope(() => one.broadcastTo([2 ** 40, 2 ** 40]))).toThrow(ShapeError)
  })

  test('what is no count is no extent', () => {
    for (const count of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]) {
      for (const of of [
        () => T.zeros([count], { device }),
        () => T.arange(count, { device }),
        () => T.linspace(0, 1, count, { device }),
        () => T.eye(count, { device }),
        () => T.uniform(key, [count], { device }),
        () => T.normal(key, [2, count], { device }),
      ])
        expect(of).toThrow(ShapeError)
    }
  })
})

test('random arrays on the host are refused before any work, too', () => {
  for (const count of [n, 2 ** 33, 2 ** 40]) {
    expect(() => T.randomWords(key, count)).toThrow(OutOfMemoryError)
    expect(() => T.randomIntegers(key, 7, count)).toThrow(OutOfMemoryError)
    expect(() => T.randomPermutation(key, count)).toThrow(OutOfMemoryError)
  }
  for (const count of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => T.randomWords(key, count)).toThrow(OptionError)
    expect(() => T.randomIntegers(key, 7, count)).toThrow(OptionError)
    expect(() => T.randomPermutation(key, count)).toThrow(OptionError)
  }
})

test('makers write the values of their type', () => {
  const values = (x: Tensor) => Array.from(x.dataSync())
  for (const device of ['wasm', 'reference']) {
    expect(values(T.full([2], 256, { device, dtype: 'bool' }))).toEqual([1, 1])
    expect(values(T.arange(3, { device, dtype: 'bool' }))).toEqual([0, 1, 1])
    expect(values(T.arange(3, { device, dtype: 'int32', start: 0.5, step: 2 }))).toEqual([0, 2, 4])
    expect(values(T.linspace(0, 1, 3, { device, dtype: 'float64' }))).toEqual([0, 0.5, 1])
    expect(values(T.linspace(5, 9, 1, { device }))).toEqual([5])
    expect(values(T.eye(2, { device, dtype: 'float64' }))).toEqual([1, 0, 0, 1])
    expect(values(T.zeros([0, 3], { device }))).toEqual([])
  }
})

test('memory that was used before is zeros again', () => {
  const device = T.createWasmDevice({ threads: 1 })
  T.full([64], 7, { device }).dispose()
  expect(new Set(T.zeros([64], { device }).dataSync())).toEqual(new Set([0]))
  T.full([64], 7, { device }).dispose()
  expect(T.eye(8, { device }).sum().dataSync()[0]).toBe(8)
})

test('draws of many chunks are those of the words of their key', () => {
  const count = 2 ** 15 + 3
  const words = T.randomWords(key, count + 1)
  const uniform = T.uniform([key.fold(1), key], [count])
    .dataSync()
    .subarray(count)
  expect(uniform.every((u, i) => u === (words[i]! >>> 8) / 2 ** 24)).toBe(true)
  const radius = (i: number) => Math.sqrt(-2 * Math.log((words[i]! + 0.5) / 2 ** 32))
  const normal = T.normal(key, [count], { dtype: 'float64' }).dataSync()
  expect(normal.length).toBe(count)
  for (let i = 0; i + 1 < count; i += 2) {
    expect(Math.abs(Math.hypot(normal[i]!, normal[i + 1]!) / radius(i) - 1)).toBeLessThan(1e-14)
  }
})

test('arrays of other kinds are converted where an element type is given, and refused where not', () => {
  const wide = Uint16Array.of(300, 0) as unknown as Uint8Array
  expect(() => T.fromData(wide, [2])).toThrow(/no element type holds a Uint16Array as it is/)
  expect(Array.from(T.fromData(wide, [2], { dtype: 'float32' }).dataSync())).toEqual([300, 0])
  expect(Array.from(T.fromData(wide, [2], { dtype: 'bool' }).dataSync())).toEqual([1, 0])
  expect(T.fromData(Buffer.from([1, 0]), [2]).dtype).toBe('bool')
})

test.each(Object.entries(devices))('the device %s allocates whole elements of its types', (_, make) => {
  const device = make()
  for (const length of [0.5, -1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => device.allocate('float32', length)).toThrow(OptionError)
  expect(() => device.allocate('foo' as T.DType, 1)).toThrow(T.DTypeError)
})

test('nested arrays hold numbers, without holes and not themselves', () => {
  const circle: T.NestedArray[] = []
  circle.push(circle)
  expect(() => T.tensor(circle)).toThrow(ShapeError)
  for (const values of [[1, undefined, 3], [null], ['1'], new Array(2)] as readonly unknown[])
    expect(() => T.tensor(values as number[])).toThrow(/tensor: takes numbers and booleans, got /)
  expect(Array.from(T.tensor([true, false]).dataSync())).toEqual([1, 0])
})

test('an element type that is none is a typed error', () => {
  for (const dtype of ['foo', 'toString', '__proto__'] as readonly string[]) {
    const wrong = dtype as T.DType
    for (const of of [
      () => T.tensor([1], { dtype: wrong }),
      () => T.zeros([1], { dtype: wrong }),
      () => T.normal(key, [1], { dtype: wrong }),
      () => T.cast(T.ones([1]), wrong),
      () => T.fromData(Float32Array.of(1), [1], { dtype: wrong }),
    ])
      expect(of).toThrow(/no element type '.*'; there are float32, float64, int32, bool/)
  }
})
