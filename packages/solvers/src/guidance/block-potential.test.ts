// On a Gaussian prior the potentials of DCPS and their gradients are known: x̂₀ is affine, and so is where DDIM comes to.
import { eye, fromData, tensor } from '@tweedie/tensor'
import { inverse, Matrix, solve } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { gaussianNoise, noNoise } from '../noise/index.ts'
import { matrixOperator } from '../operators/index.ts'
import { gaussianPrior } from '../priors/index.ts'
import { ve, vpLinear } from '../schedules/index.ts'
import { blockPotential } from './index.ts'

const A = [[1.2, -0.4], [0.3, 0.7], [0.5, 0.2]] // biome-ignore format: a matrix
const covariance = [[1, 0.6], [0.6, 0.8]] // biome-ignore format: a matrix
const [mu, y, sigmaY] = [[0.3, -0.2], [0.9, -0.3, 0.4], 0.5]
const problem = {
  operator: matrixOperator(tensor(A, { dtype: 'float64' })),
  noise: gaussianNoise(sigmaY),
  y: tensor([y], { dtype: 'float64' }),
}
const [a, Y, I] = [new Matrix(A), Matrix.columnVector(y), Matrix.eye(2)]
const column = (x: { dataSync(): ArrayLike<number> }) => Matrix.columnVector(Array.from(x.dataSync()))
const apart = (p: Matrix, q: Matrix) => Matrix.sub(p, q).norm()

describe.each([
  ['VP', vpLinear(), 800, 400],
  ['VE', ve({ sigmaMax: 10 }), 6, 1.5],
] as const)('on %s', (_, schedule, t, end) => {
  const prior = gaussianPrior({ mean: mu, covariance, schedule })
  const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
  const marginal = Matrix.add(Matrix.mul(new Matrix(covariance), alpha ** 2), Matrix.mul(I, sigma ** 2))
  const centre = Matrix.mul(Matrix.columnVector(mu), alpha)
  /** E[x_ℓ] and the variance of a step of DDIM from x. */
  const stepTo = (eta: number) => {
    const gain = Matrix.mul(new Matrix(covariance), alpha).mmul(inverse(marginal))
    const s = schedule.sigma(end)
    const b = sigma ** 2 - ((alpha / schedule.alpha(end)) * s) ** 2
    const fresh = (eta ** 2 * b * s ** 2) / sigma ** 2
    const ofX = Math.sqrt(s ** 2 - fresh) / sigma
    const ofX0 = schedule.alpha(end) - ofX * alpha
    const F = Matrix.add(Matrix.mul(I, ofX), Matrix.mul(gain, ofX0))
    const f = Matrix.sub(Matrix.mul(Matrix.columnVector(mu), ofX0), gain.mmul(centre).mul(ofX0))
    return { F, f, fresh }
  }
  const scaled = Matrix.mul(Y, schedule.alpha(end))
  const x = [0.7, -1.3]
  const xt = tensor([x], { dtype: 'float64' })

  it.each([1, 0.4])('the gradient is that of log N(α_ℓy; A x_ℓ, σ_y²I), η = %d', (eta) => {
    const { F, f, fresh } = stepTo(eta)
    const z = [0.4, -0.8]
    const at = F.mmul(Matrix.columnVector(x))
      .add(f)
      .add(Matrix.columnVector(z).mul(Math.sqrt(fresh)))
    const wanted = F.transpose()
      .mmul(a.transpose())
      .mmul(Matrix.sub(scaled, a.mmul(at)))
      .mul(sigmaY ** -2)
    const potential = blockPotential(problem, prior, eta)
    const ours = potential.gradient(xt, t, end, tensor([z], { dtype: 'float64' }))
    expect(apart(column(ours), wanted)).toBeLessThan(1e-9 * Math.max(1, wanted.norm()))
  })

  it('tilts the law of x_t to a Gaussian, whose mode and curvature these are', () => {
    const { F, f } = stepTo(1)
    const H = a.mmul(F)
    const precision = Matrix.add(
      inverse(marginal),
      H.transpose()
        .mmul(H)
        .mul(sigmaY ** -2),
    )
    const pulled = H.transpose()
      .mmul(Matrix.sub(scaled, a.mmul(f)))
      .mul(sigmaY ** -2)
    const mode = solve(precision, Matrix.add(solve(marginal, centre), pulled))
    const { tilted } = blockPotential(problem, prior, 1)
    const at = (v: Matrix) => column(tilted(fromData(Float64Array.from(v.to1DArray()), [1, 2]), t, end))
    expect(at(mode).norm()).toBeLessThan(1e-9)
    for (const j of [0, 1]) {
      const unit = Matrix.columnVector(
        Array.from(
          eye(2)
            .slice([j, j + 1])
            .dataSync(),
        ),
      )
      expect(apart(at(Matrix.add(mode, unit)), Matrix.mul(precision.mmul(unit), -1))).toBeLessThan(1e-8)
    }
  })

  it('at ℓ itself it asks no prior', () => {
    const silent = { ...prior, denoise: () => { throw new Error('asked') } } // biome-ignore format: one line
    const wanted = a
      .transpose()
      .mmul(Matrix.sub(scaled, a.mmul(Matrix.columnVector(x))))
      .mul(sigmaY ** -2)
    const ours = blockPotential(problem, silent, 1).gradient(xt, end, end, xt)
    expect(apart(column(ours), wanted)).toBeLessThan(1e-9)
  })
})

it('needs a likelihood', () => {
  const prior = gaussianPrior({ mean: mu, covariance })
  expect(() => blockPotential({ ...problem, noise: noNoise() }, prior, 1)).toThrow('has no likelihood')
})
