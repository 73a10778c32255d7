import type { Key, Shape, Tensor } from '@tweedie/tensor'

/** A moment of the diffusion, in the units of its schedule; for VP the DDPM index 0 … T−1, fractions allowed. */
export type Time = number

/**
 * The noising x_t = α_t·x₀ + σ_t·ε. Nothing but a schedule knows whether it is variance preserving.
 * `alpha` and `sigma` accept any time from `clean` (α = 1, σ = 0) to `noisiest`.
 */
export interface Schedule {
  readonly name: string
  /** Where x_t is x₀ itself: −1 for VP, so that ᾱ₋₁ = 1. */
  readonly clean: Time
  /** Where sampling starts: T−1 for VP. */
  readonly noisiest: Time
  /** Number T of discrete steps, where times are the indices 0 … T−1; absent for a continuous schedule. */
  readonly discreteSteps?: number
  alpha(t: Time): number
  sigma(t: Time): number
  /** dα/dt and dσ/dt. At the knots of a discrete schedule those of the side toward the clean end; σ′ may be ∞ at it. */
  slopes(t: Time): { readonly alpha: number; readonly sigma: number }
  /** The inverse of t ↦ σ_t/α_t; the latter is ∞ where nothing is left of x₀. */
  timeOfNoiseLevel(sigmaOverAlpha: number): Time
}

/** What a method may know of a prior. */
export interface Prior {
  readonly name: string
  /** Shape of one sample, [C, H, W] for images. */
  readonly shape: Shape
  readonly schedule: Schedule
  /** E[x₀ | x_t] of a batch x_t [N, …shape], all at time t; differentiable in x_t. */
  denoise(xt: Tensor, t: Time): Tensor
  /**
   * Of a prior on latents, what makes pictures of them: `shape` is then that of a latent. Of a prior on pictures, an
   * autoencoder of such pictures: `shape` is then the autoencoder's.
   */
  readonly autoencoder?: Autoencoder
  /** Of a prior that can be told a class. `denoise` above knows of none. */
  readonly conditional?: Conditional
  /** Of a network that came with a pipeline: how that pipeline samples. */
  readonly pipeline?: Pipeline
}

/** How the pipeline that a network came with samples: of diffusers, what its scheduler says. */
export interface Pipeline {
  readonly grid: PipelineGrid
  /**
   * The variance of an ancestral step: β̃ or β, or what the network says: the variance itself, or where its logarithm
   * lies between theirs (arXiv 2102.09672 eq. 15).
   */
  readonly variance: PipelineVariance
  /** `denoise` with all that the network says, in one evaluation of it. */
  estimate(xt: Tensor, t: Time): NetworkEstimate
  /** Of `learned-range`, the ancestral steps of that variance, of a prior with this pipeline; `pipelinePrior` gives them. */
  readonly reverse?: (prior: Prior) => Reverse
}

export type PipelineVariance = 'small' | 'large' | 'learned' | 'learned-range'

/** One evaluation of the prior at x_t, shared by all that want to know of it. */
export interface Look {
  /** x_t [N, …shape]. */
  readonly x: Tensor
  readonly t: Time
  /** α_t and σ_t. */
  readonly alpha: number
  readonly sigma: number
  /** E[x₀ | x_t], like x. */
  readonly x0hat: Tensor
  /**
   * v ↦ Jᵀv for J = ∂x̂₀/∂x_t, both like x. A second call needs `retain` in the first.
   * @throws {OptionError} where the look was not taken through the denoiser.
   */
  pullback(v: Tensor, options?: { retain?: boolean }): Tensor
}

/** A look at a prior for an ancestral step. */
export interface AncestralLook extends Look {
  /** Of 'learned-range', where the logarithm of the variance lies: −1 is β̃, 1 is β; like x. */
  readonly v?: Tensor
}

/** From time t to the less noisy s of a schedule. */
export interface ReverseStep {
  readonly t: Time
  readonly s: Time
  readonly schedule: Schedule
}

/**
 * One reverse step: x_s from x_t and an estimate of x₀, all [N, …shape]. z ~ N(0, I) of that shape is asked for where
 * it is used, and then once.
 *
 * @example
 * ```ts
 * import { ddim, vpLinear } from '@tweedie/solvers'
 * import { ones, zeros } from '@tweedie/tensor'
 * const at = { t: 500, s: 400, schedule: vpLinear() }
 * const step = ddim(0)
 * const x = step(ones([1, 2]), zeros([1, 2]), () => { throw new Error('without noise') }, at)
 * at.schedule.sigma(400) / at.schedule.sigma(500) // ≈ 0.93512
 * x.dataSync() // ≈ [0.93512, 0.93512]
 * ```
 */
export type Kernel = (x: Tensor, x0: Tensor, z: () => Tensor, at: ReverseStep) => Tensor

/** Reverse steps of a prior. */
export interface Reverse {
  /**
   * One evaluation of the prior at x_t.
   * @param through - Whether gradients will go back through the denoiser ({@link Look.pullback}).
   */
  look(x: Tensor, t: Time, through: boolean): AncestralLook
  /** The step from what was seen there. */
  kernel(look: AncestralLook): Kernel
}

/** The times that a pipeline visits, as data. */
export interface PipelineGrid {
  readonly spacing: 'leading' | 'trailing' | 'linspace'
  /** Added to every time of `leading`. */
  readonly offset: number
  /** What DDIM's last step goes to: the clean image, or the noise level of index 0. */
  readonly last: 'clean' | 'index-0'
}

/** What a network says of x_t [N, …shape], all of that shape. */
export interface NetworkEstimate {
  /** E[x₀ | x_t] as `denoise` has it. */
  readonly x0hat: Tensor
  /** The same before it was limited to the range of the data. */
  readonly unlimited: Tensor
  /** Of a network that learns its variance, what it says of it; see {@link Pipeline.variance}. */
  readonly v?: Tensor
}

/** How x̂₀ is kept to the range of the data, as data. */
export type Limit =
  /** Cut to [−range, range]. */
  | { readonly kind: 'clip'; readonly range: number }
  /**
   * Cut to [−s, s] and divided by s, where s of each sample is the quantile `ratio` of its |x̂₀|, at least 1 and at most
   * `most` (arXiv 2205.11487 §2.3).
   */
  | { readonly kind: 'dynamic'; readonly ratio: number; readonly most: number }

/** Pictures x [N, …shape] to latents z [N, …latentShape] and back; both ways are differentiable. */
export interface Autoencoder {
  readonly name: string
  readonly shape: Shape
  readonly latentShape: Shape
  encode(x: Tensor): Tensor
  decode(z: Tensor): Tensor
  /** Of a decoder in parts, all of them in order: `decode` is one after the other. */
  readonly stages?: readonly DecoderStage[]
}

/** A part of a decoder, with what is known of the law of its inputs. */
export interface DecoderStage {
  /** On its inputs w [N, …prior.shape]; absent where nothing is known of them. */
  readonly prior?: Prior
  /** To the inputs of the next stage, and of the last one to pictures; differentiable. */
  decode(w: Tensor): Tensor
}

/** What a prior that can be told a class has beside. A condition c is an embedding, [N, d] or one for all [1, d]. */
export interface Conditional {
  /** The classes, in the order of their labels 0, 1, …. */
  readonly classes: readonly string[]
  /** The embedding of a label for each sample, [N, d]. */
  embed(labels: readonly number[]): Tensor
  /** The embedding of no class, [1, d]: with it the denoiser is the prior's own. */
  readonly nothing: Tensor
  /** E[x₀ | x_t, c]; differentiable in x_t and in c. */
  denoise(xt: Tensor, t: Time, c: Tensor): Tensor
  /** A picture [N, …] among the conditions, [N, d]: what c of it is alike is a larger ⟨c, embedImage(x)⟩. */
  embedImage?(x: Tensor): Tensor
}

/** A prior on latents, with what makes pictures of them. */
export type LatentPrior = Prior & { readonly autoencoder: Autoencoder }

/** A prior that can be told a class. */
export type ConditionalPrior = Prior & { readonly conditional: Conditional }

/** A measurement x ↦ A(x) of batches: [N, …inShape] to [N, …outShape]. */
export interface Operator {
  readonly name: string
  readonly inShape: Shape
  readonly outShape: Shape
  /** False where the gradient of A says nothing, as where it rounds; otherwise it is differentiable. */
  readonly differentiable?: boolean
  forward(x: Tensor): Tensor
  /**
   * A†y with A(A†(A(x))) = A(x). For a linear A it is A⁺y, the least-squares solution of least norm; for another what
   * undoes it as far as that can be, such as the decoder of a JPEG.
   */
  pinv?(y: Tensor): Tensor
  /**
   * What is not known of the measurement. `forward` is then that of the truth, to simulate y: a method never gets to
   * see it, and one that does not look for the unknown is refused.
   */
  readonly blind?: Blind
}

/**
 * A measurement with something unknown, y = A_φ(x) + noise, where φ [N, …shape] is to be found together with x: the
 * kernel of a blur, a gain.
 */
export interface Blind<A extends Operator = Operator> {
  /** What φ is, in a word. */
  readonly parameter: string
  /** Of the φ of one sample, such as [k, k]. */
  readonly shape: Shape
  /** A_φ(x) of batches, each sample with its own φ, or all with one [1, …shape]; differentiable in both. */
  apply(x: Tensor, phi: Tensor): Tensor
  /** True where A_φ(x) is linear in φ for each x, so that ∂A/∂φ is the same at every φ. */
  readonly linear?: boolean
  /** The measurement for one φ [1, …shape], which is copied: as `apply`, bit for bit. */
  at(phi: Tensor): A
  /** Settles what no measurement can tell, as the sum of a kernel (the scale of x makes up for it). Differentiable. */
  normalise(phi: Tensor): Tensor
  /** A φ that can be, near any: none of a kernel is negative, and its sum is 1. */
  project(phi: Tensor): Tensor
  /** φ of a picture in the data range [−1, 1], in which priors on φ speak. Differentiable. */
  decode(picture: Tensor): Tensor
  /** Pictures of plausible φ: the centres of the prior on φ where none is given. */
  readonly examples: readonly Float64Array[]
  /** φ where a search begins. */
  readonly initial: Float64Array
}

/** A linear measurement with its exact adjoint and, where it is known, its singular value decomposition. */
export interface LinearOperator extends Operator {
  /** Aᵀy of a batch: ⟨Ax, y⟩ = ⟨x, Aᵀy⟩. */
  adjoint(y: Tensor): Tensor
  svd?(): Svd
}

/**
 * A = U Σ Vᵀ in coordinates: n of them for inputs of n elements, aligned so that coordinate i of V meets
 * coordinate i of U through singular value s_i; where A does not see a direction, s_i = 0.
 */
export interface Svd {
  /** The n singular values, zeros included, in no particular order. */
  readonly singularValues: Float64Array
  /** Vᵀx: [N, …inShape] to [N, n]. */
  vt(x: Tensor): Tensor
  /** V c: [N, n] to [N, …inShape]. */
  v(c: Tensor): Tensor
  /** Uᵀy: [N, …outShape] to [N, n], 0 where s_i = 0. */
  ut(y: Tensor): Tensor
  /** U c: [N, n] to [N, …outShape]; entries where s_i = 0 do not count. */
  u(c: Tensor): Tensor
}

export const isLinear = (operator: Operator): operator is LinearOperator => 'adjoint' in operator

/** The density of a noise, for what it is known: p(y | clean) of batches [N, …outShape]. */
export interface NoiseLikelihood {
  /** log p(y | clean) of each sample, [N]. */
  log(y: Tensor, clean: Tensor): Tensor
  /** ∇_clean log p(y | clean), like y. */
  score(y: Tensor, clean: Tensor): Tensor
}

/**
 * The law of the measurement given the clean one, in the units of the data range [−1, 1]. A method asks for what
 * it needs, `sigma` or `likelihood`, never for a name.
 */
export interface Noise {
  readonly name: string
  /** Standard deviation σ_y of white Gaussian noise; absent for every other law. */
  readonly sigma?: number
  readonly likelihood?: NoiseLikelihood
  /** A noisy measurement of each clean one, one key per sample. */
  sample(keys: readonly Key[], clean: Tensor): Tensor
}

/** What was measured, how, and what came out: y is [N, …operator.outShape]. */
export interface Problem<O extends Operator = Operator> {
  readonly operator: O
  readonly noise: Noise
  readonly y: Tensor
}

/** What a method may need of its problem, and what the type of the problem is where it does. */
interface Gives {
  /** The adjoint of a linear operator. */
  readonly linear: { readonly operator: LinearOperator }
  /** The singular value decomposition of a linear operator. */
  readonly svd: { readonly operator: LinearOperator & { svd(): Svd } }
  /** A linear operator whose singular values are all 0 or 1, as of a mask or of orthonormal rows: A⁺ = Aᵀ. */
  readonly orthonormal: { readonly operator: LinearOperator & { svd(): Svd } }
  /** The pseudo-inverse of an operator; of a linear one together with `linear`. */
  readonly pinv: { readonly operator: Operator & { pinv: NonNullable<Operator['pinv']> } }
  /**
   * What stands for an inverse of A: of a linear one with Gaussian noise the adjoint; of another one without noise its
   * pseudo-inverse A†.
   */
  readonly inverse: Problem
  /** The standard deviation σ_y of white Gaussian noise, in units of the range [−1, 1]. */
  readonly sigma: { readonly noise: Noise & { readonly sigma: number } }
  /** log p(y | clean) and its gradient. */
  readonly likelihood: { readonly noise: Noise & { readonly likelihood: NoiseLikelihood } }
  /** An operator with something unknown. */
  readonly blind: { readonly operator: Operator & { readonly blind: Blind } }
  /** The same, with a singular value decomposition for each value of the unknown. */
  readonly blindSvd: {
    readonly operator: { readonly blind: Blind<LinearOperator & { svd(): Svd }> } & Operator
  }
  /** A prior on latents with an autoencoder: the operator then measures pictures. */
  readonly latent: Problem
  /** A prior on pictures with an autoencoder of such pictures. */
  readonly autoencoder: Problem
  /** A prior on latents whose decoder has stages with priors of their own. */
  readonly stages: Problem
  /** A prior that can be told a class. */
  readonly conditional: Problem
  /** Gradients through the operator (for a linear one, its adjoint). */
  readonly operatorVjp: Problem
  /** Gradients through the denoiser: about three times the cost of a plain evaluation. */
  readonly denoiserVjp: Problem
}

/** A word for what a method needs. */
export type Need = keyof Gives

/** All of them together. By functions, one a need: a union with `unknown` would be `unknown`. */
type All<N extends Need> = { [K in N]: (x: Gives[K]) => void }[N] extends (x: infer I) => void ? I : never

/** A problem that has what is needed, in its type: checked once by `checkFit`, then there. */
export type Fitted<N extends Need> = All<N> & Problem

/** All that a run needs to go on: the current x and whatever else, a tree of tensors and numbers. */
export type StateTree = { readonly x: Tensor; readonly [name: string]: unknown }

/** Where to continue a run: the state a step showed, and the index of the step after it. */
export interface Checkpoint {
  readonly next: number
  readonly state: StateTree
}

/**
 * What every step of every method shows. Tensors are those of the run: they stay valid until the
 * generator is asked for the next step; `alias()` what you want to keep.
 */
export interface Step {
  /** 0-based step and how many there will be. */
  readonly i: number
  readonly steps: number
  /** Time before the step. */
  readonly t: Time
  /** The state after the step, [N, …shape]. */
  readonly x: Tensor
  /** The prior's denoised guess E[x₀ | x_t] that the step used. */
  readonly x0hat: Tensor
  /** All that the next step needs, x included; save it with `i + 1` to resume there. */
  readonly state: StateTree
}

/** A step of a method that looks at a measurement. */
export interface GuidedStep extends Step {
  /** ‖y − A(·)‖₂ of each sample, of the estimate that the step used: x̂₀, or μ of a variational method. */
  readonly residual: readonly number[]
}
