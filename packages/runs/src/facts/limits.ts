import type { MethodInfo } from '@tweedie/solvers'

/** When each method of ours fails or misleads, in a sentence or two; docs/methods has more of each. */
const limits: Readonly<Record<string, string>> = {
  'blind-dps':
    'Those of DPS. A shift of the kernel against the picture is not told apart, and a wrong pair that fits, such as y itself and no blur, stays.',
  ddnm: 'For clean measurements: A⁺ takes the noise of y, divided by the singular values, into the result.',
  'ddnm-plus':
    'Narrower than the posterior, and more steps do not make it exact. A σ_y that is too small leaves noise.',
  ddpg: 'Tuned by task and noise level. Results are smoother than samples.',
  ddrm: 'No posterior sampler: more steps do not make it exact. What is seen reaches what is unseen through the denoiser alone.',
  dds: 'No posterior sampler: γ is one number for all noise levels and knows no σ_y.',
  diffpir:
    'No posterior sampler: narrower. The gradient step for operators that are not linear wants a larger λ and a prior that clips.',
  dmps: 'Leaves the prior out of the score: early steps are drawn to what it excludes. λ was found on images.',
  dps: 'Nearer to a mode than to a sample, and under-dispersed; ζ is tied neither to σ_y nor to the step size.',
  dsg: 'σ_y is not used, and guidance ends with the noise; at full guidance samples hardly differ.',
  'gibbs-ddrm':
    'Those of DDRM. The law of picture and kernel together is not exact: Langevin steps on the kernel are not adjusted.',
  ilvr: 'No posterior sampler: the fine part learns of y a step late. σ_y is ignored, and A⁺ amplifies noise.',
  'kadkhodaie-simoncelli':
    'For clean measurements of orthonormal rows. It ends at a stopping rule, not at a number of steps.',
  'lgd-mc': 'In many dimensions one of a few points has nearly all the weight, which makes the score noisy.',
  mcg: 'Ends at A x = y, noise and all; α is not tied to the step size.',
  mmps: 'Exact for Gaussian priors, not for those of several modes; few iterations leave a residual, many may break down.',
  mpgd: 'What A does not see moves only as the denoiser answers. c is in units of the data and not tied to the step.',
  pigdm:
    'One number stands for the spread of x₀ given x_t; the weight of the paper is damped, so the run is no posterior sampler.',
  'red-diff':
    'Seeks a mode and shows no posterior spread; fits the noise unless dataWeight says 1/σ_y²; λ and the rate want tuning.',
  repaint: 'For operators of orthonormal rows. Exact only as repeats grow; σ_y is ignored.',
  'score-ald':
    'Right at the end if it gets there: as levels fall the steps freeze. A must be of norm about 1.',
  'score-sde': 'What is unseen lags without corrector steps. It ends at A x = y: σ_y is ignored.',
  snips: 'Slow: thousands of steps. Shares of modes that are far apart are settled early.',
  tmpd: 'Row sums stand for the covariance: right where measured numbers are independent given x_t. Exact for no prior of several modes.',
}

/** When a method fails, as it says itself or as we say of ours. */
export const limitsOf = ({ name, limits: own }: Pick<MethodInfo, 'name' | 'limits'>): string | undefined =>
  own ?? (Object.hasOwn(limits, name) ? limits[name] : undefined)
