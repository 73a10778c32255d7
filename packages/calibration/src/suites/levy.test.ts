import { methods } from '@tweedie/solvers'
import { Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { fewSteps } from './few-steps.ts'
import { levy } from './levy.ts'

const found = (name: string) => {
  const problem = levy.problems.find((one) => one.name === name)
  if (!problem) throw new TypeError(`no problem ${name}`)
  return problem
}

describe('the suite of Lévy signals', () => {
  it('has six laws under four measurements, and numbers of others for problems, rows and metrics that there are', () => {
    expect(levy.problems.length).toBe(24)
    for (const { problem, row, metric } of levy.published) {
      expect(found(problem).name).toBe(problem)
      expect(['exact', ...methods.names]).toContain(row)
      expect(levy.metrics).toContain(metric)
    }
    for (const name of levy.quick.problems ?? []) expect(found(name).name).toBe(name)
  })

  it('poses a signal, its measurement and, of Gaussian increments, its posterior in closed form', () => {
    const problem = found('gauss,sampling')
    const [one, again, other] = [problem.pose(2), problem.pose(2), problem.pose(3)]
    expect(one.truth).toEqual(again.truth)
    expect(one.problem.y.dataSync()).toEqual(again.problem.y.dataSync())
    expect(one.truth).not.toEqual(other.truth)
    const A = one.matrix ?? new Matrix([[]])
    const residual = Matrix.sub(
      A.mmul(Matrix.columnVector(Array.from(one.truth))),
      Matrix.columnVector(Array.from(one.problem.y.dataSync(), Number)),
    )
    const sigma = one.problem.noise.sigma ?? Number.NaN
    // χ² of 33, within 5 standard deviations.
    expect(Math.abs(residual.norm() ** 2 / sigma ** 2 - 33)).toBeLessThan(5 * Math.sqrt(66))
    // (C⁻¹ + AᵀA/σ²)⁻¹Aᵀy/σ² with C⁻¹ = DᵀD/0.25, D the first difference.
    const D = Matrix.eye(64, 64)
    for (let i = 1; i < 64; i++) D.set(i, i - 1, -1)
    const precision = D.transpose()
      .mmul(D)
      .mul(4)
      .add(
        A.transpose()
          .mmul(A)
          .div(sigma ** 2),
      )
    const mean = Matrix.columnVector(Array.from(one.posterior.mean()))
    const pull = A.transpose()
      .mmul(Matrix.columnVector(Array.from(one.problem.y.dataSync(), Number)))
      .div(sigma ** 2)
    expect(Matrix.sub(precision.mmul(mean), pull).norm()).toBeLessThan(1e-7 * pull.norm())
  })

  it('runs C-DPS and DiffPIR as the rerun does, with ζ = √2ζ′ and λ = ρ₀/σ_y²', () => {
    const settings = found('gauss,identity').settings
    expect(settings?.('dps')?.['scale']).toBeCloseTo(Math.SQRT2 * 0.0316, 12)
    expect(settings?.('diffpir')?.['lambda']).toBeCloseTo(0.01 / 0.0153478, 9)
    expect(settings?.('diffpir')).toMatchObject({ steps: 1000, zeta: 0.3, init: 'zeros' })
    expect(settings?.('dpnp')).toEqual({ eta0: 0.501, priorSteps: 60 })
    expect(found('laplace,fourier').settings?.('dps')?.['steps']).toBe(100)
  })

  it('keeps the chain of a case: jumps are posed with their own prior and posterior', () => {
    const problem = found('bernoulli-laplace,identity')
    const [one, again] = [problem.pose(1), problem.pose(1)]
    expect(again.posterior).toBe(one.posterior)
    expect(one.prior.name).toBe('levy-bernoulli-laplace')
    expect(one.posterior.logDensity).toBeUndefined()
    // Nine in ten increments are 0.
    expect(one.truth.filter((x, i) => x !== (one.truth[i - 1] ?? 0)).length).toBeLessThan(30)
  })
})

it('no method takes more steps than are asked for, and none more than its own', () => {
  expect(fewSteps('dps', 100)).toEqual({ steps: 100 })
  expect(fewSteps('diffpir', 200)).toBeUndefined()
  expect(fewSteps('exact', 200)).toBeUndefined()
})
