import { zeros, zerosLike } from '@tweedie/tensor'
import { blindObjective } from '../../inner/blind-objective.ts'
import { generatorEvaluations, generatorThrough } from '../../inner/generator.ts'
import { askRule, beginRule } from '../../inner/latent-descent.ts'
import { adamSteps } from '../../inner/stepwise.ts'
import { batchOf } from '../../linalg/per-sample.ts'
import { number } from '../../options/index.ts'
import { clipped } from '../../priors/clipped.ts'
import { sampleNorms } from '../../run/residual.ts'
import { iterations } from '../../schedules/iterations.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'
import { generatorSpecs, stopRule, stopSpecs } from '../latent-options.ts'
import { needsBlind } from '../rare-needs.ts'

/**
 * DMPlug where the measurement leaves something unknown (Wang et al., arXiv 2405.16749; blind deblurring of the authors'
 * repository): the seed z of the picture and logits ℓ of the unknown φ, both by Adam on one objective,
 *
 *     min_{z,ℓ} (1/m)·‖y − A_φ(R(z))‖²,     R = k steps of DDIM with η = 0 from x_T = z,     φ = normalise(exp ℓ),
 *
 * from z, ℓ ~ N(0, I). `normalise` of a kernel divides by its sum, so that φ = softmax(ℓ): no entry is negative, their sum
 * is 1. Of an unknown gain φ = exp ℓ. A step shows the picture x and `parameter`, φ; each is that of the point evaluated.
 * A method of this project either takes an operator with an unknown or one without: for the latter there is `dmplug`.
 *
 * Stops, options and their sources are those of `dmplug`; an estimate that a stop keeps is x with its φ. Defaults: 10 000
 * iterations, rate 0.01 of z and 0.1 of ℓ, as `bid.py` of the repository. Any blind operator with gradients, any noise.
 * Known limits: those of DMPlug; a shift of φ against x is not told apart; φ begins as noise and may end in a wrong pair.
 *
 * @example
 * ```ts
 * import { blindDmplug, gaussianNoise, gaussianPrior, matrixOperator, run, unknownGain } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [1, 1], covariance: 0.01 })
 * const problem = { operator: unknownGain(matrixOperator(tensor([[1, 1]]))), noise: gaussianNoise(0.05), y: tensor([[1.6]]) }
 * let gain = 1
 * await run(blindDmplug(problem, prior, { steps: 300, stop: 'none' }), {
 *   onStep: ({ parameter }) => void (gain = parameter.dataSync()[0]!),
 * })
 * Math.abs(gain - 0.8) < 0.1 // => true
 * ```
 */
export const blindDmplug = defineMethod({
  name: 'blind-dmplug',
  title: 'Blind DMPlug',
  family: 'csgm',
  paper: { arxiv: '2405.16749', algorithm: 'blind image deblurring', authors: 'Wang et al. 2024' },
  needs: [needsBlind, 'denoiserVjp', 'operatorVjp'],
  cost: ['inner'],
  limits:
    'Those of DMPlug; shifts of kernel and picture are not told apart, and a wrong pair that fits stays.',
  steps: 10_000,
  spacing: 'linspace',
  options: {
    learningRate: number("Adam's learning rate of z", { default: 0.01, above: 0 }),
    kernelRate: number("Adam's learning rate of the logits", { default: 0.1, above: 0 }),
    ...stopSpecs,
    ...generatorSpecs(3, 'leading'),
  },
  evaluations: (steps, options) => generatorEvaluations(steps, options),
  grid: iterations,
  plan: ({ problem: { operator, noise, y }, prior, options, times, z: draw }) => {
    const { blind } = operator
    const { learningRate, kernelRate } = options
    const rule = stopRule({ noise, y }, options)
    const like = { dtype: y.dtype, device: y.device }
    const objective = blindObjective(blind, y)
    const generate = generatorThrough(clipped(prior, options.clip), options, {
      y,
      gradient: (generate, z) => objective(generate, z, zeros([batchOf(y), ...blind.shape], like)),
    })
    const [byZ, byLogits] = [adamSteps({ learningRate }), adamSteps({ learningRate: kernelRate })]
    return stepping({
      start: () => {
        const [z, logits] = [draw(0, 'start'), draw(0, 'kernel start', blind.shape)]
        const [x, parameter, norm] = [zerosLike(z), zerosLike(logits), zerosLike(sampleNorms(y))]
        const latent = { z: byZ.init(z), logits: byLogits.init(logits) }
        return { x, parameter, norm, latent, stop: rule && beginRule(rule, x, parameter, norm) }
      },
      step: (state, _, i) => {
        const done = state.stop?.done ?? new Array<number>(batchOf(y)).fill(0)
        const active = done.map((end) => end === 0)
        const { latent } = state
        const point = objective(generate, byZ.at(latent.z), byLogits.at(latent.logits))
        const { x: picture, phi, norm, value, forZ, forLogits } = point
        const next = {
          z: byZ.update(latent.z, { value, gradient: forZ }, active).state,
          logits: byLogits.update(latent.logits, { value, gradient: forLogits }, active).state,
        }
        const [found, held] = [
          [picture, phi, norm],
          [state.x, state.parameter, state.norm],
        ]
        const told =
          rule !== undefined && state.stop !== undefined
            ? askRule(rule, state.stop, found, held, norm, i === times.length - 1)
            : { stop: undefined, estimates: found, ended: false }
        const [x = picture, parameter = phi, residual = norm] = told.estimates
        return {
          state: { x, parameter, norm: residual, latent: next, stop: told.stop },
          shown: { x0hat: x, parameter },
          numbers: { residual },
          ended: told.ended,
        }
      },
    })
  },
})

/** Options of {@link blindDmplug}. */
export type BlindDmplugOptions = OptionsOf<typeof blindDmplug>
/** A step of {@link blindDmplug}. */
export type BlindDmplugStep = StepOf<typeof blindDmplug>
