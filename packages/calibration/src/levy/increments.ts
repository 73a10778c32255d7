import type { Stream } from '../posteriors/stream.ts'
import { exponential, gamma, laplaceVariance } from './draws.ts'

/** The law of the increments of a Lévy process in discrete time: a Gaussian whose variance is random, and that may be 0. */
export interface Increments {
  readonly name: string
  readonly title: string
  draw(stream: Stream): number
  /** A draw of the variance given the increment. */
  variance(u: number, stream: Stream): number
  /** Of a law with an atom at 0: the probability of a jump, and a draw of the variance of one before u is known. */
  readonly jumps?: { readonly probability: number; variance(stream: Stream): number }
  /** log p(u), up to a constant; of a law with an atom there is none. */
  logDensity?(u: number): number
  /** ∂ log p/∂u, where the law is smooth. */
  score?(u: number): number
  /** Of the Gaussian law. */
  readonly fixed?: number
}

const gauss = (variance: number): Increments => ({
  name: 'gauss',
  title: 'Gauss',
  fixed: variance,
  draw: (stream) => Math.sqrt(variance) * stream.normal(),
  variance: () => variance,
  logDensity: (u) => -(u ** 2) / (2 * variance),
  score: (u) => -u / variance,
})

/** Laplace of scale b: a Gaussian of a variance that is exponential of mean 2b². */
const laplace = (b: number): Increments => ({
  name: 'laplace',
  title: 'Laplace',
  draw: (stream) => Math.sqrt(2 * exponential(stream)) * b * stream.normal(),
  variance: (u, stream) => laplaceVariance(u, b, stream),
  logDensity: (u) => -Math.abs(u) / b,
})

/** 0, but Laplace of scale b with a probability. */
const bernoulliLaplace = (probability: number, b: number): Increments => {
  const jump = laplace(b)
  return {
    name: 'bernoulli-laplace',
    title: 'Bernoulli–Laplace',
    draw: (stream) => (stream.uniform() < probability ? jump.draw(stream) : 0),
    variance: jump.variance,
    jumps: { probability, variance: (stream) => 2 * b ** 2 * exponential(stream) },
  }
}

/** Student's t of ν degrees of freedom: a Gaussian whose precision is gamma of shape ν/2 and rate ν/2. */
const student = (nu: number): Increments => ({
  name: `student-${nu}`,
  title: `Student t, ν = ${nu}`,
  draw: (stream) => {
    const z = stream.normal()
    const squares = Array.from({ length: nu }, () => stream.normal() ** 2)
    return z / Math.sqrt(squares.reduce((a, b) => a + b, 0) / nu)
  },
  variance: (u, stream) => (nu + u ** 2) / 2 / gamma((nu + 1) / 2, stream),
  logDensity: (u) => (-(nu + 1) / 2) * Math.log1p(u ** 2 / nu),
  score: (u) => (-(nu + 1) * u) / (nu + u ** 2),
})

/** The six laws of the benchmark (arXiv 2509.12821), in its order. */
export const increments: readonly Increments[] = [
  gauss(0.25),
  laplace(1),
  bernoulliLaplace(0.1, 1),
  ...[1, 2, 3].map(student),
]

/** A signal x_i = u_1 + … + u_i of d increments. */
export function signal(law: Increments, d: number, stream: Stream): Float64Array {
  const x = new Float64Array(d)
  let sum = 0
  for (let i = 0; i < d; i++) x[i] = sum += law.draw(stream)
  return x
}
