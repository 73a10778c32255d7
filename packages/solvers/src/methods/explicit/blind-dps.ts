import { fromData, sign } from '@tweedie/tensor'
import { decoded, hostParameter, isPrior, priorOnUnknown, reverseOfUnknown } from '../../guidance/blind.ts'
import { lengthAdvice, scaleSteps, stepScale } from '../../guidance/scale.ts'
import { choice, number, object, tensorOption } from '../../options/index.ts'
import { clipped } from '../../priors/clipped.ts'
import { blindResidualAt, unitOf } from '../../run/residual.ts'
import { ancestralReverse } from '../../samplers/ancestral.ts'
import { alphaBar } from '../../schedules/levels.ts'
import { clipRange, ddimEta, reverseVariance } from '../common-options.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'
import { needsBlind } from '../rare-needs.ts'

const tried = { from: 300, to: 1000, by: 'configurations of its authors, and of DPS' }

/**
 * Blind diffusion posterior sampling (Chung et al., arXiv 2211.10656, Algorithm 1): DPS in the picture x and in what is
 * unknown of the measurement at once. The unknown φ, such as the kernel of a blur, has a diffusion of its own over
 * pictures κ of it, and both chains are guided by one residual. With x̂₀ = E[x₀ | x_t], κ̂₀ = E[κ₀ | κ_t], φ̂ = decode(κ̂₀),
 *
 *     x_s = DDPM(x_t, x̂₀, z) − ζ·∇_{x_t} ‖y − A_φ̂(x̂₀)‖₂
 *     κ_s = DDPM(κ_t, κ̂₀, z′) − ζ·∇_{κ_t} (‖y − A_φ̂(x̂₀)‖₂ + λ·‖φ̂‖₁),
 *
 * norms taken per sample. `decode` of a blur is (κ + 1)/2 over its sum, so that the sum of φ̂ is 1 and λ weighs against
 * negative entries alone. A step shows `parameter`, the nearest φ that can be; that of the last step is the estimate.
 *
 * Defaults: as `dps` (1000 ancestral steps, ζ = 0.3 there, the same sum at fewer) and λ = 1, of the authors' script
 * for motion blur. The paper's ζ is constant; the repository ignores the 0.3 of its configurations for √ᾱ_t:
 * `ramp: 'alpha'` with `scale: 1`. Its other norm, ‖φ̂‖₀, has no gradient. The authors train a network on 64×64 kernels;
 * give yours as `kernelPrior`. Both of their networks learn the variance of the step (`variance:
 * 'learned-range'`); a prior of κ that did not takes β̃. Ours is a mixture of Gaussians around a family of kernels, of deviation `kernelSpread`.
 *
 * Any blind operator, any noise. Where φ is `known` it is DPS, bit for bit. Known limits: those of DPS; a shift of φ
 * against x is not told apart; two chains that agree on a wrong pair (x = y and no blur) stay there.
 *
 * @example
 * ```ts
 * import { blindDps, gaussianNoise, gaussianPrior, matrixOperator, run, unknownGain } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [1, 1], covariance: 0.01 })
 * const operator = unknownGain(matrixOperator(tensor([[1, 1]])))
 * const problem = { operator, noise: gaussianNoise(0.05), y: tensor([[1.6]]) }
 * let gain = 1
 * await run(blindDps(problem, prior, { steps: 100, scale: 0.02 }), {
 *   onStep: ({ parameter }) => void (gain = parameter.dataSync()[0]!),
 * })
 * gain < 0.95 // => true
 * ```
 */
export const blindDps = defineMethod({
  name: 'blind-dps',
  title: 'Blind diffusion posterior sampling',
  family: 'explicit',
  paper: { arxiv: '2211.10656', algorithm: 'Algorithm 1', authors: 'Chung et al. 2022' },
  needs: [needsBlind, 'denoiserVjp', 'operatorVjp'],
  limits: 'Those of DPS; shifts of kernel and picture are not told apart, and a wrong pair that fits stays.',
  steps: 1000,
  spacing: 'guided',
  advice: ({ ramp, ...given }, steps) => (ramp === 'alpha' ? [] : lengthAdvice(tried)(given, steps)),
  options: {
    scale: number('ζ, the length of a guidance step', { min: 0, otherwise: '300/steps; 1 with ramp=alpha' }),
    scaleSteps,
    ramp: choice('constant: ζ as it is (the paper); alpha: ζ·√ᾱ_t (the repository)', ['constant', 'alpha']),
    sparsity: number('λ, weight of ‖φ‖₁', { default: 1, min: 0 }),
    eta: ddimEta(1),
    variance: reverseVariance,
    clip: clipRange,
    kernelPrior: object(
      'prior on pictures of φ',
      'a prior',
      isPrior,
      "a mixture around the operator's examples",
    ),
    kernelSpread: number('standard deviation around an example', { default: 0.1, above: 0 }),
    known: tensorOption('φ, where it is known', 'a tensor of the shape of φ', 'it is looked for'),
  },
  plan: (run) => {
    const { problem, options, times, noise, z } = run
    const [{ y }, { blind }, { schedule }] = [problem, problem.operator, run.prior]
    const { scale, scaleSteps, ramp, sparsity, clip, kernelPrior, kernelSpread } = options
    const prior = clipped(run.prior, clip)
    const kernels = priorOnUnknown(blind, schedule, { prior: kernelPrior, spread: kernelSpread })
    const standard = ramp === 'alpha' ? 1 : 300 / times.length
    const zeta = scale === undefined ? standard : stepScale(scale, scaleSteps, times.length)
    const held = hostParameter(blind, 'known', options.known)
    const reverse = { x: ancestralReverse(prior, options), kernel: reverseOfUnknown(kernels, options) }
    return stepping({
      start: () => ({
        x: noise(),
        kernel: z(0, 'kernel start', blind.shape).mul(schedule.sigma(times[0]?.t ?? schedule.noisiest)),
      }),
      step: ({ x, kernel }, { t, s }, i) => {
        const known = held && fromData(held, [1, ...blind.shape], { dtype: y.dtype, device: y.device })
        const at = { t, s, schedule }
        const length = ramp === 'alpha' ? zeta * Math.sqrt(alphaBar(schedule, t)) : zeta
        const look = reverse.x.look(x, t, true)
        const kernelLook = reverse.kernel.look(kernel, t, known === undefined)
        const { phi, back: toPicture } = decoded(blind, kernelLook.x0hat)
        const { r, norm, back } = blindResidualAt(blind, y, look.x0hat, known ?? phi)
        const [forX, forPhi] = back(unitOf(r, norm)) // −∇‖r‖, 0 where nothing is left over
        const guidance = look.pullback(forX).mul(length)
        const next = reverse.x
          .kernel(look)(x, look.x0hat, () => z(i, 'step'), at)
          .add(guidance)
        const shown = { x0hat: look.x0hat, guidance, parameter: blind.project(known ?? phi) }
        if (known !== undefined) return { state: { x: next, kernel }, shown, numbers: { residual: norm } }
        const downhill = kernelLook.pullback(toPicture(forPhi.sub(sign(phi).mul(sparsity)))).mul(length)
        const moved = reverse.kernel
          .kernel(kernelLook)(kernel, kernelLook.x0hat, () => z(i, 'kernel', blind.shape), at)
          .add(downhill)
        return { state: { x: next, kernel: moved }, shown, numbers: { residual: norm } }
      },
    })
  },
})

/** Options of {@link blindDps}. */
export type BlindDpsOptions = OptionsOf<typeof blindDps>
/** A step of {@link blindDps}. */
export type BlindDpsStep = StepOf<typeof blindDps>
