import type { Settings } from '../../options/index.ts'

/**
 * Explicit methods to which (c·y, c·A, c·σ_y) is another problem than (y, A, σ_y), and why: a number of theirs has the unit
 * of y. `form` is one of theirs of which the law holds all the same.
 */
export const inUnitsOfY: Readonly<Record<string, { readonly why: string; readonly form?: Settings }>> = {
  dps: {
    why: 'ζ multiplies ∇‖y − A x̂₀‖, which is in units of y',
    form: { guidance: 'likelihood', scale: 1 },
  },
  'blind-dps': { why: 'as DPS, and the step of the unknown likewise' },
  mpgd: { why: 'c multiplies Aᵀr/‖r‖, which is in units of A' },
  dds: { why: 'γ weighs AᵀA against the identity' },
  ddpg: { why: 'c multiplies Aᵀr, in units of A²; η of AAᵀ + ηI has a floor of 10⁻⁴' },
  'score-ald': {
    why: 'γ_t² = σ_t², in units of x, is added to σ_y²',
    form: { guidance: 'rescaled' },
  },
  repaint: { why: 'takes singular values of 0 or 1 only' },
}

/** Forms that are not the default and have the unit of y where the default has none, by method. */
export const formsInUnitsOfY: Readonly<Record<string, readonly [form: Settings, why: string]>> = {
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
