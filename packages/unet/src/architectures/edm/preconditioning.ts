import { OptionError } from '@tweedie/tensor'
import { limits } from '../../limits.ts'

/**
 * How a network F becomes a denoiser of x = x₀ + σ·ε: D(x; σ) = c_skip·x + c_out·F(c_in·x; c_noise) (arXiv 2206.00364,
 * table 1, with the code's names). σ is in units of the data.
 */
export type Preconditioning =
  /** Of networks of ε on the continuous VP schedule, β from βmin to βmin + βd; c_noise = (M − 1)·t(σ). */
  | {
      readonly kind: 'vp'
      readonly betaD: number
      readonly betaMin: number
      readonly M: number
      /** Least t of the training. */
      readonly epsilonT: number
    }
  /** Of score networks of VE: F = −ε, c_noise = log(σ/2). */
  | { readonly kind: 've'; readonly sigmaMin: number; readonly sigmaMax: number }
  /** Of networks of ε on Improved DDPM's cosine schedule of M steps; c_noise is the index of the nearest level. */
  | { readonly kind: 'iddpm'; readonly C1: number; readonly C2: number; readonly M: number }
  /** EDM's own: input and target of variance 1 for data of deviation `sigmaData`; c_noise = ¼·log σ. */
  | {
      readonly kind: 'edm'
      readonly sigmaMin: number
      /** null for no limit. */
      readonly sigmaMax: number | null
      readonly sigmaData: number
    }

export type PreconditioningKind = Preconditioning['kind']

/** Each with the defaults of EDM's code. */
export const preconditionings: {
  readonly [K in PreconditioningKind]: Extract<Preconditioning, { kind: K }>
} = {
  vp: { kind: 'vp', betaD: 19.9, betaMin: 0.1, M: 1000, epsilonT: 1e-5 },
  ve: { kind: 've', sigmaMin: 0.02, sigmaMax: 100 },
  iddpm: { kind: 'iddpm', C1: 0.001, C2: 0.008, M: 1000 },
  edm: { kind: 'edm', sigmaMin: 0, sigmaMax: null, sigmaData: 0.5 },
}

/** c_skip, c_out, c_in and c_noise at one noise level. */
export interface Coefficients {
  readonly skip: number
  readonly out: number
  readonly input: number
  readonly noise: number
}

/**
 * The coefficients at σ. At σ = 0 all of them are finite and the denoiser is x itself; EDM's code has 0·∞ there for `ve` and
 * `edm`.
 * @throws {OptionError} for a σ that is negative or no finite number.
 * @example
 * ```ts
 * import { coefficientsAt, preconditionings } from './preconditioning.ts'
 * const { skip, out, input } = coefficientsAt(preconditionings.edm, 0.5)
 * skip // => 0.5
 * out // ≈ 0.35355
 * input // ≈ 1.41421
 * ```
 */
export function coefficientsAt(p: Preconditioning, sigma: number): Coefficients {
  if (!(sigma >= 0 && sigma < Infinity))
    throw new OptionError('t', `is a noise level σ: it must be at least 0 and finite, got ${sigma}`)
  // A level whose logarithm is finite, also as float32.
  const positive = Math.max(sigma, 1e-30)
  const vpInput = 1 / Math.sqrt(sigma ** 2 + 1)
  switch (p.kind) {
    case 'vp':
      return { skip: 1, out: -sigma, input: vpInput, noise: (p.M - 1) * vpTime(p, sigma) }
    case 've':
      return { skip: 1, out: sigma, input: 1, noise: Math.log(positive / 2) }
    case 'iddpm':
      return { skip: 1, out: -sigma, input: vpInput, noise: p.M - 1 - nearestLevel(p, sigma) }
    case 'edm': {
      const variance = sigma ** 2 + p.sigmaData ** 2
      return {
        skip: p.sigmaData ** 2 / variance,
        out: (sigma * p.sigmaData) / Math.sqrt(variance),
        input: 1 / Math.sqrt(variance),
        noise: Math.log(positive) / 4,
      }
    }
  }
}

type Of<K extends PreconditioningKind> = Extract<Preconditioning, { kind: K }>

/** t of σ = √(exp(βd·t²/2 + βmin·t) − 1), written so that nothing cancels. */
function vpTime({ betaD, betaMin }: Of<'vp'>, sigma: number): number {
  const c = Math.log1p(sigma ** 2)
  return (2 * c) / (betaMin + Math.sqrt(betaMin ** 2 + 2 * betaD * c))
}
const vpSigma = ({ betaD, betaMin }: Of<'vp'>, t: number) =>
  Math.sqrt(Math.expm1((betaD * t ** 2) / 2 + betaMin * t))

const tables = new WeakMap<Of<'iddpm'>, Float64Array>()

/**
 * The levels u₀ > u₁ > … > u_M = 0 of Improved DDPM's cosine schedule, u₀ the noisiest (arXiv 2206.00364 §C.3.4), to the
 * digits that EDM's float32 leaves them: a network is asked at these.
 */
export function iddpmLevels(p: Of<'iddpm'>): Float64Array {
  const known = tables.get(p)
  if (known !== undefined) return known
  const f = Math.fround
  const alphaBar = (j: number) => f(f(Math.sin(f(f(f(f(Math.PI / 2) * j) / p.M) / f(p.C2 + 1)))) ** 2)
  const u = new Float64Array(p.M + 1)
  for (let j = p.M; j > 0; j--) {
    const kept = Math.max(f(alphaBar(j - 1) / alphaBar(j)), f(p.C1))
    u[j - 1] = f(Math.sqrt(f(f(f(f(u[j]! ** 2) + 1) / kept) - 1)))
  }
  tables.set(p, u)
  return u
}

/** The index of the level that is nearest to σ; of two, that of more noise. */
function nearestLevel(p: Of<'iddpm'>, sigma: number): number {
  const u = iddpmLevels(p)
  let [above, below] = [0, p.M] // u[above] ≥ σ ≥ u[below], where σ is not beyond u₀
  while (below - above > 1) {
    const middle = (above + below) >> 1
    if (u[middle]! >= sigma) above = middle
    else below = middle
  }
  return Math.abs(u[above]! - sigma) <= Math.abs(u[below]! - sigma) ? above : below
}

/** The noise levels that a network knows; Infinity for no limit. */
export function noiseRange(p: Preconditioning): { readonly sigmaMin: number; readonly sigmaMax: number } {
  switch (p.kind) {
    case 'vp':
      return { sigmaMin: vpSigma(p, p.epsilonT), sigmaMax: vpSigma(p, 1) }
    case 'iddpm':
      return { sigmaMin: iddpmLevels(p)[p.M - 1]!, sigmaMax: iddpmLevels(p)[0]! }
    case 've':
      return p
    case 'edm':
      return { sigmaMin: p.sigmaMin, sigmaMax: p.sigmaMax ?? Infinity }
  }
}

/**
 * The noise level that a network knows nearest to σ, at which EDM's samplers ask it: one of M for `iddpm`, σ itself for
 * all others.
 */
export const roundSigma = (p: Preconditioning, sigma: number): number =>
  p.kind === 'iddpm' ? iddpmLevels(p)[nearestLevel(p, sigma)]! : sigma

/** @throws {OptionError} naming the field that is out of range. */
export function checkPreconditioning(p: Preconditioning): void {
  const above = (name: string, value: number) => {
    if (!(value > 0 && value < Infinity))
      throw new OptionError(name, `must be above 0 and finite, got ${value}`)
  }
  if ('M' in p && !(Number.isInteger(p.M) && p.M >= 2 && p.M <= limits.timesteps))
    throw new OptionError('M', `must be a whole number from 2 to ${limits.timesteps}, got ${p.M}`)
  switch (p.kind) {
    case 'vp':
      above('betaMin', p.betaMin)
      if (!(p.betaD >= 0 && p.betaD / 2 + p.betaMin <= 100))
        throw new OptionError('betaD', `must be at least 0, and σ at t = 1 finite, got ${p.betaD}`)
      if (!(p.epsilonT > 0 && p.epsilonT < 1))
        throw new OptionError('epsilonT', `must be between 0 and 1, got ${p.epsilonT}`)
      return
    case 'iddpm':
      if (!(p.C1 > 0 && p.C1 < 1)) throw new OptionError('C1', `must be between 0 and 1, got ${p.C1}`)
      if (!(p.C2 >= 0 && p.C2 < Infinity))
        throw new OptionError('C2', `must be at least 0 and finite, got ${p.C2}`)
      if (!(iddpmLevels(p)[0]! < Infinity))
        throw new OptionError('C1', `makes the noisiest level infinite over ${p.M} steps, got ${p.C1}`)
      return
    case 've':
      above('sigmaMin', p.sigmaMin)
      checkRange(p.sigmaMin, p.sigmaMax)
      return
    case 'edm':
      above('sigmaData', p.sigmaData)
      if (!(p.sigmaMin >= 0)) throw new OptionError('sigmaMin', `must be at least 0, got ${p.sigmaMin}`)
      if (p.sigmaMax !== null) checkRange(p.sigmaMin, p.sigmaMax)
  }
}

function checkRange(low: number, high: number): void {
  if (!(high > low && high < Infinity))
    throw new OptionError('sigmaMax', `must be above sigmaMin ${low} and finite, got ${high}`)
}
