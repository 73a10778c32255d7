import type { Matrix } from 'ml-matrix'

/** Options of {@link fitFactorMixture}. */
export interface FactorFit {
  /** K. */
  readonly components: number
  /** q, columns of each W_k. */
  readonly factors: number
  /** ε, variance that is added to Ψ in every direction. */
  readonly ridge: number
  readonly iterations: number
  readonly seed: number
  /** Points in one batch of tensors; default 2500. Changes rounding only. */
  readonly batch?: number
  /** Of the products of the E step; default float32. Sums are in double precision. */
  readonly dtype?: 'float32' | 'float64'
}

/** A mixture of factor analysers on the host. */
export interface FactorModel {
  readonly weights: readonly number[]
  readonly means: readonly Float64Array[]
  /** W_k, n×q. */
  readonly factors: readonly Matrix[]
  /** Ψ, n×n. */
  readonly background: Matrix
}

/** What the M step needs of a component: Σr, Σr·x̃z̃ᵀ with z̃ = (z, 1), and Σr·E[z̃z̃ᵀ]. */
export interface ComponentSums {
  readonly count: number
  /** n×(q+1). */
  readonly cross: Matrix
  /** (q+1)×(q+1). */
  readonly inner: Matrix
}
