import ndarray from 'ndarray'
import { describe, expect, it } from 'vitest'
import { arange, DTypeError, memory, transpose } from '../index.ts'
import { fromNdarray, toNdarray } from './index.ts'

const list = (x: { dataSync(): ArrayLike<number> }) => Array.from(x.dataSync())

describe('ndarray', () => {
  const data = Float32Array.from({ length: 12 }, (_, i) => i)
  const view = ndarray(data, [3, 4]).transpose(1, 0).step(-1, 1).lo(1, 0)
  const expected = Array.from({ length: 9 }, (_, i) => view.get(Math.floor(i / 3), i % 3))

  it.each(['reference', 'wasm'])('comes in with any strides on %s', (device) => {
    const x = fromNdarray(view, { device })
    expect(x.shape).toEqual([3, 3])
    expect(list(x)).toEqual(expected)
    expect(list(x.add(1))).toEqual(expected.map((v) => v + 1))
  })

  it('shares memory on the reference device, both ways, and copies elsewhere', () => {
    const x = fromNdarray(view, { device: 'reference' })
    expect(x.buffer).toBe(data)
    expect(toNdarray(x).data).toBe(data)
    expect(list({ dataSync: () => [...toNdarray(transpose(x)).data] })).toEqual([...data])
    expect(toNdarray(fromNdarray(view, { device: 'wasm' })).data).not.toBe(data)
  })

  it('goes out with the strides of a view', () => {
    const nd = toNdarray(transpose(arange(6, { device: 'reference' }).reshape([2, 3])))
    expect([nd.shape, nd.stride]).toEqual([
      [3, 2],
      [1, 3],
    ])
    expect(nd.get(2, 1)).toBe(5)
  })

  it('needs a dtype for pixels and plain arrays, and frees what it took over', () => {
    const pixels = ndarray(Uint8Array.of(0, 255), [2])
    expect(() => fromNdarray(pixels)).toThrow(DTypeError)
    expect(list(fromNdarray(pixels, { dtype: 'float32' }))).toEqual([0, 255])
    const before = memory()
    fromNdarray(view, { device: 'reference' }).dispose()
    expect(memory().bytes).toBe(before.bytes)
  })
})
