import type { Settings } from '../../options/index.ts'

/** Why (c·y, c·A, c·σ_y) is another problem than (y, A, σ_y) to a method: a number of its own has the unit of y. */
export interface InUnits {
  readonly why: string
  /** The options that have it, by their power of the unit: with them in the new unit the law holds again. */
  readonly powers?: Readonly<Record<string, number>>
  /** A form of which the law holds all the same. */
  readonly form?: Settings
  /** Beside those that `powers` names. */
  readonly beside?: Settings
}

/** Methods to which it is another problem. */
export const inUnitsOfY: Readonly<Record<string, InUnits>> = {
  dps: {
    why: 'ζ multiplies ∇‖y − A x̂₀‖, which is in units of y',
    powers: { scale: -1 },
    form: { guidance: 'likelihood', scale: 1 },
  },
  'blind-dps': { why: 'as DPS, and the step of the unknown likewise', powers: { scale: -1, sparsity: 1 } },
  mpgd: { why: 'c multiplies Aᵀr/‖r‖, which is in units of A', powers: { scale: -1 } },
  dds: { why: 'γ weighs AᵀA against the identity', powers: { gamma: -2 } },
  ddpg: { why: 'c multiplies Aᵀr, in units of A²; η of AAᵀ + ηI has a floor of 10⁻⁴' },
  'score-ald': {
    why: 'γ_t² = σ_t², in units of x, is added to σ_y²',
    form: { guidance: 'rescaled' },
  },
  repaint: { why: 'takes singular values of 0 or 1 only' },
  'red-diff': { why: 'v weighs squares of y against the prior', powers: { dataWeight: -2 } },
  rlsd: { why: 'as RED-diff', powers: { dataWeight: -2 } },
  'blind-red-diff': { why: 'as RED-diff', powers: { dataWeight: -2 } },
  'smc-diff': { why: 'takes singular values of 0 or 1 only' },
  tds: { why: 'r_t², in units of x, is added to σ_y²', form: { spread: 'none' } },
  'latent-dps': { why: 'as DPS', powers: { scale: -1 } },
  psld: {
    why: 'as DPS; the point that γ glues to takes AᵀA for a projection',
    powers: { omega: -1 },
    beside: { gamma: 0 },
  },
  resample: { why: 'as DPS', powers: { scale: -1 } },
  stsl: { why: 'as DPS, of which η weighs the spread', powers: { scale: -1, spread: 1 } },
  'latent-rlsd': { why: 'ρ and λ weigh squares of x against squares of y', powers: { rho: 2, lambda: 2 } },
  'mpgd-ae': { why: 'as MPGD', powers: { scale: -1 } },
  p2l: { why: 'as DPS; λ weighs the identity against AᵀA', powers: { scale: -1, lambda: 2 } },
  treg: { why: 'λ weighs the identity against AᵀA', powers: { lambda: 2 }, beside: { lambda: 1 } },
  'dream-sampler': {
    why: 'λ weighs the identity against AᵀA, and it starts from Aᵀy',
    powers: { lambda: 2 },
    beside: { start: 'noise', lambda: 1 },
  },
  'ot-ode': { why: 'starts from Aᵀy', form: { init: 'zeros' } },
  'pnp-flow': { why: 'c multiplies Aᵀr, in units of A²', powers: { scale: -2 } },
  'flow-dps': { why: 'as PnP-Flow', powers: { scale: -2 } },
  'flow-chef': { why: 'as PnP-Flow', powers: { scale: -2 } },
  dpg: { why: 'the radius of its points in x is half of ‖y − A x̂₀‖/√n' },
  'dps-gsg': { why: 'as DPS', powers: { scale: -1 } },
  'd-flow': { why: 'λ weighs the prior against squares of y; it starts from Aᵀy; a first step has length 1' },
}

/** Methods that Adam's ε = 10⁻⁸ stands in the way of, beside a gradient in units of y or y²: the law holds but for that. */
export const byAdam: readonly string[] = [
  'csgm',
  'dmplug',
  'blind-dmplug',
  'shred',
  'blind-shred',
  'score-ilo',
  'resample',
  'latent-rlsd',
  'p2l',
  'sitcom',
]

/** Methods that solve a least squares of few particles, which multiplies the rounding of logarithms by its condition. */
export const byLeastSquares: readonly string[] = ['driftlite']

/** Forms that are not the default and have the unit of y where the default has none, by method. */
export const formsInUnitsOfY: Readonly<Record<string, readonly [form: Settings, why: string]>> = {
  sitcom: [
    { stop: 'discrepancy', slack: 0.2, innerSteps: 40, learningRate: 0.1 },
    'slack is a standard deviation of y',
  ],
  diffpir: [{ data: 'back-projection' }, 'ρ_t, in units of A², is added to 1'],
  'ddnm-plus': [{ form: 'simplified' }, 'the noise of A†y counts as σ_y'],
  mcg: [{ weight: 'identity' }, 'α multiplies ∇‖y − A x̂₀‖, which is in units of y'],
}

/** Other forms of which the law holds as well, by method. */
export const formsWithoutUnits: Readonly<Record<string, readonly Settings[]>> = {
  diffpir: [{ data: 'gradient' }],
  pigdm: [{ solver: 'cg' }],
  dmps: [{ solver: 'cg' }],
  tmpd: [{ covariance: 'diagonal' }, { covariance: 'dense' }],
}
