import type { Tensor } from '@tweedie/tensor'
import { concat, fromData, OptionError, sizeOf } from '@tweedie/tensor'
import { hostParameter } from '../../guidance/blind.ts'
import { atEachParameter, blindLangevin } from '../../inner/blind-langevin.ts'
import { correlation, spectralMove, spectralStart } from '../../inner/spectral-move.ts'
import { gibbsWeights } from '../../linalg/gibbs-weights.ts'
import { flag, integer, number, tensorOption } from '../../options/index.ts'
import { sampleNorms } from '../../run/residual.ts'
import { noiseLevel } from '../../schedules/levels.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'
import { needsBlindSvd } from '../rare-needs.ts'

/** How many of n steps look for φ. */
const searches = (n: number, share: number): number => Math.min(n - 1, Math.floor(share * n + 1e-9))

/**
 * GibbsDDRM (Murata et al., arXiv 2301.12686, Algorithm 1): DDRM for a measurement with an unknown φ, by turns with
 * Langevin steps on φ. A step draws x_s as DDRM does at the present φ (`gibbsWeights`: four η for DDRM's two); then,
 * `repeats` times,
 *
 *     φ ← φ − (ξ/2)·∇_φ [‖y − A_φ x̂₀(x_s)‖²/(2σ_y²) + γ‖φ‖₁] + √ξ·z,   `langevinSteps` times;   φ ← φ/Σφ
 *
 * and x_s is drawn anew from x_t at the new φ, in the last 70 % of the steps (before, x_t is mostly noise), the very last
 * excepted. A step shows `parameter`, the nearest φ that can be (none negative).
 *
 * Defaults: the authors' ffhq_256_deblur.yml, and singular values below 0.05 out. Their ξ = 10⁻¹¹ and γ = 1000 are for 3×256×256 numbers, 64×64 kernels and σ_y = 0.04 in
 * [−1, 1] (0.02 in [0, 1], doubled; fixed in their gradient, where we take σ_y). So that the chain does the same elsewhere,
 * ξ goes as σ_y²/m for m measured numbers and γ as the number of entries of φ.
 *
 * Blind operators with an SVD for each φ, σ_y > 0. Where φ is `known` it is DDRM, bit for bit with η_A = 0, η_B = η_b,
 * η_C = √(1 − η²), η_D = η. Most steps cost three more evaluations. Known limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, gibbsDdrm, matrixOperator, run, unknownGain } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [1, 1], covariance: 0.01 })
 * const operator = unknownGain(matrixOperator(tensor([[1, 1]])))
 * const problem = { operator, noise: gaussianNoise(0.05), y: tensor([[1.6]]) }
 * let gain = 1
 * await run(gibbsDdrm(problem, prior, { steps: 20, langevinSteps: 20, stepSize: 1e-4, laplace: 0 }), {
 *   onStep: ({ parameter }) => void (gain = parameter.dataSync()[0]!),
 * })
 * gain < 0.95 // => true
 * ```
 */
export const gibbsDdrm = defineMethod({
  name: 'gibbs-ddrm',
  title: 'GibbsDDRM',
  family: 'explicit',
  paper: { arxiv: '2301.12686', algorithm: 'Algorithm 1', authors: 'Murata et al. 2023' },
  needs: [needsBlindSvd, 'sigma'],
  limits: 'Those of DDRM. The law of the pair is not exact: Langevin steps are not adjusted.',
  cost: ['svd', 'inner'],
  steps: 100,
  spacing: 'ddim',
  evaluations: (n, { known, share, repeats }) => n + (known ? 0 : repeats * searches(n, share)),
  options: {
    etaA: number('η_A: weight of ε̂ where y says less than x_s', { default: 0, min: 0, max: 1 }),
    etaB: number('η_B: weight of y where it says more than x_s', { default: 0.9, min: 0, max: 1 }),
    etaC: number('η_C: weight of y where it says less than x_s', { default: 0.8, min: 0, max: 1 }),
    etaD: number('η_D: fresh noise where y says nothing', { default: 0.8, min: 0, max: 1 }),
    share: number('part of the steps, the last ones, that look for φ', { default: 0.7, min: 0, max: 1 }),
    repeats: integer('turns of φ and x in a step', { default: 3, min: 1 }),
    langevinSteps: integer('Langevin steps of a turn', { default: 500, min: 1 }),
    stepSize: number('ξ of the Langevin steps', { above: 0, otherwise: '1e-11·(σ_y/0.04)²·196608/m' }),
    laplace: number('γ of the prior exp(−γ‖φ‖₁)', { min: 0, otherwise: '1000·entries/4096' }),
    keepLast: flag('keep x_s after the last turn of φ instead of drawing it anew'),
    rankTolerance: number('share of the largest s_i that counts as 0', { default: 0.05, min: 0, max: 1 }),
    initial: tensorOption('φ where the search begins', 'a tensor of the shape of φ', "the operator's"),
    known: tensorOption('φ, where it is known', 'a tensor of the shape of φ', 'it is looked for'),
  },
  plan: ({ problem: { operator, noise, y }, prior, options, times, start, z, keys }) => {
    const [{ blind }, { schedule }, sigmaY] = [operator, prior, noise.sigma]
    const shape = [sizeOf(operator.inShape)]
    const { known, initial, share, repeats, langevinSteps: steps, keepLast, rankTolerance } = options
    if (!known && !(sigmaY > 0)) throw new OptionError('noise', `σ_y must be above 0, got ${sigmaY}`)
    const xi = options.stepSize ?? 1e-11 * (sigmaY / 0.04) ** 2 * (196608 / sizeOf(operator.outShape))
    const gamma = options.laplace ?? (1000 * sizeOf(blind.shape)) / 4096
    const begin = hostParameter(blind, 'initial', known ?? initial) ?? blind.initial
    const wait = times.length - 1 - searches(times.length, share)
    const looks = (i: number) => known === undefined && i < times.length - 1 && i >= wait
    const measured = { blind, y, sigmaY, rankTolerance }
    return stepping({
      start: () => {
        const one = fromData(begin, [1, ...blind.shape], { dtype: y.dtype, device: y.device })
        const phi = concat(Array.from({ length: y.shape[0] ?? 0 }, () => one))
        const level = { sigma: noiseLevel(schedule, start), alpha: schedule.alpha(start) }
        const draw = z(0, 'start', shape)
        return { x: atEachParameter(measured, phi, (at, row) => spectralStart(at, level, row(draw))), phi }
      },
      step: ({ x, phi: before }, { t, s }, i) => {
        const x0hat = prior.denoise(x, t)
        const [from, to] = [noiseLevel(schedule, t), noiseLevel(schedule, s)]
        const alpha = { from: schedule.alpha(t), to: schedule.alpha(s) }
        const move = (phi: Tensor, draw: Tensor) =>
          atEachParameter(measured, phi, (at, row) => {
            const look = { x: row(x), x0hat: row(x0hat) }
            const rho = options.etaA * options.etaC > 0 ? correlation(at, look, alpha.from, to) : 0
            const weights = (value: number) => gibbsWeights(value, sigmaY, from, to, options, rho)
            return spectralMove(at, look, alpha, weights, row(draw))
          })
        let [next, phi] = [move(before, z(i, 'step', shape)), before]
        for (let turn = 0; looks(i) && turn < repeats; turn++) {
          const chain = { steps, xi, gamma, keys: keys(i, `phi ${turn}`) }
          phi = blind.normalise(blindLangevin(measured, prior.denoise(next, s), phi, chain))
          if (turn < repeats - 1 || !keepLast) next = move(phi, z(i, `step ${turn}`, shape))
        }
        const numbers = { residual: sampleNorms(y.sub(blind.apply(x0hat, before))) }
        return { state: { x: next, phi }, shown: { x0hat, parameter: blind.project(phi) }, numbers }
      },
    })
  },
})

/** Options of {@link gibbsDdrm}. */
export type GibbsDdrmOptions = OptionsOf<typeof gibbsDdrm>
/** A step of {@link gibbsDdrm}. */
export type GibbsDdrmStep = StepOf<typeof gibbsDdrm>
