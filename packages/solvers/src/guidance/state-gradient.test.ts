import { fromData, normal, OptionError, randomKey, ShapeError, type Tensor, tensor } from '@tweedie/tensor'
import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { gaussianPrior } from '../priors/index.ts'
import { lookAt } from '../run/index.ts'
import type { AtStep, Guidance } from './index.ts'
import { stateGradient } from './index.ts'

const float64 = { dtype: 'float64' } as const
const numbers = (x: Tensor) => Array.from(x.dataSync())
const drawn = (seed: number, shape: readonly number[]) =>
  normal(
    [0, 1].map((i) => randomKey(seed).fold(i)),
    [...shape],
    float64,
  )

/** U_rU_rᵀ G V_rV_rᵀ, r from the singular values, by ml-matrix. */
function projected(state: Matrix, G: Matrix, share: number): { value: Matrix; rank: number } {
  const svd = new SingularValueDecomposition(state, { autoTranspose: true })
  const s = svd.diagonal
  const total = s.reduce((sum, v) => sum + v * v, 0)
  let rank = 0
  for (let sum = 0; sum < share * total * (1 - 1e-12) && rank < s.length; rank++) sum += s[rank]! ** 2
  const cut = (m: Matrix) => m.subMatrix(0, m.rows - 1, 0, rank - 1)
  const [U, V] = [cut(svd.leftSingularVectors), cut(svd.rightSingularVectors)]
  return { value: U.mmul(U.transpose()).mmul(G).mmul(V).mmul(V.transpose()), rank }
}
const channel = (x: Tensor, c: number, h: number, w: number) =>
  Matrix.from1DArray(h, w, numbers(x).slice(c * h * w, (c + 1) * h * w))
const at = (i: number): AtStep => ({ i, s: -1, z: () => tensor([0]) })

describe.each([
  [[2, 4, 6], 0.8],
  [[1, 6, 4], 0.5],
  [[3, 5, 5], 0.99],
  [[1, 1, 4], 0.9],
] as const)('guidance of pictures %j is projected, τ = %d', (shape, share) => {
  const [channels, h, w] = shape
  const prior = gaussianPrior({
    mean: new Array(channels * h * w).fill(0.1),
    covariance: 0.5,
    shape: [...shape],
  })
  const [x, G] = [drawn(1, shape), drawn(2, shape)]
  const look = lookAt(prior, x, 300, false)
  const residual = tensor([[1], [1]], float64)

  function check(got: Tensor, times = 1) {
    const ranks: number[] = []
    for (let c = 0; c < 2 * channels; c++) {
      const { value, rank } = projected(channel(x, c, h, w), channel(G, c, h, w), share)
      ranks.push(rank)
      const ours = channel(got, c, h, w)
      expect(Matrix.sub(ours, value.mul(times)).norm()).toBeLessThan(1e-10 * (1 + value.norm()))
    }
    return ranks
  }

  test('a shift of x_s', () => {
    const shifting: Guidance = { through: false, at: ({ x0hat }) => ({ x0: x0hat, shift: G, residual }) }
    const { x0, shift } = stateGradient(shifting, { variance: share }).at(look, at(0))
    const ranks = check(shift!)
    expect(numbers(x0)).toEqual(numbers(look.x0hat))
    if (h > 1) expect(Math.min(...ranks)).toBeLessThan(Math.min(h, w) + 1)
  })

  test('a move of x̂₀, with what is shown', () => {
    const moving: Guidance = {
      through: false,
      at: ({ x0hat }) => ({ x0: x0hat.add(G.mul(0.5)), guidance: G, residual }),
    }
    const { x0, guidance } = stateGradient(moving, { variance: share }).at(look, at(0))
    check(x0.sub(look.x0hat), 0.5)
    check(guidance!)
  })

  test('every few steps only, and every step alike without a number', () => {
    const shifting: Guidance = { through: false, at: ({ x0hat }) => ({ x0: x0hat, shift: G, residual }) }
    const sometimes = stateGradient(shifting, { variance: share, period: 3 })
    const moved = (step?: AtStep) => numbers(sometimes.at(look, step).shift!)
    expect(moved(at(1))).toEqual(numbers(G))
    expect(moved(at(2))).toEqual(numbers(G))
    expect(moved(at(3))).toEqual(moved(at(0)))
    expect(moved()).toEqual(moved(at(0)))
  })

  test('samples are apart, bit for bit', () => {
    const shifting = (g: Tensor): Guidance => ({
      through: false,
      at: ({ x0hat }) => ({ x0: x0hat, shift: g, residual }),
    })
    const batch = numbers(stateGradient(shifting(G), { variance: share }).at(look, at(0)).shift!)
    const size = channels * h * w
    for (const i of [0, 1]) {
      const alone = lookAt(prior, x.slice([i, i + 1]), 300, false)
      const single = stateGradient(shifting(G.slice([i, i + 1])), { variance: share }).at(alone, at(0))
      expect(numbers(single.shift!)).toEqual(batch.slice(i * size, (i + 1) * size))
    }
  })
})

test('all of the variance keeps all of a full state, and none of what a flat one lacks', () => {
  const prior = gaussianPrior({ mean: new Array(9).fill(0), covariance: 1, shape: [1, 3, 3] })
  const G = drawn(5, [1, 3, 3])
  const shifting: Guidance = { through: false, at: ({ x0hat }) => ({ x0: x0hat, shift: G, residual: G }) }
  const whole = stateGradient(shifting, { variance: 1 }).at(lookAt(prior, drawn(4, [1, 3, 3]), 10, false))
    .shift!
  numbers(whole).forEach((v, i) => expect(v).toBeCloseTo(numbers(G)[i]!, 10))
  // A state of one row that repeats: what is left of G is its mean over rows and columns.
  const flat = fromData(new Float64Array(18).fill(2), [2, 1, 3, 3], float64)
  const left = numbers(stateGradient(shifting).at(lookAt(prior, flat, 10, false)).shift!)
  const mean = numbers(G)
    .slice(0, 9)
    .reduce((sum, v) => sum + v / 9, 0)
  left.slice(0, 9).forEach((v) => expect(v).toBeCloseTo(mean, 10))
  const nothing = fromData(new Float64Array(18), [2, 1, 3, 3], float64)
  expect(
    numbers(stateGradient(shifting).at(lookAt(prior, nothing, 10, false)).shift!).every((v) => v === 0),
  ).toBe(true)
})

test('options out of range and states that are no pictures are refused', () => {
  const still: Guidance = { through: false, at: ({ x0hat }) => ({ x0: x0hat, residual: x0hat }) }
  expect(() => stateGradient(still, { variance: 0 })).toThrow(OptionError)
  expect(() => stateGradient(still, { variance: 1.1 })).toThrow(OptionError)
  expect(() => stateGradient(still, { period: 0 })).toThrow(OptionError)
  const prior = gaussianPrior({ mean: [0, 0], covariance: 1 })
  expect(() => stateGradient(still).at(lookAt(prior, tensor([[1, 2]], float64), 5, false))).toThrow(
    ShapeError,
  )
})
