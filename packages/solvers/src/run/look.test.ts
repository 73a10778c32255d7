import { memory, OptionError, ones, scope, type Tensor, tensor } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { dps } from '../methods/index.ts'
import { gaussianNoise } from '../noise/index.ts'
import { matrixOperator } from '../operators/index.ts'
import { countCalls, gaussianPrior } from '../priors/index.ts'
import { vpLinear } from '../schedules/index.ts'
import { lookAt, residualAt, residualNorm, run, sampleNorms } from './index.ts'

const dtype = 'float64'
const covariance = [
  [0.5, 0.3],
  [0.3, 0.8],
]
const prior = gaussianPrior({ mean: [0.2, -0.4], covariance, schedule: vpLinear() })
const xt = tensor(
  [
    [0.3, -1.1],
    [0.7, 0.2],
  ],
  { dtype },
)

/** Σ·(α²Σ + σ²I)⁻¹·α, the Jacobian of x̂₀ for a Gaussian prior: symmetric here. */
function jacobian(alpha: number, sigma: number): number[][] {
  const [[a, b], [, d]] = covariance as [[number, number], [number, number]]
  const [p, q, r] = [alpha ** 2 * a + sigma ** 2, alpha ** 2 * b, alpha ** 2 * d + sigma ** 2]
  const det = p * r - q * q
  return [
    [((a * r - b * q) * alpha) / det, ((b * p - a * q) * alpha) / det],
    [((b * r - d * q) * alpha) / det, ((d * p - b * q) * alpha) / det],
  ]
}

test('a look through the denoiser: x̂₀ and the way back, once evaluated', () => {
  const counted = countCalls(prior)
  const { alpha, sigma, x0hat, pullback, t, x } = lookAt(counted, xt, 400, true)
  expect([t, x]).toEqual([400, xt])
  expect(alpha ** 2 + sigma ** 2).toBeCloseTo(1, 14)
  const v = tensor(
    [
      [1, -2],
      [0.5, 3],
    ],
    { dtype },
  )
  const jv = (row: readonly number[]) => jacobian(alpha, sigma).map(([a, b]) => a! * row[0]! + b! * row[1]!)
  const expected = [...jv([1, -2]), ...jv([0.5, 3])]
  for (const g of [pullback(v, { retain: true }), pullback(v)])
    for (const [i, value] of g.dataSync().entries()) expect(value).toBeCloseTo(expected[i]!, 12)
  expect(Array.from(x0hat.dataSync())).toEqual(Array.from(prior.denoise(xt, 400).dataSync()))
  expect(counted.calls).toEqual({ total: 1, recorded: 1 })
})

test('a look past the denoiser has no way back, and says so', () => {
  const { x0hat, pullback } = lookAt(prior, xt, 400, false)
  expect(Array.from(x0hat.dataSync())).toEqual(Array.from(prior.denoise(xt, 400).dataSync()))
  expect(() => pullback(xt)).toThrow(OptionError)
  expect(() => pullback(xt)).toThrow('through: must be true')
})

test('the residual of each sample, its norm and the way back through a nonlinear operator', () => {
  const linear = matrixOperator(tensor([[1, 2]], { dtype }))
  const squares = { ...linear, forward: (x: Tensor) => linear.forward(x.square()) }
  const y = tensor([[1], [0]], { dtype })
  const { r, norm, back } = residualAt(squares, y, xt)
  const clean = [0.3 ** 2 + 2 * 1.1 ** 2, 0.7 ** 2 + 2 * 0.2 ** 2]
  expect(norm.shape).toEqual([2, 1])
  for (const [i, of] of [1, 0].entries()) {
    expect(r.dataSync()[i]).toBeCloseTo(of - clean[i]!, 14)
    expect(norm.dataSync()[i]).toBeCloseTo(Math.abs(of - clean[i]!), 14)
  }
  const expected = [2 * 0.3, 4 * -1.1, 2 * 0.7, 4 * 0.2]
  for (const [i, value] of back(ones([2, 1], { dtype }))
    .dataSync()
    .entries())
    expect(value).toBeCloseTo(expected[i]!, 14)
  expect(Array.from(residualNorm(squares, y, xt).dataSync())).toEqual(Array.from(norm.dataSync()))
})

test('norms are of samples, not of the batch', () => {
  const x = ones([2, 1, 2, 2]).mul(tensor([1, 3]).reshape([2, 1, 1, 1]))
  const norms = sampleNorms(x)
  expect(norms.shape).toEqual([2, 1, 1, 1])
  expect(Array.from(norms.dataSync())).toEqual([2, 6])
})

test('an error between a look and its way back frees what the tape kept: here, and in a run of DPS', async () => {
  const held = () => [memory().tensors, memory().bytes]
  const broken = new Error('in the operator')
  const before = held()
  const failing = () =>
    scope(() => {
      lookAt(prior, xt, 400, true)
      throw broken
    })
  expect(failing).toThrow(broken)
  expect(held()).toEqual(before)
  const forward = (x: Tensor) => {
    if (x.shape[0] !== 0) throw broken
    return x
  }
  const operator = { name: 'broken', inShape: [2], outShape: [2], forward }
  const asked = run(dps({ operator, noise: gaussianNoise(0.1), y: xt }, prior, { steps: 3 }))
  await expect(asked).rejects.toThrow(broken)
  expect(held()).toEqual(before)
})
