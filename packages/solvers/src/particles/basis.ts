import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import { sampleSize, sumPerSample } from '../linalg/per-sample.ts'
import { inFloat64 } from '../linalg/precise.ts'
import { energyControl, varianceControl } from './control.ts'
import type { ParticleWeights, Population } from './population.ts'

/** A vector that drifts are made of: ∇r, the score ∇log p_ς, the place z. */
export type BasisVector = 'reward' | 'score' | 'position'

/** A drift Σθ_i·s_i, θ of each sample and step by {@link varianceControl} or {@link energyControl}. */
export interface DriftControl {
  readonly by: 'variance' | 'energy'
  readonly basis: readonly BasisVector[]
}

/** @throws {OptionError} where the energy is asked for with the score, whose potential log p_ς is not known. */
export function checkControl({ by, basis }: DriftControl): void {
  if (by === 'energy' && basis.includes('score'))
    throw new OptionError(
      'basis',
      "must be without the score where control is 'energy': log p_ς is not known",
    )
}

/** ⟨a, b⟩ of each particle, in float64. */
export const dotted = (a: Tensor, b: Tensor): Tensor => sumPerSample(inFloat64(a).mul(inFloat64(b)))

/** A vector of a basis at particles: s_i, h_i = ∇·s_i + s_i·∇log q, and ψ_i where s_i = ∇ψ_i is known. */
export interface Part {
  readonly vector: Tensor
  readonly h: Tensor
  readonly psi?: Tensor
}

/** What is known of particles where they stand. */
export interface Place {
  readonly z: Tensor
  readonly score: Tensor
  /** ∇r and g = β∇r. */
  readonly gradient: Tensor
  readonly g: Tensor
  /** r and Δr. */
  readonly value: Tensor
  readonly laplacian: Tensor
  /** Δ log p_ς, where the score is in the basis. */
  readonly curvature: Tensor | undefined
}

export function partOf(name: BasisVector, at: Place): Part {
  const { z, score, gradient, g, value, laplacian, curvature = 0 } = at
  const part = (vector: Tensor, divergence: Tensor | number) => ({
    vector,
    h: dotted(vector, score.add(g)).add(divergence),
  })
  if (name === 'reward') return { ...part(gradient, laplacian), psi: value }
  if (name === 'position') return { ...part(z, sampleSize(z)), psi: dotted(z, z).mul(0.5) }
  return part(score, curvature)
}

/** θ_i of each vector, as factors of all particles, [N·K]: of each sample by its own particles. */
export function thetaOf(
  cloud: Pick<Population, 'particles' | 'read'>,
  weights: ParticleWeights,
  by: DriftControl['by'],
  potential: Tensor,
  parts: readonly Part[],
): Float64Array[] {
  const K = cloud.particles
  const energy = by === 'energy'
  const [phi, h] = [potential.dataSync(), parts.map((part) => part.h.dataSync())]
  const psi = energy ? parts.map((part) => part.psi?.dataSync() ?? []) : []
  const products = energy ? parts.map((a) => parts.map((b) => dotted(a.vector, b.vector).dataSync())) : []
  const factors = parts.map(() => new Float64Array(phi.length))
  cloud.read(weights).forEach((own, n) => {
    const of = (values: ArrayLike<number>) =>
      Array.from({ length: K }, (_, k) => values[n * K + k] ?? Number.NaN)
    const seen = { weights: own.weights, potential: of(phi), h: h.map(of) }
    const theta = energy
      ? energyControl({ ...seen, products: products.map((row) => row.map(of)), psi: psi.map(of) })
      : varianceControl(seen)
    theta.forEach((value, j) => factors[j]?.fill(value, n * K, (n + 1) * K))
  })
  return factors
}
