/**
 * What networks predict, in numbers of α_t and σ_t alone: how x̂₀ is made of what a network says, and what it should say.
 * With F the output, x = α·x₀ + σ·ε and d the standard deviation of the data:
 */
export interface Parameterisation {
  /** x̂₀ = (x·x_t + output·F)/over: c_skip = x/over and c_out = output/over. */
  readonly estimate: { readonly x: number; readonly output: number; readonly over: number }
  /** The output that makes x̂₀ = x₀, x0·x₀ + noise·ε: what training aims at. */
  readonly target: { readonly x0: number; readonly noise: number }
  /** c_in: the network is called with c_in·x_t. */
  readonly input: number
}

type Parameterise = (alpha: number, sigma: number, deviation?: number) => Parameterisation

/** Of a network that predicts ε. */
export const ofNoise = (alpha: number, sigma: number) =>
  ({ estimate: { x: 1, output: -sigma, over: alpha }, target: { x0: 0, noise: 1 }, input: 1 }) as const

/**
 * - `epsilon`: the noise ε (arXiv 2006.11239);
 * - `x0`: the clean sample;
 * - `v`: α·ε − σ·x₀ (arXiv 2202.00512 §4);
 * - `flow`: ε − x₀, the velocity of the straight path α = 1 − t, σ = t (arXiv 2210.02747);
 * - `velocity`: the same with time from noise to data, x₀ − ε, told α/(α + σ), which is t of x_t = t·x₀ + (1 − t)·ε;
 * - `edm`: what is left of x₀ after c_skip·x_t, scaled to variance 1, from an input of variance 1 (arXiv 2206.00364,
 *   table 1, there for α = 1; the network is told ¼·log σ/α).
 *
 * No formula takes a schedule for granted. In terms of EDM's coefficients, c_skip·x_t + c_out·F:
 *
 * | predicts | c_skip | c_out | c_in |
 * |---|---|---|---|
 * | epsilon | 1/α | −σ/α | 1 |
 * | x0 | 0 | 1 | 1 |
 * | v | α/(α² + σ²) | −σ/(α² + σ²) | 1 |
 * | flow | 1/(α + σ) | −σ/(α + σ) | 1 |
 * | velocity | 1/(α + σ) | σ/(α + σ) | 1 |
 * | edm | α·d²/(σ² + α²d²) | σ·d/√(σ² + α²d²) | 1/√(σ² + α²d²) |
 *
 * @example
 * ```ts
 * import { parameterisations } from '@tweedie/solvers'
 * parameterisations.v(0.8, 0.6).target // => { x0: -0.6, noise: 0.8 }
 * ```
 */
export const parameterisations = {
  epsilon: ofNoise,
  x0: () => ({
    estimate: { x: 0, output: 1, over: 1 },
    target: { x0: 1, noise: 0 },
    input: 1,
  }),
  v: (alpha, sigma) => ({
    estimate: { x: alpha, output: -sigma, over: alpha ** 2 + sigma ** 2 },
    target: { x0: -sigma, noise: alpha },
    input: 1,
  }),
  flow: (alpha, sigma) => ({
    estimate: { x: 1, output: -sigma, over: alpha + sigma },
    target: { x0: -1, noise: 1 },
    input: 1,
  }),
  velocity: (alpha, sigma) => ({
    estimate: { x: 1, output: sigma, over: alpha + sigma },
    target: { x0: 1, noise: -1 },
    input: 1,
  }),
  edm: (alpha, sigma, deviation = 0.5) => {
    const variance = sigma ** 2 + (alpha * deviation) ** 2 // of x_t
    const root = Math.sqrt(variance)
    return {
      estimate: { x: alpha * deviation ** 2, output: sigma * deviation * root, over: variance },
      target: { x0: sigma / (deviation * root), noise: (-alpha * deviation) / root },
      input: 1 / root,
    }
  },
} as const satisfies Readonly<Record<string, Parameterise>>

/** What a network predicts; see {@link parameterisations}. */
export type Prediction = keyof typeof parameterisations

/** All predictions, for tables and option checks. */
export const predictions = [
  'epsilon',
  'x0',
  'v',
  'flow',
  'velocity',
  'edm',
] as const satisfies readonly Prediction[]

/** What a network is told of the time: the schedule's t, ¼·log σ/α of EDM's, α/(α + σ) where it predicts `velocity`. */
export function timeLabel(predicts: Prediction, alpha: number, sigma: number, t: number): number {
  if (predicts === 'edm') return Math.log(sigma / alpha) / 4
  return predicts === 'velocity' ? alpha / (alpha + sigma) : t
}
