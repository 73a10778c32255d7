import type { Mixture } from '../../priors/index.ts'

/** The part of a law of one number that is above 0, by quadrature over [−8, 8]. */
export function massAboveZero(law: Mixture): number {
  const [n, width] = [4000, 16 / 4000]
  const points = Array.from({ length: n }, (_, k) => -8 + (k + 0.5) * width)
  return points.reduce((sum, x) => sum + (x > 0 ? Math.exp(law.logDensity([x])) : 0), 0) * width
}
