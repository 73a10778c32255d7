import type { Stream } from './stream.ts'
import type { Target } from './target.ts'

/** E(d) = 0.9·(d − 4)⁴ − 4·(d − 4)² of each pair: wells at d = 2.5 and 5.5, a wall of 4.4 between them. */
const [quartic, quadratic, middle] = [0.9, -4, 4] as const

/** Orthonormal rows of n columns that sum to 0 (Helmert): what is left of n positions without their mean. */
const helmert = (n: number): readonly Float64Array[] =>
  Array.from({ length: n - 1 }, (_, k) => {
    const scale = 1 / Math.sqrt((k + 1) * (k + 2))
    return Float64Array.from({ length: n }, (_, i) => (i <= k ? scale : i === k + 1 ? -(k + 1) * scale : 0))
  })

/** Particles in the plane, their mean at 0, in 2(n − 1) coordinates that keep distances. */
export interface DoubleWell extends Target {
  /** Places (x, y) of the particles, one after the other. */
  places(x: Float64Array): Float64Array
  /** Distances of all pairs. */
  distances(x: Float64Array): Float64Array
  /** The particles turned about their mean, half the time mirrored, and in another order: all of which E does not see. */
  symmetry(x: Float64Array, stream: Stream): Float64Array
}

const push = (force: Float64Array, i: number, fx: number, fy: number): void => {
  force[2 * i] = (force[2 * i] ?? 0) + fx
  force[2 * i + 1] = (force[2 * i + 1] ?? 0) + fy
}

/**
 * Particles in the plane with a double well between each two, p ∝ exp(−Σ_{i<j} E(d_ij)/T − ½·pull·‖x‖²): DW-4 for four of them and
 * no pull (Köhler et al., arXiv 2006.02425, §5.2, temperature 1). With translations it would be no law: the mean of the
 * particles is held at 0.
 * @param pull - Of the reward −½·pull·‖x‖², ‖x‖² = Σd²/n.
 * @param temperature - T.
 */
export function doubleWell(particles: number, pull = 0, temperature = 1): DoubleWell {
  const rows = helmert(particles)
  const dimension = 2 * (particles - 1)
  const places = (x: Float64Array): Float64Array => {
    const out = new Float64Array(2 * particles)
    rows.forEach((row, k) => {
      row.forEach((h, i) => {
        out[2 * i] = (out[2 * i] ?? 0) + h * (x[2 * k] ?? 0)
        out[2 * i + 1] = (out[2 * i + 1] ?? 0) + h * (x[2 * k + 1] ?? 0)
      })
    })
    return out
  }
  const coordinates = (p: Float64Array): Float64Array => {
    const out = new Float64Array(dimension)
    rows.forEach((row, k) => {
      row.forEach((h, i) => {
        out[2 * k] = (out[2 * k] ?? 0) + h * (p[2 * i] ?? 0)
        out[2 * k + 1] = (out[2 * k + 1] ?? 0) + h * (p[2 * i + 1] ?? 0)
      })
    })
    return out
  }
  const pairs = (p: Float64Array, see: (i: number, j: number, dx: number, dy: number, d: number) => void) => {
    for (let i = 0; i < particles; i++)
      for (let j = 0; j < i; j++) {
        const dx = (p[2 * i] ?? 0) - (p[2 * j] ?? 0)
        const dy = (p[2 * i + 1] ?? 0) - (p[2 * j + 1] ?? 0)
        see(i, j, dx, dy, Math.hypot(dx, dy))
      }
  }
  return {
    dimension,
    places,
    distances: (x) => {
      const out: number[] = []
      pairs(places(x), (_i, _j, _dx, _dy, d) => out.push(d))
      return Float64Array.from(out)
    },
    logDensity: (x) => {
      let energy = 0
      pairs(places(x), (_i, _j, _dx, _dy, d) => {
        energy += quartic * (d - middle) ** 4 + quadratic * (d - middle) ** 2
      })
      return -energy / temperature - (pull / 2) * x.reduce((sum, v) => sum + v * v, 0)
    },
    score: (x) => {
      const force = new Float64Array(2 * particles)
      pairs(places(x), (i, j, dx, dy, d) => {
        // 0 where two particles meet, where the distance has no direction.
        const slope = d === 0 ? 0 : (4 * quartic * (d - middle) ** 3 + 2 * quadratic * (d - middle)) / d
        push(force, i, -slope * dx, -slope * dy)
        push(force, j, slope * dx, slope * dy)
      })
      return coordinates(force).map((f, i) => f / temperature - pull * (x[i] ?? 0))
    },
    symmetry: (x, stream) => {
      const angle = 2 * Math.PI * stream.uniform()
      const [c, s] = [Math.cos(angle), Math.sin(angle)]
      const mirror = stream.uniform() < 0.5 ? -1 : 1
      const order = Array.from({ length: particles }, (_, i) => i)
      for (let i = particles - 1; i > 0; i--) {
        const j = Math.floor(stream.uniform() * (i + 1))
        ;[order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0]
      }
      const p = places(x)
      const turned = new Float64Array(p.length)
      order.forEach((from, to) => {
        const [px, py] = [p[2 * from] ?? 0, mirror * (p[2 * from + 1] ?? 0)]
        turned[2 * to] = c * px - s * py
        turned[2 * to + 1] = s * px + c * py
      })
      return coordinates(turned)
    },
  }
}
