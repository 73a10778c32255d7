// Weighted diffusions once more in plain numbers, in z = x/α by loops and matrices; no singular values, but for the draw of z_T.
import { Matrix, solve } from 'ml-matrix'
import { rademacher } from '../../linalg/index.ts'
import { respace } from '../../schedules/index.ts'
import type { Rows, Vector } from '../written-out.test.helper.ts'
import { dot, plus, times, transposed } from '../written-out.test.helper.ts'
import type { Name } from '../written-out-problem.test.helper.ts'
import {
  A,
  firstSample,
  n,
  network,
  schedules,
  seed,
  streams,
  U,
  V,
  y,
} from '../written-out-problem.test.helper.ts'
import type { Says } from './follow-particles.test.helper.ts'
import { drawnAll, logNormalOf } from './follow-particles.test.helper.ts'

export const common = { seed, firstSample }
const m = y.length
const singular = [2, 0.7, 0]
const squares = singular.reduce((sum, s) => sum + s * s, 0)

export interface Form {
  readonly c: number
  readonly gamma?: number
  readonly linear?: boolean
  readonly explicit?: boolean
  readonly path?: boolean
  readonly basis?: readonly ('reward' | 'score' | 'position')[]
  readonly energy?: boolean
  readonly hutchinson?: boolean
  readonly threshold?: number
  /** σ_y; K and the steps of the run. */
  readonly sigmaY?: number
  readonly particles?: number
  readonly steps?: number
}

export const timesOf = (name: Name, { steps = 6 }: Form) => respace(schedules[name][0], steps, 'karras')

/** J = ∂x̂₀/∂x of the network. */
const jacobian = (x: Vector, t: number): number[][] =>
  network.W.map((row, i) => {
    const inner = dot(row, x) + (network.b[i] ?? 0)
    return row.map((w) => network.scale(t) * (1 - Math.tanh(inner) ** 2) * w)
  })

export function saysOf(name: Name, form: Form): Says {
  const {
    c,
    gamma = 1,
    linear = false,
    explicit = false,
    path = false,
    basis = [],
    particles: K = 5,
    sigmaY = 0.4,
  } = form
  /** r, ∇r. */
  const reward = (z: Vector) =>
    times(A, z).reduce((sum, mean, j) => sum + logNormalOf(y[j]!, mean, sigmaY ** 2), 0)
  const slope = (z: Vector) =>
    times(transposed(A), plus([1, y], [-1, times(A, z)])).map((v) => v / sigmaY ** 2)

  /** v = z + h·∇r(v). */
  function pushed(z: Vector, h: number): number[] {
    const gram: Rows = transposed(A).map((a) => transposed(A).map((b) => dot(a, b)))
    const left = gram.map((row, i) => row.map((v, j) => Number(i === j) + (h * v) / sigmaY ** 2))
    const right = plus([1, z], [h / sigmaY ** 2, times(transposed(A), y)])
    return solve(new Matrix(left), Matrix.columnVector(right)).to1DArray()
  }
  const [, { alpha, sigma }] = schedules[name]
  const grid = timesOf(name, form)
  const level = (t: number) => sigma(t) / alpha(t)
  const betaAt = (i: number) =>
    linear ? i / grid.length
    : i === grid.length ? 1
    : sigmaY ** 2 / (sigmaY ** 2 + (gamma ** 2 * squares * level(grid[i]!.t) ** 2) / m) // biome-ignore format: cases
  /** Of a particle in a step, by its place. */
  const known = (x: Vector, x0: Vector, i: number) => {
    const { t, s } = grid[i]!
    const variance = level(t) ** 2
    const dtau = variance - (i === grid.length - 1 ? 0 : level(s)) ** 2
    const z = x.map((v) => v / alpha(t))
    const score = plus([1 / variance, x0], [-1 / variance, z])
    const g = slope(z).map((v) => betaAt(i) * v)
    const laplacian = -squares / sigmaY ** 2
    const phi =
      (c - 0.5) * (betaAt(i) * laplacian + dot(g, g)) +
      c * dot(g, score) +
      (reward(z) * (betaAt(i + 1) - betaAt(i))) / dtau
    return { t, variance, dtau, z, score, g, laplacian, phi }
  }
  let theta: number[] = []
  let traces: number[] = []
  const place = new Map<Vector, number>()
  /** s_i, h_i and ψ_i of the k-th particle. */
  const vectors = (of: ReturnType<typeof known>, k: number) =>
    basis.map((word) => {
      const { z, score, g, variance, laplacian } = of
      const vector = { reward: slope(z), score, position: z }[word]
      const divergence = { reward: laplacian, score: (traces[k]! * alpha(of.t) - n) / variance, position: n }[
        word
      ]
      const psi = { reward: reward(z), score: Number.NaN, position: dot(z, z) / 2 }[word]
      return { vector, h: divergence + dot(vector, plus([1, score], [1, g])), psi }
    })
  const control = (of: ReturnType<typeof known>, k: number) => {
    const parts = vectors(of, k)
    return {
      drift: parts.reduce(
        (sum, { vector }, j) => plus([1, sum], [theta[j]!, vector]),
        new Array<number>(n).fill(0),
      ),
      gain: parts.reduce((sum, { h }, j) => sum + theta[j]! * h, 0),
    }
  }
  return {
    start: () => {
      const { t } = grid[0]!
      const [spread, beta] = [level(t) ** 2, betaAt(0)]
      const z = drawnAll(0, 'start', K)
      if (beta === 0) return { xs: z.map((one) => one.map((v) => v * sigma(t))), log: 0 }
      const wide = sigmaY ** 2 / beta
      const seen = times(transposed(U), y)
      const xs = z.map((one) => {
        const free = times(transposed(V), one)
        const drawn = free.map((v, i) => {
          const s = singular[i] ?? 0
          const precision = 1 / spread + s ** 2 / wide
          return (s * (seen[i] ?? 0)) / wide / precision + v / Math.sqrt(precision)
        })
        return times(V, drawn).map((v) => v * alpha(t))
      })
      const log = seen.reduce((sum, v, i) => sum + logNormalOf(v, 0, singular[i]! ** 2 * spread + wide), 0)
      const constant = (m / 2) * (Math.log(2 * Math.PI * wide) - beta * Math.log(2 * Math.PI * sigmaY ** 2))
      const own = (x: Vector) => (path ? -beta * reward(x.map((v) => v / alpha(t))) : 0)
      return { xs, log: xs.map((x) => log + constant + own(x)) }
    },
    all: (xs, x0s, carried, { i, t, last }) => {
      place.clear()
      xs.forEach((x, k) => void place.set(x, k))
      if (last || basis.length === 0) return
      const keys = streams.keysOf(i, 'probe')
      traces = xs.map((x, k) => {
        const J = jacobian(x, t)
        if (form.hutchinson !== true) return J.reduce((sum, row, j) => sum + row[j]!, 0)
        const key = keys[0]!.fold('score').fold(k).fold('rademacher').fold(0)
        const v = Array.from(rademacher([key], [n]).dataSync())
        return dot(v, times(J, v))
      })
      const all = xs.map((x, k) => known(x, x0s[k]!, i))
      const parts = all.map(vectors)
      // By paths a particle's own e^{βr} is not in its weight yet.
      const raised = carried.map((w, k) =>
        path ? w * Math.exp(betaAt(i) * (reward(all[k]!.z) - reward(all[0]!.z))) : w,
      )
      const total = raised.reduce((sum, w) => sum + w, 0)
      const weights = raised.map((w) => w / total)
      const mean = (of: (k: number) => number) => weights.reduce((sum, w, k) => sum + w * of(k), 0)
      const covariance = (a: (k: number) => number, b: (k: number) => number) => {
        const [ma, mb] = [mean(a), mean(b)]
        return mean((k) => (a(k) - ma) * (b(k) - mb))
      }
      const phi = (k: number) => all[k]!.phi
      const h = (j: number) => (k: number) => parts[k]![j]!.h
      const psi = (j: number) => (k: number) => parts[k]![j]!.psi
      const vector = (k: number, j: number) => parts[k]![j]!.vector
      const left = basis.map((_, a) =>
        basis.map((__, b) =>
          form.energy === true ? mean((k) => dot(vector(k, a), vector(k, b))) : covariance(h(a), h(b)),
        ),
      )
      const right = basis.map((_, a) =>
        form.energy === true ? covariance(phi, psi(a)) : -covariance(phi, h(a)),
      )
      theta = solve(new Matrix(left), Matrix.columnVector(right)).to1DArray()
    },
    weigh: (x, x0, { i, last }) => {
      const of = known(x, x0, i)
      if (path) return betaAt(i) * reward(of.z)
      return last ? 0 : of.dtau * (of.phi + control(of, place.get(x)!).gain)
    },
    move: (x, x0, noise, { i, s, last }) => {
      const of = known(x, x0, i)
      if (last) return { x: x0, log: reward(x0) - betaAt(i) * reward(of.z) }
      const free = plus([1, of.z], [of.dtau, of.score])
      const drifted = plus([1, free], [of.dtau, control(of, place.get(x)!).drift])
      const h = c * betaAt(i) * of.dtau
      const mean = explicit ? plus([1, drifted], [h, slope(of.z)]) : pushed(drifted, h)
      const z = plus([1, mean], [Math.sqrt(of.dtau), noise])
      const density = (at: Vector) => z.reduce((sum, v, j) => sum + logNormalOf(v, at[j]!, of.dtau), 0)
      const log = path ? density(free) - density(mean) - betaAt(i) * reward(of.z) : 0
      return { x: z.map((v) => v * alpha(s)), log }
    },
  }
}
