import { OptionError, randomKey, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { traceOf } from '../linalg/index.ts'
import { gaussianNoise, laplaceNoise } from '../noise/index.ts'
import { matrixOperator } from '../operators/index.ts'
import { annealing, energyControl, tiltOf, varianceControl } from './index.ts'

const near = (found: ArrayLike<number>, wanted: readonly number[]) => {
  expect(found.length).toBe(wanted.length)
  wanted.forEach((value, i) => void expect(found[i]).toBeCloseTo(value, 8))
}

describe('a control', () => {
  const h = [
    [0.3, -1, 2, 0.5],
    [1, 4, -2, 0.7],
  ]
  const weights = [0.1, 0.4, 0.2, 0.3]

  it('takes all that lies in its basis, whatever is constant', () => {
    const potential = weights.map((_, k) => 7 - 2 * h[0]![k]! + 0.5 * h[1]![k]!)
    near(varianceControl({ weights, potential, h }), [2, -0.5])
  })

  it('is that of weighted least squares where something is left over', () => {
    // Means ¾ and ½, covariance −⅜, variance 11/16.
    near(varianceControl({ weights: [0.5, 0.25, 0.25], potential: [1, 0, 0], h: [[0, 1, 2]] }), [6 / 11])
  })

  it('leaves what is uncorrelated with the basis', () => {
    const even = [0.25, 0.25, 0.25, 0.25]
    near(varianceControl({ weights: even, potential: [1, 1, -1, -1], h: [[1, -1, 1, -1]] }), [0])
  })

  it('weighs: a particle of weight 0 may be anywhere', () => {
    const seen = { weights: [0.5, 0.5, 0], potential: [1, 3, 1e30], h: [[0, 1, -1e30]] }
    near(varianceControl(seen), [-2])
  })

  it('tells vectors that are nearly alike', () => {
    const close = h[0]!.map((v, k) => v + 0.01 * h[1]![k]!)
    const potential = h[0]!.map((v, k) => v - 2 * close[k]!)
    near(varianceControl({ weights, potential, h: [h[0]!, close] }), [-1, 2])
  })

  it('of vectors that say the same is the one of least norm', () => {
    const potential = h[0]!.map((v) => -3 * v)
    near(varianceControl({ weights, potential, h: [h[0]!, h[0]!] }), [1.5, 1.5])
    near(varianceControl({ weights: [1], potential: [5], h: [[2], [3]] }), [0, 0])
  })

  it('of a Gaussian has the ideal drift: φ = ½x² − ½ over N(0, 1) is moved by −½x as −∇·(qb) = q(φ − φ̄) asks', () => {
    // Points and weights of Gauss and Hermite for moments to the ninth.
    const x = [0, 1.3556261799742659, -1.3556261799742659, 2.8569700138728056, -2.8569700138728056]
    const w = [
      8 / 15,
      ...[0.22207592200561263, 0.22207592200561263, 0.011257411327720691, 0.011257411327720691],
    ]
    const psi = [x.map((v) => v ** 2 / 2)]
    const seen = { weights: w, potential: x.map((v) => v ** 2 / 2), h: [x.map((v) => 1 - v ** 2)] }
    near(varianceControl(seen), [0.5])
    near(energyControl({ ...seen, psi, products: [[x.map((v) => v ** 2)]] }), [0.5])
  })

  it('is not a number where a run has diverged', () => {
    expect(varianceControl({ weights: [0.5, 0.5], potential: [Number.NaN, 1], h: [[1, 2]] })).toEqual([
      Number.NaN,
    ])
  })
})

describe('annealing', () => {
  const given = { anneal: 'auto', gamma: 1, sigma: 2, gain: 1, exactStart: true } as const
  it('by the level adds γ²·gain·ς² to σ_y²', () => {
    near(annealing([4, 2], given), [4 / 20, 0.5, 1])
    near(annealing([4, 2], { ...given, gamma: 0.5, gain: 4 }), [4 / 20, 0.5, 1])
    near(annealing([4, 2], { ...given, gamma: 0 }), [1, 1, 1])
  })
  it('starts at 0 where the first law is not known', () => {
    near(annealing([4, 2], { ...given, exactStart: false }), [0, 0.375, 1])
    expect(() => annealing([4, 2], { ...given, gamma: 0, exactStart: false })).toThrow('gamma')
  })
  it('is linear without σ_y', () => {
    near(annealing([4, 2], { ...given, sigma: undefined }), [0, 0.5, 1])
    near(annealing([4, 2], { ...given, anneal: 'linear' }), [0, 0.5, 1])
    expect(() => annealing([4], { ...given, anneal: 'level', sigma: undefined })).toThrow(OptionError)
  })
})

describe('a tilt', () => {
  const matrix = [[1, 0.5, 0], [0.2, -0.3, 1]] // biome-ignore format: a matrix
  const operator = matrixOperator(tensor(matrix, { dtype: 'float64' }))
  const y = tensor([[0.4, -1], [0.4, -1]], { dtype: 'float64' }) // biome-ignore format: rows
  const z = tensor([[1, -2, 0.3], [0.1, 0.7, -1]], { dtype: 'float64' }) // biome-ignore format: rows

  const { likelihood } = gaussianNoise(0.5)
  if (likelihood === undefined) throw new Error('no likelihood')
  const white = { ...gaussianNoise(0.5), likelihood }

  it('has the Laplacian of its closed form, by all directions and by probes of diagonal ones', () => {
    const squares = matrix.flat().reduce((sum, v) => sum + v * v, 0)
    const tilt = tiltOf({ operator, noise: white, y }, () => y)
    expect(tilt.quadratic?.laplacian).toBeCloseTo(-squares / 0.25, 9)
    expect(tilt.quadratic?.gain).toBeCloseTo(squares / 2, 9)
    near(tilt.laplacian(z, 'exact').dataSync(), [-squares / 0.25, -squares / 0.25])
    const keys = [randomKey(1), randomKey(2)]
    const diagonal = traceOf((v) => v.mul(tensor([1, 2, 4], { dtype: 'float64' })), z, { keys, probes: 2 })
    near(diagonal.dataSync(), [7, 7])
  })

  it('has r, its gradient and its step of the end as they are', () => {
    const tilt = tiltOf({ operator, noise: white, y }, () => y)
    const { value, gradient } = tilt.at(z)
    const r = y.sub(operator.forward(z))
    near(gradient.dataSync(), Array.from(operator.adjoint(r).mul(4).dataSync()))
    const squares = r.square().sum(1).mul(-2).dataSync()
    near(
      value.dataSync(),
      Array.from(squares, (v) => v - Math.log(2 * Math.PI * 0.25)),
    )
    const moved = tilt.quadratic?.pushed(z, 0.7)
    if (moved === undefined) throw new Error('no closed form')
    near(moved.sub(tilt.at(moved).gradient.mul(0.7)).dataSync(), Array.from(z.dataSync()))
  })

  it('of another noise has none', () => {
    expect(tiltOf({ operator, noise: laplaceNoise(0.5), y }, () => y).quadratic).toBeUndefined()
    const { svd: _, ...plain } = operator
    expect(tiltOf({ operator: plain, noise: white, y }, () => y).quadratic).toBeUndefined()
  })
})
