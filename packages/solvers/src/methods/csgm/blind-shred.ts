import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { uniform, zeros, zerosLike } from '@tweedie/tensor'
import { blindObjective } from '../../inner/blind-objective.ts'
import { generatorEvaluations, generatorPast, generatorThrough } from '../../inner/generator.ts'
import { adamSteps } from '../../inner/stepwise.ts'
import { unknownNet } from '../../inner/unknown-net.ts'
import { batchOf, sampleSize } from '../../linalg/per-sample.ts'
import { flag, integer, number } from '../../options/index.ts'
import { clipped } from '../../priors/clipped.ts'
import { unitOf } from '../../run/residual.ts'
import { iterations } from '../../schedules/iterations.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'
import { generatorSpecs } from '../latent-options.ts'
import { needsBlind } from '../rare-needs.ts'

/**
 * BIRD, the blind form of SHRED (Chihaoui et al., arXiv 2405.19572; blind deblurring of the authors' repository): the seed z of a
 * DDIM sampler of long jumps on the sphere that seeds lie close to, and a network of the unknown φ, both by Adam on one objective,
 *
 *     f(z, θ) = (1/m)·‖y − A_φ(R(z))‖²,     φ = normalise(exp g_θ(v)),
 *     z ← Adam(z, ∇_z f),  z ← √n·z/‖z‖,     θ ← Adam(θ, ∇_θ f),
 *
 * R = k steps of DDIM with η = 0 from x_T = z. g_θ is a perceptron of one hidden layer ({@link unknownNet}) on a fixed input
 * v ~ U(0, 0.1), θ drawn for each sample. `normalise` of a kernel divides by its sum, so that φ is a softmax: no entry is negative,
 * their sum is 1. A step shows the picture x and `parameter`, φ, of the point evaluated. `detach` is that of `shred`: the repository
 * evaluates the denoiser without gradient.
 *
 * Defaults: 100 iterations, rates 0.003 of z and 0.0002 of θ, 1000 hidden units and 200 inputs, k = 10 on `leading`: the repository's
 * `blind_deblurring.py` and its configuration, for kernels of 41×41. `slots` and `memory` bound the gradient of `detach: false`.
 *
 * Any blind operator with gradients, any noise. Known limits: those of SHRED; a shift of φ against x is not told apart; θ is
 * `hidden`·(201 + |φ|) + |φ| numbers a sample.
 *
 * @example
 * ```ts
 * import { blindShred, gaussianNoise, gaussianPrior, matrixOperator, run, unknownGain } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [1, 1], covariance: 0.01 })
 * const problem = { operator: unknownGain(matrixOperator(tensor([[1, 1]]))), noise: gaussianNoise(0.05), y: tensor([[1.6]]) }
 * let gain = 1
 * await run(blindShred(problem, prior, { kernelRate: 0.01, hidden: 20 }), {
 *   onStep: ({ parameter }) => void (gain = parameter.dataSync()[0]!),
 * })
 * Math.abs(gain - 0.8) < 0.1 // => true
 * ```
 */
export const blindShred = defineMethod({
  name: 'blind-shred',
  title: 'Blind restoration by diffusion inversion (BIRD)',
  family: 'csgm',
  paper: { arxiv: '2405.19572', algorithm: 'blind deblurring of its code', authors: 'Chihaoui et al. 2024' },
  needs: [needsBlind, 'operatorVjp'],
  cost: ['inner'],
  limits:
    'Those of SHRED; shifts of kernel and picture are not told apart, and a wrong pair that fits stays.',
  steps: 100,
  spacing: 'linspace',
  options: {
    learningRate: number("Adam's learning rate of z", { default: 0.003, above: 0 }),
    kernelRate: number("Adam's learning rate of the network of φ", { default: 2e-4, above: 0 }),
    hidden: integer('hidden units of that network', { default: 1000, min: 1 }),
    detach: {
      ...flag('true: no gradient through the denoiser (the repository); false: through it (the paper)'),
      default: true,
    },
    ...generatorSpecs(10, 'leading'),
  },
  evaluations: (steps, options) => generatorEvaluations(steps, options),
  grid: iterations,
  plan: ({ problem: { operator, y }, prior: asked, options, z: draw, keys }) => {
    const { blind } = operator
    const { learningRate, kernelRate, hidden, detach, clip } = options
    const like = { dtype: y.dtype, device: y.device }
    const [net, prior, objective] = [unknownNet(blind.shape, { hidden }), clipped(asked, clip), blindObjective(blind, y)] // biome-ignore format: one line
    const generate = detach
      ? generatorPast(prior, options)
      : generatorThrough(prior, options, {
          y,
          gradient: (generate, z) => objective(generate, z, zeros([batchOf(y), ...blind.shape], like)),
        })
    const project = (moved: Tensor) => unitOf(moved).mul(Math.sqrt(sampleSize(moved)))
    const [byZ, byNet] = [adamSteps({ learningRate, project }), adamSteps({ learningRate: kernelRate })]
    const all = new Array<boolean>(batchOf(y)).fill(true)
    return stepping({
      start: () => {
        const z = draw(0, 'start')
        const input = uniform(keys(0, 'net input'), [net.inputs], like).mul(0.1)
        return { x: zerosLike(z), z: byZ.init(z), net: byNet.init(net.init(keys(0, 'net'), like)), input }
      },
      step: ({ z, net: theta, input }) => {
        const logitsOf = (params: Tensor) => net.logits(params, input)
        const params = byNet.at(theta)
        const { x, phi, norm, value, forZ, forLogits } = objective(generate, byZ.at(z), logitsOf(params))
        const [forNet] = vjp(logitsOf, params)[1](forLogits) // after all that may fail
        const state = {
          x,
          z: byZ.update(z, { value, gradient: forZ }, all).state,
          net: byNet.update(theta, { value, gradient: forNet }, all).state,
          input,
        }
        return { state, shown: { x0hat: x, parameter: phi }, numbers: { residual: norm } }
      },
    })
  },
})

/** Options of {@link blindShred}. */
export type BlindShredOptions = OptionsOf<typeof blindShred>
/** A step of {@link blindShred}. */
export type BlindShredStep = StepOf<typeof blindShred>
