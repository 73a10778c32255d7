import { adam, vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { sampleSize } from '../../linalg/per-sample.ts'
import { number } from '../../options/index.ts'
import { residualAt, unitOf } from '../../run/residual.ts'
import type { DecoderStage, Prior } from '../../types.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { stepping } from '../define.ts'
import { UnfitError } from '../fit.ts'
import { latentMethod } from '../latent-method.ts'
import { needsStages } from '../rare-needs.ts'

/** What goes into a stage that has a prior, and the rest of the decoder from there. */
interface Layer {
  readonly prior: Prior
  /** The stages from the layer before to this one. */
  enter(w: Tensor): Tensor
  rest(w: Tensor): Tensor
}

const through = (stages: readonly DecoderStage[]) => (w: Tensor) =>
  stages.reduce((v, stage) => stage.decode(v), w)

function layersOf(stages: readonly DecoderStage[]): readonly Layer[] {
  const starts = stages.flatMap(({ prior }, k) => (prior === undefined ? [] : [{ prior, k }]))
  return starts.map(({ prior, k }, n) => ({
    prior,
    enter: through(stages.slice(starts[n - 1]?.k ?? 0, k)),
    rest: through(stages.slice(k)),
  }))
}

/**
 * Score-guided intermediate layer optimisation (SGILO; Daras et al., arXiv 2206.09104). A decoder D = D_K ∘ … ∘ D_1 whose stages
 * have priors on what goes into them; of each such layer in turn, from D_k of where the one before ended, the input w is fitted to y
 * and drawn to what is likely:
 *
 *     w ← Adam(w, ∇_w mean (y − A D_{>k}(w))²),     w ← w + τ(E[w₀ | w_σ = w] − w) + ν·ξ,
 *
 * a step of the score model at a small noise level σ = `level`: E[w₀ | w_σ] − w is σ² times the score. ν = 0 is the variant that seeks a
 * mode. The first w is D_1 of a z ~ N(0, I) brought to the sphere of radius √n. Without the Adam step the second is a chain whose
 * law for a Gaussian N(m, s²) has the mean m and, for a = τσ²/(s² + σ²), the variance ν²/(a(2 − a)).
 *
 * Defaults: 300 steps of all layers together, rate 0.05, τ = 0.1, ν = 0.025: the authors' repository, which adds LPIPS and
 * other terms to the loss and takes 300 steps a layer; σ = 0.1 is ours, for latents of about unit variance.
 *
 * Any differentiable operator. Known limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, linearAutoencoder, matrixOperator, run, scoreIlo } from '@tweedie/solvers'
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * const outer = linearAutoencoder(tensor([[0.6, 0], [0.8, 0], [0, 1]]))
 * const prior = gaussianPrior({ mean: [0, 0], covariance: 1 })
 * const twice = (z: Tensor) => z.mul(2)
 * const stages = [{ decode: twice }, { prior, decode: outer.decode }]
 * const autoencoder = { ...outer, decode: (z: Tensor) => outer.decode(twice(z)), stages }
 * const problem = { operator: matrixOperator(tensor([[0, 0, 1]])), noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(scoreIlo(problem, { ...prior, autoencoder }))
 * Math.abs(x.dataSync()[2]! - 1) < 0.3 // => true
 * ```
 */
export const scoreIlo = latentMethod({
  name: 'score-ilo',
  title: 'Score-guided intermediate layer optimisation',
  family: 'csgm',
  paper: { arxiv: '2206.09104', algorithm: 'Algorithm 1', authors: 'Daras et al. 2022' },
  needs: [needsStages, 'operatorVjp'],
  limits: 'No posterior: τ, ν and the rate set what y and the prior weigh; σ_y is not used.',
  steps: 300,
  spacing: 'linspace',
  options: {
    rate: number("Adam's rate for w; 0 leaves y out", { default: 0.05, min: 0 }),
    pull: number('τ, how far a step goes to E[w0 | w]', { default: 0.1, min: 0, max: 1 }),
    noise: number('ν, standard deviation of the noise of a step', { default: 0.025, min: 0 }),
    level: number('σ, noise level of the score, in units of w', { default: 0.1, above: 0 }),
  },
  plan: ({ problem: { operator, y }, prior, options, times, z }) => {
    const { rate, pull, noise, level } = options
    const layers = layersOf(prior.autoencoder.stages ?? [])
    const [outermost] = layers
    if (outermost === undefined) throw new UnfitError('score-ilo', 'stages', 'takes a decoder in stages')
    const optimizer = adam({ learningRate: rate || 1 })
    const layerOf = (i: number) => Math.floor((i * layers.length) / times.length)
    const fresh = (w: Tensor) => ({ x: w, adam: optimizer.init(w) })
    const first = () => {
      const v = z(0, 'start')
      return unitOf(v).mul(Math.sqrt(sampleSize(v)))
    }
    return stepping({
      start: () => fresh(outermost.enter(first())),
      step: (before, _, i) => {
        const layer = layers[layerOf(i)] ?? outermost
        const entered = i > 0 && layerOf(i) !== layerOf(i - 1)
        const state = entered ? fresh(layer.enter(before.x)) : before
        const [picture, back] = vjp(layer.rest, state.x)
        const { r, norm, back: toPicture } = residualAt(operator, y, picture)
        const [gradient] = back(toPicture(r.mul(-2 / sampleSize(y))))
        const { params, state: memory } = optimizer.update(gradient, state.adam, state.x)
        const w = rate > 0 ? params : state.x
        const { schedule } = layer.prior
        const time = schedule.timeOfNoiseLevel(level)
        const likely = layer.prior.denoise(w.mul(schedule.alpha(time)), time)
        const moved = w.add(likely.sub(w).mul(pull))
        const next = noise > 0 ? moved.add(z(i, 'step', layer.prior.shape).mul(noise)) : moved
        return { state: { x: next, adam: memory }, shown: { x0hat: picture }, numbers: { residual: norm } }
      },
      result: ({ x }) => (layers.at(-1) ?? outermost).rest(x),
    })
  },
})

/** Options of {@link scoreIlo}. */
export type ScoreIloOptions = OptionsOf<typeof scoreIlo>
/** A step of {@link scoreIlo}. */
export type ScoreIloStep = StepOf<typeof scoreIlo>
