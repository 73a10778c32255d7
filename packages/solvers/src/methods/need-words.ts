import type { Need } from '../types.ts'

/** Each need in words, for tables. */
export const needWords: Readonly<Record<Need, string>> = {
  linear: 'linear operator',
  svd: 'SVD',
  orthonormal: 'orthonormal rows',
  pinv: 'pseudo-inverse',
  inverse: 'adjoint and σ_y, or pseudo-inverse without noise',
  sigma: 'σ_y',
  likelihood: 'noise likelihood',
  operatorVjp: 'operator gradient',
  blind: 'blind operator',
  blindSvd: 'blind operator with SVD',
  latent: 'prior on latents',
  autoencoder: 'prior with an autoencoder of its pictures',
  stages: 'decoder in stages',
  conditional: 'prior that can be told a class',
  denoiserVjp: 'denoiser gradient',
}

/** Whether a method with these needs looks for something unknown of the measurement. */
export const takesUnknown = (needs: readonly Need[]): boolean =>
  needs.some((need) => need === 'blind' || need === 'blindSvd')

/** Whether nonlinear operators are among those that a method with these needs can take. */
export const takesNonlinear = (needs: readonly Need[]): boolean =>
  !needs.some((need) => need === 'linear' || need === 'svd' || need === 'orthonormal' || need === 'blindSvd')
