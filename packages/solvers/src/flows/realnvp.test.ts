import { checkGrads, jacobian } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import {
  fromData,
  memory,
  normal,
  OptionError,
  randomKey,
  ShapeError,
  scope,
  treeLeaves,
} from '@tweedie/tensor'
import { determinant, Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import type { RealNvp, RealNvpParams } from './index.ts'
import { realNvp } from './index.ts'

const float64 = { dtype: 'float64' } as const
const numbers = (x: Tensor): number[] => Array.from(x.dataSync())

/** Parameters that are not those of the start: all of them drawn. */
const drawn = (flow: RealNvp, seed: number, scale = 0.4): RealNvpParams =>
  flow.unpack(normal(randomKey(seed), [flow.size], float64).mul(scale))

/** G in plain loops. */
function plain(flow: RealNvp, params: RealNvpParams, orders: readonly (readonly number[])[], z: number[]) {
  const n = flow.dimension
  const half = Math.floor(n / 2)
  let x = [...z]
  let logDet = 0
  params.forEach(({ net, logScale, loc }, k) => {
    if (k % 2 === 0) x = orders[k / 2]!.map((from) => x[from]!)
    let h = x.slice(0, half)
    net.forEach(({ weight, bias }, i) => {
      const [w, b] = [numbers(weight), numbers(bias)]
      h = b.map((value, j) => value + h.reduce((sum, v, r) => sum + v * w[r * b.length + j]!, 0))
      if (i < 2) h = h.map((v) => v / (1 + Math.exp(-v)))
    })
    if (half > 0)
      for (let j = half; j < n; j++) {
        const s = Math.tanh(h[j - half]!)
        x[j] = x[j]! * Math.exp(s) + h[n - half + j - half]!
        logDet += s
      }
    const [s, m] = [numbers(logScale), numbers(loc)]
    x = x.map((v, j) => v * Math.exp(s[j]!) + m[j]!).reverse()
    logDet += s.reduce((a, b) => a + b, 0)
  })
  return { x, logDet }
}

/** The permutations of a flow, seen by what it does to unit vectors at its start. */
function ordersOf(flow: RealNvp, blocks: number): number[][] {
  const flat = fromData(new Float64Array(flow.size), [flow.size], float64)
  const cut = (k: number) => flow.unpack(flat).slice(0, 2 * k)
  const places = Array.from({ length: flow.dimension }, (_, i) => i)
  const after = (k: number) =>
    numbers(flow.forward(cut(k), fromData(Float64Array.from(places), [1, places.length], float64)).x)
  const all = Array.from({ length: blocks + 1 }, (_, k) => after(k))
  return Array.from({ length: blocks }, (_, k) => all[k + 1]!.map((value) => all[k]!.indexOf(value)))
}

describe.each([1, 2, 3, 5])('%i numbers', (n) => {
  const flow = realNvp({ dimension: n, blocks: 3, width: 6 })
  const params = drawn(flow, n)
  const z = normal(randomKey(7), [4, n], float64)

  it('is what plain loops make of it', () => {
    const orders = ordersOf(flow, 3)
    for (const order of orders) expect([...order].sort()).toEqual(Array.from({ length: n }, (_, i) => i))
    const { x, logDet } = flow.forward(params, z)
    for (let k = 0; k < 4; k++) {
      const wanted = plain(flow, params, orders, numbers(z.slice(k)))
      numbers(x.slice(k)).forEach((v, i) => expect(Math.abs(v - wanted.x[i]!)).toBeLessThan(1e-11))
      expect(Math.abs(logDet.dataSync()[k]! - wanted.logDet)).toBeLessThan(1e-11)
    }
  })

  it('its log-determinant is that of the dense Jacobian', () => {
    for (let k = 0; k < 4; k++) {
      const one = z.slice([k, k + 1])
      const J = jacobian((at: Tensor) => flow.forward(params, at).x)(one)
      const det = determinant(Matrix.from1DArray(n, n, numbers(J)))
      expect(
        Math.abs(flow.forward(params, one).logDet.dataSync()[0]! - Math.log(Math.abs(det))),
      ).toBeLessThan(1e-9)
      expect(Math.abs(Math.log(Math.abs(det)))).toBeGreaterThan(1e-3)
    }
  })

  it('inverts', () => {
    const { x, logDet } = flow.forward(params, z)
    const back = flow.inverse(params, x)
    expect(back.z.sub(z).abs().max().dataSync()[0]).toBeLessThan(1e-10)
    expect(back.logDet.add(logDet).abs().max().dataSync()[0]).toBeLessThan(1e-10)
  })

  it('log q has right gradients, in x and in the parameters, by finite differences', async () => {
    const x = normal(randomKey(9), [2, n], float64)
    await checkGrads((at: Tensor) => flow.logDensity(params, at), [x])
    await checkGrads((flat: Tensor) => flow.logDensity(flow.unpack(flat), x), [flow.pack(params)])
    await checkGrads((flat: Tensor) => flow.forward(flow.unpack(flat), x), [flow.pack(params)])
  })

  it('many flows at once are each flow alone, bit for bit', () => {
    const keys = [3, 4, 5].map((i) => randomKey(i))
    const start = flow.init(keys, float64)
    const flat = flow.pack(start).add(normal(keys, [flow.size], float64).mul(0.3))
    const zs = normal(keys, [4, n], float64)
    const all = flow.forward(flow.unpack(flat), zs)
    keys.forEach((key, i) => {
      const own = flow.pack(flow.init(key, float64))
      expect(numbers(flow.pack(start).slice(i))).toEqual(numbers(own))
      const one = flow.forward(flow.unpack(flat.slice(i)), zs.slice(i))
      expect(numbers(all.x.slice(i))).toEqual(numbers(one.x))
      expect(numbers(all.logDet.slice(i))).toEqual(numbers(one.logDet))
    })
  })

  it('starts as N(0, I): the numbers of z in another order', () => {
    const { x, logDet } = flow.forward(flow.init(randomKey(1), float64), z)
    for (let k = 0; k < 4; k++) expect(numbers(x.slice(k)).sort()).toEqual(numbers(z.slice(k)).sort())
    expect(numbers(logDet)).toEqual([0, 0, 0, 0])
  })
})

/** Trapezoidal sum of q over a grid; q and its derivatives vanish at the ends, so that it is exact but for the tails. */
const total = (flow: RealNvp, params: RealNvpParams, points: readonly (readonly number[])[], cell: number) =>
  flow
    .logDensity(params, fromData(Float64Array.from(points.flat()), [points.length, flow.dimension], float64))
    .exp()
    .sum()
    .mul(cell)
    .dataSync()[0]!

describe('q integrates to 1', () => {
  const grid = (from: number, to: number, count: number) =>
    Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1))
  it('over a line', () => {
    const flow = realNvp({ dimension: 1, blocks: 2 })
    const line = grid(-60, 60, 24001).map((v) => [v])
    expect(total(flow, drawn(flow, 3), line, 120 / 24000)).toBeCloseTo(1, 8)
  })
  it('over a plane', () => {
    const flow = realNvp({ dimension: 2, blocks: 2, width: 4 })
    const axis = grid(-15, 15, 301)
    const plane = axis.flatMap((a) => axis.map((b) => [a, b]))
    // The couplings bend q, so that the sum is no longer exact to rounding.
    expect(total(flow, drawn(flow, 4, 0.25), plane, 0.1 ** 2)).toBeCloseTo(1, 6)
  })
})

describe('a flow', () => {
  it('draws the networks of a key, of a spread of one over the root of their inputs, and none else', () => {
    const flow = realNvp({ dimension: 400, blocks: 1, width: 100 })
    const { net, logScale, loc } = flow.init(randomKey(2))[0]!
    const spread = (x: Tensor) => Math.sqrt(x.square().mean().dataSync()[0]!)
    // 20 000 and 10 000 draws: the standard error of a spread is 1/√(2·10 000) = 0.7 % of it.
    expect(spread(net[0]!.weight) * Math.sqrt(200)).toBeCloseTo(1, 1)
    expect(spread(net[1]!.weight) * Math.sqrt(100)).toBeCloseTo(1, 1)
    for (const x of [net[2]!.weight, ...net.map(({ bias }) => bias), logScale, loc]) expect(spread(x)).toBe(0)
    const [first, second] = flow.init(randomKey(2))
    expect(numbers(first!.net[0]!.weight)).not.toEqual(numbers(second!.net[0]!.weight))
  })

  it('has by default four blocks, and n/8 hidden units but at least 16', () => {
    expect(realNvp({ dimension: 2 }).init(randomKey(0)).length).toBe(8)
    expect(realNvp({ dimension: 2 }).init(randomKey(0))[0]!.net[0]!.bias.shape).toEqual([1, 16])
    expect(realNvp({ dimension: 784 }).init(randomKey(0))[0]!.net[0]!.bias.shape).toEqual([1, 98])
  })

  it('packs and unpacks, and frees what it made', () => {
    const flow = realNvp({ dimension: 3, blocks: 2, width: 2 })
    const flat = normal(randomKey(1), [flow.size], float64)
    expect(numbers(flow.pack(flow.unpack(flat)))).toEqual(numbers(flat))
    expect(treeLeaves(flow.unpack(flat)).reduce((sum, x) => sum + x.size, 0)).toBe(flow.size)
    const before = memory().tensors
    scope(() => flow.forward(flow.unpack(flat), normal(randomKey(1), [2, 3], float64)).x).dispose()
    expect(memory().tensors).toBeLessThanOrEqual(before)
  })

  it('refuses what does not fit', () => {
    for (const wrong of [
      { dimension: 0 },
      { dimension: 1.5 },
      { dimension: 2, blocks: 0 },
      { dimension: 2, width: -1 },
    ])
      expect(() => realNvp(wrong)).toThrow(OptionError)
    const flow = realNvp({ dimension: 3 })
    const params = flow.init(randomKey(0))
    expect(() => flow.forward(params, normal(randomKey(0), [2, 4]))).toThrow(ShapeError)
    expect(() => flow.inverse(params, normal(randomKey(0), [2, 4]))).toThrow('must have 3 numbers')
    expect(() => flow.unpack(normal(randomKey(0), [5]))).toThrow(`the flow has ${flow.size} parameters`)
  })
})
