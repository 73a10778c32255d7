import { floor, OptionError, tensor } from '@tweedie/tensor'
import { inverse, Matrix, pseudoInverse } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { gaussianNoise, noNoise, poissonNoise } from '../../noise/index.ts'
import { run } from '../../run/index.ts'
import type { Operator, Problem } from '../../types.ts'
import type { At } from '../follows.test.helper.ts'
import { follows } from '../follows.test.helper.ts'
import type { PigdmOptions } from '../index.ts'
import { pigdm, UnfitError } from '../index.ts'
import type { Vector } from '../written-out.test.helper.ts'
import { plus, times } from '../written-out.test.helper.ts'
import type { Name } from '../written-out-problem.test.helper.ts'
import { A, float64, list, n, names, priorOn, problemOf, y } from '../written-out-problem.test.helper.ts'

const a = new Matrix(A.map((row) => [...row]))
const column = (v: Vector) => Matrix.columnVector([...v])

/** r²Aᵀ(r²AAᵀ + σ_y²I)⁻¹(y − A x̂₀), dense; A⁺(y − A x̂₀) without noise. */
function dense(spread: number, sigmaY: number, x0: Vector): number[] {
  const r = column(plus([1, y], [-1, times(A, x0)]))
  if (sigmaY === 0) return pseudoInverse(a).mmul(r).to1DArray()
  const whole = a
    .mmul(a.transpose())
    .mul(spread)
    .add(Matrix.eye(A.length).mul(sigmaY ** 2))
  return a.transpose().mmul(inverse(whole)).mmul(r).mul(spread).to1DArray()
}

/** Every step of a run is Algorithm 1, with `toward` for what goes back through the denoiser. */
const published = (
  problem: Problem,
  name: Name,
  options: PigdmOptions,
  toward: (spread: number, x0: Vector) => number[],
  measured?: (x0: Vector) => Vector,
) => {
  const { scale = 1, variance = 1, coefficient = 'paper' } = options
  const says = ({ alpha, sigma, x0, s, levels, back }: At) => {
    const spread = 1 / (1 / variance + (alpha / sigma) ** 2)
    const weight = scale * alpha * (coefficient === 'paper' ? 1 : levels.alpha(s))
    const guidance = plus([weight, back(toward(spread, x0))])
    return { guidance, shift: guidance }
  }
  return follows(pigdm, problem, name, options, says, measured)
}

describe.each(names)('ΠGDM on %s', (name) => {
  const cases: readonly PigdmOptions[] = [
    {},
    { eta: 0, coefficient: 'repository', spacing: 'trailing' },
    { eta: 0.4, scale: 0.6, variance: 0.3 },
    { clip: [-0.4, 0.6] },
  ]
  it.each(cases)('with noise: %j', (options) =>
    published(problemOf(0.4), name, options, (spread, x0) => dense(spread, 0.4, x0)),
  )

  it('by conjugate gradients, with a decomposition or without', async () => {
    const { operator, ...rest } = problemOf(0.4)
    const { svd, ...plain } = operator
    const noisy = (spread: number, x0: Vector) => dense(spread, 0.4, x0)
    await published({ ...rest, operator: plain }, name, {}, noisy)
    // Under noise a pseudo-inverse is of no use, if there is one.
    await published({ ...rest, operator: { ...plain, pinv: plain.adjoint } }, name, {}, noisy)
    await published({ ...rest, operator }, name, { solver: 'cg' }, noisy)
  })

  it('without noise, by a decomposition, by A⁺ alone, by conjugate gradients', async () => {
    const { operator, ...rest } = problemOf(0)
    const { svd, ...plain } = operator
    const noiseless = (spread: number, x0: Vector) => dense(spread, 0, x0)
    await published({ ...rest, operator }, name, {}, noiseless)
    await published({ ...rest, operator: plain }, name, {}, noiseless)
    const inverted = pseudoInverse(a)
    const pinv = (v: typeof rest.y) => tensor([inverted.mmul(column(list(v))).to1DArray()], float64)
    await published({ ...rest, operator: { ...plain, pinv } }, name, { eta: 0.5 }, noiseless)
  })

  it('through the pseudo-inverse of what rounds, which has no gradient', async () => {
    const rounded = (v: Vector) => times(A, v).map((u) => Math.floor(8 * u) / 8)
    const back = pseudoInverse(a)
    // A decoder that is not linear: A†(y) − A†(A(x̂₀)) is not A†(y − A(x̂₀)).
    const undo = (v: Vector) =>
      back
        .mmul(column(v))
        .to1DArray()
        .map((u) => u + 0.2 * u * u)
    const operator: Operator = {
      name: 'rounded',
      inShape: [n],
      outShape: [A.length],
      differentiable: false,
      forward: (v) => floor(problemOf(0).operator.forward(v).mul(8)).div(8),
      pinv: (v) => tensor([undo(list(v))], float64),
    }
    const problem = { operator, noise: noNoise(), y: tensor([[...y]], float64) }
    const toward = (_: number, x0: Vector) => plus([1, undo(y)], [-1, undo(rounded(x0))])
    await published(problem, name, {}, toward, rounded)
  })
})

describe('what fits ΠGDM', () => {
  const prior = priorOn('linear')
  const problem = problemOf(0.2)
  const { adjoint, svd, ...nonlinear } = problem.operator
  const undone = { ...nonlinear, pinv: adjoint }
  const quiet = { ...problem, noise: gaussianNoise(0) }

  it.each([
    [
      'a nonlinear operator without pseudo-inverse',
      { ...quiet, operator: nonlinear },
      'neither adjoint() nor pinv()',
    ],
    [
      'one with, under noise',
      { ...problem, operator: undone },
      "only without noise (σ_y = 0); 'gaussian' has σ_y = 0.2",
    ],
    [
      'one with, under counts',
      { ...problem, operator: undone, noise: poissonNoise() },
      "'poisson' has no sigma",
    ],
    ['a linear one under counts', { ...problem, noise: poissonNoise() }, 'needs the noise level σ_y'],
  ])('not %s', (_, unfit, message) => {
    expect(() => pigdm(unfit, prior)).toThrow(UnfitError)
    expect(() => pigdm(unfit, prior)).toThrow(message)
  })

  it('not conjugate gradients that do not converge, unless asked to end', async () => {
    const { svd: _, ...operator } = problem.operator
    const hard = { ...problem, operator, noise: gaussianNoise(1e-3) }
    const one = await run(pigdm(hard, prior, { steps: 3, iterations: 1 }))
    const all = await run(pigdm(hard, prior, { steps: 3 }))
    expect(list(one)).not.toEqual(list(all))
    expect(() => pigdm(hard, prior, { solver: 'svd' })).toThrow(OptionError)
    expect(() => pigdm(problem, prior, { solver: 'svd' })).not.toThrow()
  })
})
