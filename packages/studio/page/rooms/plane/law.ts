/**
 * Gaussian mixtures in the plane, in closed form and in plain numbers. The engine's `Mixture` (of @tweedie/solvers) has any
 * dimension and is the truth that this is tested against; here a picture asks for ten thousand densities while somebody drags,
 * on the thread that draws.
 */

/** A weighted Gaussian N((x, y), [[xx, xy], [xy, yy]]). */
export interface Component {
  readonly weight: number
  readonly x: number
  readonly y: number
  readonly xx: number
  readonly xy: number
  readonly yy: number
}

/** A mixture; weights sum to 1. */
export type Law = readonly Component[]

/** A linear measurement y = aᵀx + σ·ε with a = (cos, sin) of the angle: the stripe aᵀx = y ± σ. */
export interface Stripe {
  /** In degrees. */
  readonly angle: number
  /** y. */
  readonly offset: number
  /** σ_y. */
  readonly sigma: number
}

export type Point = readonly [x: number, y: number]

/** a of the stripe. */
export const normalOf = ({ angle }: Pick<Stripe, 'angle'>): Point => [
  Math.cos((angle * Math.PI) / 180),
  Math.sin((angle * Math.PI) / 180),
]

/** The weights made to sum to 1 from their logarithms; and log Σ exp. */
function settled(logs: readonly number[]): { weights: number[]; logSum: number } {
  const top = logs.reduce((a, b) => Math.max(a, b), -Infinity)
  const raw = logs.map((log) => Math.exp(log - top))
  const sum = raw.reduce((a, b) => a + b, 0)
  return { weights: raw.map((w) => w / sum), logSum: top + Math.log(sum) }
}

/** The law of α·x₀ + σ·ε. */
export const noised = (law: Law, alpha: number, sigma: number): Law =>
  law.map(({ weight, x, y, xx, xy, yy }) => ({
    weight,
    x: alpha * x,
    y: alpha * y,
    xx: alpha ** 2 * xx + sigma ** 2,
    xy: alpha ** 2 * xy,
    yy: alpha ** 2 * yy + sigma ** 2,
  }))

/** The law of x₀ given the measurement, and log p(y). */
export function posterior(law: Law, stripe: Stripe): { readonly law: Law; readonly logEvidence: number } {
  const [a, b] = normalOf(stripe)
  const logs: number[] = []
  const moved = law.map(({ weight, x, y, xx, xy, yy }) => {
    const [u, v] = [xx * a + xy * b, xy * a + yy * b] // Σa
    const s = a * u + b * v + stripe.sigma ** 2
    const r = stripe.offset - (a * x + b * y)
    logs.push(Math.log(weight) - (r ** 2 / s + Math.log(2 * Math.PI * s)) / 2)
    return {
      x: x + (u * r) / s,
      y: y + (v * r) / s,
      xx: xx - (u * u) / s,
      xy: xy - (u * v) / s,
      yy: yy - (v * v) / s,
    }
  })
  const { weights, logSum } = settled(logs)
  return { law: moved.map((c, k) => ({ ...c, weight: weights[k] ?? 0 })), logEvidence: logSum }
}

/** The law of x₀ given x_t = α·x₀ + σ·ε; where σ = 0 it is a point. */
export function given(law: Law, [px, py]: Point, alpha: number, sigma: number): Law {
  const logs: number[] = []
  const moved = law.map(({ weight, x, y, xx, xy, yy }) => {
    // S = α²Σ + σ²I, K = αΣS⁻¹
    const [sxx, sxy, syy] = [alpha ** 2 * xx + sigma ** 2, alpha ** 2 * xy, alpha ** 2 * yy + sigma ** 2]
    const det = sxx * syy - sxy ** 2
    const [ixx, ixy, iyy] = [syy / det, -sxy / det, sxx / det]
    const [rx, ry] = [px - alpha * x, py - alpha * y]
    const [wx, wy] = [ixx * rx + ixy * ry, ixy * rx + iyy * ry] // S⁻¹r
    logs.push(Math.log(weight) - (rx * wx + ry * wy + Math.log(4 * Math.PI ** 2 * det)) / 2)
    // Σ − α²ΣS⁻¹Σ = σ²ΣS⁻¹, which loses no digits
    const [gxx, gxy] = [xx * ixx + xy * ixy, xx * ixy + xy * iyy]
    const [gyx, gyy] = [xy * ixx + yy * ixy, xy * ixy + yy * iyy]
    return {
      x: x + alpha * (xx * wx + xy * wy),
      y: y + alpha * (xy * wx + yy * wy),
      xx: sigma ** 2 * gxx,
      xy: (sigma ** 2 * (gxy + gyx)) / 2,
      yy: sigma ** 2 * gyy,
    }
  })
  const { weights } = settled(logs)
  return moved.map((c, k) => ({ ...c, weight: weights[k] ?? 0 }))
}

/** Mean and covariance. */
export function momentsOf(law: Law): Omit<Component, 'weight'> {
  const sum = (f: (c: Component) => number) => law.reduce((total, c) => total + c.weight * f(c), 0)
  const [x, y] = [sum((c) => c.x), sum((c) => c.y)]
  return {
    x,
    y,
    xx: sum((c) => c.xx + (c.x - x) ** 2),
    xy: sum((c) => c.xy + (c.x - x) * (c.y - y)),
    yy: sum((c) => c.yy + (c.y - y) ** 2),
  }
}

/** Numbers of a component in {@link Density}: mean, precision, log of weight over normaliser. */
const per = 6

/** A law made ready to be asked often. */
export interface Density {
  readonly log: (x: number, y: number) => number
  /** ∇ log p. */
  readonly score: (x: number, y: number) => Point
  /** The component that is the likeliest to have made a point. */
  readonly nearest: (x: number, y: number) => number
}

export function densityOf(law: Law): Density {
  const table = new Float64Array(law.length * per)
  law.forEach(({ weight, x, y, xx, xy, yy }, k) => {
    const det = xx * yy - xy * xy
    const log = Math.log(weight) - Math.log(4 * Math.PI ** 2 * det) / 2
    table.set([x, y, yy / det, -xy / det, xx / det, log], k * per)
  })
  const at = (i: number): number => table[i] as number
  const joint = (k: number, x: number, y: number): number => {
    const i = k * per
    const dx = x - at(i)
    const dy = y - at(i + 1)
    return at(i + 5) - (dx * dx * at(i + 2) + 2 * dx * dy * at(i + 3) + dy * dy * at(i + 4)) / 2
  }
  const logs = new Float64Array(law.length)
  /** Fills `logs`, and answers the place of the largest. */
  const look = (x: number, y: number): number => {
    let best = 0
    for (let k = 0; k < logs.length; k++) {
      logs[k] = joint(k, x, y)
      if ((logs[k] as number) > (logs[best] as number)) best = k
    }
    return best
  }
  return {
    nearest: look,
    log: (x, y) => {
      const top = logs[look(x, y)] as number
      let sum = 0
      for (let k = 0; k < logs.length; k++) sum += Math.exp((logs[k] as number) - top)
      return top + Math.log(sum)
    },
    score: (x, y) => {
      const top = logs[look(x, y)] as number
      let [sum, gx, gy] = [0, 0, 0]
      for (let k = 0; k < logs.length; k++) {
        const w = Math.exp((logs[k] as number) - top)
        const i = k * per
        const [dx, dy] = [x - at(i), y - at(i + 1)]
        sum += w
        gx -= w * (dx * at(i + 2) + dy * at(i + 3))
        gy -= w * (dx * at(i + 3) + dy * at(i + 4))
      }
      return [gx / sum, gy / sum]
    },
  }
}
