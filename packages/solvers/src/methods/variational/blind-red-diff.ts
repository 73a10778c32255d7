import { adam } from '@tweedie/autograd'
import type { CreateOptions, Tensor } from '@tweedie/tensor'
import { concat, fromData, OptionError, scope } from '@tweedie/tensor'
import { hostParameter } from '../../guidance/blind.ts'
import { redDiffGradient } from '../../guidance/red-diff-gradient.ts'
import { redDiffOptions } from '../../guidance/red-diff-options.ts'
import { firstEstimate } from '../../linalg/first-estimate.ts'
import { number, tensorOption } from '../../options/index.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'
import { UnfitError } from '../fit.ts'
import { needsBlind } from '../rare-needs.ts'
import { unknownGradient } from './blind-red-diff-gradient.ts'

/**
 * Blind RED-diff (Alkan et al., NeurIPS 2023 workshop on deep learning and inverse problems): fits a point μ for the picture and
 * a point φ for what is unknown of the measurement, by turns. With q(x₀, φ | y) = q(x₀ | y)·q(φ | y), both narrow, the divergence
 * from the posterior is RED-diff's objective in μ and −log p(y | μ, φ) − log p(φ) in φ. A step is
 *
 *     μ ← Adam of v/(2m)·‖y − A_φ(μ)‖² + w_t·mean(sg[ε_θ(x_t; t) − ε]·μ)           (a step of `red-diff` on A_φ)
 *     φ ← project(Adam of v/(2m)·‖y − A_φ(μ)‖² + R(φ)),   R = (l2·‖φ‖² + smoothness·Σ(φ_a − φ_b)²)/(2·entries of φ)
 *
 * with a, b neighbours along the last two axes ({@link unknownGradient}). What y cannot tell, the scale of φ against that of
 * x, the operator's `normalise` settles, of the start and within the gradient; its `project` then keeps φ what can be: kernels
 * on the simplex, coils of Σ|s_c|² = 1. A step shows φ as `parameter`; that of the last is the estimate.
 *
 * There is no public code and no published number that we could confirm: the defaults are those of `red-diff`, and ours for φ,
 * `phiRate` = 0.02 of the root mean square of its entries a step, no R. With `phiRate` 0 it is `red-diff` on the operator at
 * the normalised `initial`, bit for bit. One call of the prior a step, and two of the operator with their gradients.
 *
 * Any blind operator, any noise. Known limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { blindRedDiff, gaussianNoise, gaussianPrior, matrixOperator, run, unknownGain } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [1, 1], covariance: 0.01 })
 * const operator = unknownGain(matrixOperator(tensor([[1, 1]])))
 * const problem = { operator, noise: gaussianNoise(0.05), y: tensor([[1.6]]) }
 * let gain = 1
 * await run(blindRedDiff(problem, prior, { steps: 200, lambda: 2 }), {
 *   onStep: ({ parameter }) => void (gain = parameter.dataSync()[0]!),
 * })
 * gain < 0.95 // => true
 * ```
 */
export const blindRedDiff = defineMethod({
  name: 'blind-red-diff',
  title: 'Blind RED-diff',
  family: 'variational',
  paper: { arxiv: '2410.00083', algorithm: 'as the survey has it, §3.2', authors: 'Alkan et al. 2023' },
  needs: [needsBlind, 'operatorVjp'],
  limits: 'Those of RED-diff; φ is a point too, and a wrong pair that fits y stays, as y itself and no blur.',
  steps: 1000,
  spacing: 'linspace',
  finite: () => true,
  options: {
    phiRate: number("Adam's rate of φ, over the root mean square of φ at the start; 0 holds φ", {
      default: 0.02,
      min: 0,
    }),
    l2: number('weight of ‖φ‖²/2', { default: 0, min: 0 }),
    smoothness: number('weight of half the squared differences of neighbours in φ', {
      min: 0,
      otherwise: '0',
    }),
    initial: tensorOption('φ where the search begins', 'a tensor of the shape of φ', "the operator's"),
    ...redDiffOptions,
  },
  plan: ({ problem, prior, options, z }) => {
    const { operator, noise, y } = problem
    const { blind, name, inShape, outShape } = operator
    const given = hostParameter(blind, 'initial', options.initial) ?? blind.initial
    const one = (phi: Float64Array, options: CreateOptions) => fromData(phi, [1, ...blind.shape], options)
    const [onHost, likeY] = [{ dtype: y.dtype }, { dtype: y.dtype, device: y.device }]
    const begin = scope(() => Float64Array.from(blind.normalise(one(given, onHost)).dataSync()))
    const size = Math.sqrt(begin.reduce((sum, v) => sum + v * v, 0) / begin.length)
    if (!(size > 0 && Number.isFinite(size)))
      throw new OptionError('initial', `must not be 0 or without a scale: normalised, its size is ${size}`)
    const at = scope(() => blind.at(one(begin, onHost)))
    const initial = firstEstimate({ operator: at, noise, y }, options.init, options.rankTolerance)
    const lack = `init '${options.init}' needs more than '${name}' at a ${blind.parameter} has`
    if (initial === undefined) throw new UnfitError('blind-red-diff', 'linear', lack)
    const ofMu = adam(options)
    const ofPhi = options.phiRate > 0 ? adam({ ...options, learningRate: options.phiRate * size }) : undefined
    return stepping({
      start: () => {
        const x = initial(y)
        const phi = concat(Array.from({ length: y.shape[0] ?? 0 }, () => one(begin, likeY)))
        return { x, phi, adam: { mu: ofMu.init(x), phi: ofMu.init(phi) } }
      },
      step: ({ x, phi, adam: memory }, { t }, i) => {
        const draw = {
          epsilon: z(i, 'epsilon'),
          epsilon0: options.sigmaX0 > 0 ? z(i, 'epsilon0') : undefined,
        }
        const measured = {
          operator: { name, inShape, outShape, forward: (v: Tensor) => blind.apply(v, phi) },
          y,
        }
        const { gradient, x0hat, ...numbers } = redDiffGradient(measured, prior, x, t, draw, options)
        const { params: mu, state: ofX } = ofMu.update(gradient, memory.mu, x)
        if (ofPhi === undefined) {
          const state = { x: mu, phi, adam: { mu: ofX, phi: memory.phi } }
          return { state, shown: { x0hat, parameter: phi }, numbers }
        }
        const turned = unknownGradient(blind, y, mu, phi, options).gradient
        const moved = ofPhi.update(turned, memory.phi, phi)
        const next = blind.project(moved.params)
        const state = { x: mu, phi: next, adam: { mu: ofX, phi: moved.state } }
        return { state, shown: { x0hat, parameter: next }, numbers }
      },
    })
  },
})

/** Options of {@link blindRedDiff}. */
export type BlindRedDiffOptions = OptionsOf<typeof blindRedDiff>
/** A step of {@link blindRedDiff}. */
export type BlindRedDiffStep = StepOf<typeof blindRedDiff>
