// The runs whose bits are recorded. They call public names only, as anyone would.
import type { Step } from '@tweedie/solvers'
import {
  ddimSampler,
  ddrm,
  dps,
  redDiff,
  sampleUnconditional,
  ve,
  vpCosine,
  vpLinear,
} from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { fromData } from '@tweedie/tensor'
import type { Arithmetic } from './world.ts'
import { digitProblem, digits, laws, matrixProblem } from './world.ts'

/** A run, or a map with its result alone. */
export type Made = AsyncGenerator<Step, Tensor> | Tensor
type Cases = Readonly<Record<string, () => Made>>

const schedules = { linear: vpLinear(), cosine: vpCosine({ T: 200 }), ve: ve({ sigmaMax: 20 }) }
const of = (law: keyof typeof laws, schedule: keyof typeof schedules = 'linear') =>
  laws[law](schedules[schedule])

/** Runs on Gaussians and mixtures of ℝ⁴. */
export function smallCases({ dtype }: Arithmetic): Cases {
  const exact = () => matrixProblem(dtype, 0)
  const noisy = (sigma = 0.1) => matrixProblem(dtype, sigma)
  const z = () => fromData([0.3, -1.2, 0.5, 0.9, 1.4, -0.2, 0.1, -0.6], [2, 4], { dtype })
  return {
    'dps, gaussian': () => dps(noisy(), of('gaussian'), { steps: 12, scale: 0.2, seed: 3 }),
    'dps, mixture, eta and clip': () =>
      dps(noisy(), of('mixture'), {
        steps: 9,
        scale: 0.3,
        eta: 0.4,
        clip: [-1, 1.25],
        spacing: 'trailing',
        firstSample: 5,
      }),
    'dps, mixture, ve, karras': () =>
      dps(noisy(), of('mixture', 've'), { steps: 8, scale: 0.1, eta: 0, spacing: 'karras' }),
    'dps, likelihood, gaussian': () =>
      dps(noisy(0.8), of('gaussian'), { steps: 15, guidance: 'likelihood', eta: 0.7, seed: 1 }),
    'dps, likelihood, mixture, cosine': () =>
      dps(noisy(0.9), of('mixture', 'cosine'), {
        steps: 10,
        guidance: 'likelihood',
        scale: 0.5,
        clip: [-2, 2],
        spacing: 'quadratic',
      }),
    'ddrm, gaussian': () => ddrm(noisy(), of('gaussian'), { steps: 8, seed: 2 }),
    'ddrm, noise-free, mixture': () =>
      ddrm(exact(), of('mixture'), { steps: 7, eta: 0.3, etaB: 0.6, spacing: 'leading' }),
    'ddrm, mixture, ve': () =>
      ddrm(noisy(0.4), of('mixture', 've'), { steps: 6, eta: 1, etaB: 0.2, spacing: 'karras' }),
    'ddrm, gaussian, guided': () =>
      ddrm(noisy(0.05), of('gaussian', 'cosine'), {
        steps: 5,
        eta: 0,
        spacing: 'guided',
        rankTolerance: 0.9,
      }),
    'red-diff, gaussian': () => redDiff(noisy(), of('gaussian'), { steps: 20, seed: 4 }),
    ...Object.fromEntries(
      (['sqrt', 'square', 'log', 'clip', 'const'] as const).map((weighting, k) => [
        `red-diff, mixture, ${weighting}`,
        () =>
          redDiff(noisy(), of('mixture', 'cosine'), {
            steps: 9,
            weighting,
            lambda: 0.1 + 0.1 * k,
            dataWeight: 2,
            reduction: k % 2 === 0 ? 'sum' : 'mean',
            init: (['ridge', 'pinv', 'adjoint', 'zeros', 'auto'] as const)[k]!,
            sigmaX0: k === 2 ? 0.3 : 0,
            learningRate: 0.05,
            spacing: 'ddim',
          }),
      ]),
    ),
    'red-diff, noise-free, ve': () =>
      redDiff(exact(), of('mixture', 've'), { steps: 6, beta1: 0.5, beta2: 0.9, rankTolerance: 0.9 }),
    'unconditional, gaussian': () => sampleUnconditional(of('gaussian'), { steps: 10, count: 3, dtype }),
    'unconditional, mixture, cosine': () =>
      sampleUnconditional(of('mixture', 'cosine'), {
        steps: 9,
        eta: 0.35,
        count: 2,
        seed: 9,
        firstSample: 4,
        spacing: 'ddim-quadratic',
        dtype,
      }),
    'unconditional, mixture, ve': () =>
      sampleUnconditional(of('mixture', 've'), { steps: 7, eta: 0, count: 2, spacing: 'leading', dtype }),
    'map, mixture': () => ddimSampler(of('mixture'), { steps: 6 })(z()),
    'map, gaussian, quadratic': () =>
      ddimSampler(of('gaussian', 'cosine'), { steps: 5, spacing: 'quadratic', strategy: 'tape' })(z()),
  }
}

/** Runs on the digits prior, two images at a time. */
export function digitCases(arithmetic: Arithmetic): Cases {
  const { dtype } = arithmetic
  const prior = digits(arithmetic)
  const problem = (spec: string) => digitProblem(spec, 2, dtype)
  return {
    'dps, box': () => dps(problem('inpaint:box=14'), prior, { steps: 4, scale: 1.2 }),
    'dps, blur, eta': () =>
      dps(problem('blur:size=9,std=1.5'), prior, { steps: 3, eta: 0.5, spacing: 'linspace', seed: 5 }),
    'ddrm, denoise': () => ddrm(problem('denoise'), prior, { steps: 4, eta: 0.6, etaB: 0.9 }),
    'ddrm, box': () => ddrm(problem('inpaint:box=14'), prior, { steps: 4 }),
    'ddrm, random pixels': () => ddrm(problem('inpaint:random=0.6,seed=3'), prior, { steps: 3, eta: 1 }),
    'ddrm, sr': () => ddrm(problem('sr:4'), prior, { steps: 4, eta: 0.85, etaB: 1, spacing: 'quadratic' }),
    'ddrm, blur': () => ddrm(problem('blur:size=9,std=1.5'), prior, { steps: 4, eta: 0.2, etaB: 0.7 }),
    'red-diff, sr': () => redDiff(problem('sr:4'), prior, { steps: 4 }),
    'red-diff, blur': () =>
      redDiff(problem('blur:size=9,std=1.5'), prior, {
        steps: 4,
        init: 'adjoint',
        weighting: 'sqrt',
        lambda: 0.3,
      }),
    unconditional: () => sampleUnconditional(prior, { steps: 4, count: 2, dtype }),
  }
}

/** One image, one or two looks at the network: what double precision by plain loops has time for. */
export function doubleDigitCases(arithmetic: Arithmetic): Cases {
  const prior = digits(arithmetic)
  const problem = (spec: string) => digitProblem(spec, 1, arithmetic.dtype)
  return {
    'dps, box': () => dps(problem('inpaint:box=14'), prior, { steps: 2, scale: 1.2 }),
    'ddrm, sr': () => ddrm(problem('sr:4'), prior, { steps: 2 }),
    'red-diff, blur': () => redDiff(problem('blur:size=9,std=1.5'), prior, { steps: 2 }),
  }
}
