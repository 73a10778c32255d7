// The samplers and methods once more, in plain numbers: float64 arrays and loops, one sample, written from the
// papers' formulas and from nothing else of this package. Noise comes in from outside.

export type Vector = readonly number[]
export type Rows = readonly Vector[]

export const dot = (a: Vector, b: Vector): number => a.reduce((sum, v, i) => sum + v * b[i]!, 0)
export const times = (M: Rows, v: Vector): number[] => M.map((row) => dot(row, v))
export const transposed = (M: Rows): number[][] => M[0]!.map((_, j) => M.map((row) => row[j]!))
export const plus = (...terms: readonly (readonly [number, Vector])[]): number[] =>
  terms[0]![1].map((_, i) => terms.reduce((sum, [c, v]) => sum + c * v[i]!, 0))
export const length = (v: Vector): number => Math.hypot(...v)

/** α and σ at a time. */
export interface Levels {
  alpha(t: number): number
  sigma(t: number): number
}

/** α = √ᾱ, σ = √(1 − ᾱ) with ᾱ the running product of 1 − β, ᾱ₋₁ = 1. */
export function variancePreserving(betas: Vector): Levels {
  const alphaBar = (t: number) => betas.slice(0, t + 1).reduce((product, beta) => product * (1 - beta), 1)
  return { alpha: (t) => Math.sqrt(alphaBar(t)), sigma: (t) => Math.sqrt(1 - alphaBar(t)) }
}

/** DDPM's βs. */
export const linearBetas = (T: number): number[] =>
  Array.from({ length: T }, (_, i) => (1000 / T) * (1e-4 + ((0.02 - 1e-4) * i) / (T - 1)))

/** Improved DDPM's βs. */
export const cosineBetas = (T: number): number[] => {
  const f = (u: number) => Math.cos(((u + 0.008) / 1.008) * (Math.PI / 2)) ** 2
  return Array.from({ length: T }, (_, i) => Math.min(0.999, 1 - f((i + 1) / T) / f(i / T)))
}

export const varianceExploding: Levels = { alpha: () => 1, sigma: (t) => t }

/** A denoiser that is no linear map: x̂₀ = c_t·tanh(Wx + b), with its Jacobian. */
export interface Network {
  readonly W: Rows
  readonly b: Vector
  scale(t: number): number
}

export const evaluate = ({ W, b, scale }: Network, x: Vector, t: number): number[] =>
  times(W, x).map((v, i) => scale(t) * Math.tanh(v + b[i]!))

/** Jᵀc. */
export function pullBack({ W, b, scale }: Network, x: Vector, t: number, c: Vector): number[] {
  const inner = times(W, x).map((v, i) => scale(t) * (1 - Math.tanh(v + b[i]!) ** 2) * c[i]!)
  return times(transposed(W), inner)
}

/** DDIM with η, from t to s (arXiv 2010.02502 eq. 12 and 16), for any α and σ. */
export function ddimFrom(
  { alpha, sigma }: Levels,
  [t, s]: readonly [number, number],
  eta: number,
  x: Vector,
  x0: Vector,
  z: Vector,
): number[] {
  const fresh =
    eta ** 2 * (sigma(s) / sigma(t)) ** 2 * (sigma(t) ** 2 - ((alpha(t) / alpha(s)) * sigma(s)) ** 2)
  const epsilon = plus([1 / sigma(t), x], [-alpha(t) / sigma(t), x0])
  return plus([alpha(s), x0], [Math.sqrt(sigma(s) ** 2 - fresh), epsilon], [Math.sqrt(fresh), z])
}

/** A = U·diag(s)·Vᵀ by the columns of square U and V: m ≤ n measurements. */
export interface Decomposition {
  readonly U: Rows
  readonly s: Vector
  readonly V: Rows
}

/** The m×n matrix. */
export const matrixOf = ({ U, s, V }: Decomposition): number[][] =>
  U.map((row) => V.map((column) => row.reduce((sum, u, k) => sum + u * (s[k] ?? 0) * column[k]!, 0)))

/** One update of DDRM in the coordinates x̄ = Vᵀx/α (arXiv 2201.11793 eq. 7 and 8). */
export function ddrmUpdate(
  { s, from, to, sigmaY, eta, etaB }: Record<'s' | 'from' | 'to' | 'sigmaY' | 'eta' | 'etaB', number>,
  theta: number,
  xbar: number,
  ybar: number,
  z: number,
): number {
  const rest = Math.sqrt(1 - eta * eta)
  if (s === 0) return theta + (rest * to * (xbar - theta)) / from + eta * to * z
  const tau = sigmaY / s
  if (to < tau) return theta + (rest * to * (ybar - theta)) / tau + eta * to * z
  return (1 - etaB) * theta + etaB * ybar + Math.sqrt(to * to - etaB * etaB * tau * tau) * z
}

/** Adam (arXiv 1412.6980, algorithm 1). */
export function adamStep(
  state: { m: Vector; v: Vector; k: number },
  x: Vector,
  g: Vector,
  { rate, beta1, beta2 }: Record<'rate' | 'beta1' | 'beta2', number>,
) {
  const k = state.k + 1
  const m = plus([beta1, state.m], [1 - beta1, g])
  const v = state.v.map((old, i) => beta2 * old + (1 - beta2) * g[i]! ** 2)
  const moved = x.map(
    (value, i) => value - (rate * (m[i]! / (1 - beta1 ** k))) / (Math.sqrt(v[i]! / (1 - beta2 ** k)) + 1e-8),
  )
  return { state: { m, v, k }, x: moved }
}
