import { OptionError } from '@tweedie/tensor'

/** φ(α) = f(x + α·p) along a search direction p, and its slope φ'(α) = ∇f(x + α·p)·p. */
export interface LinePoint {
  readonly alpha: number
  readonly value: number
  readonly slope: number
}

/** Options of {@link strongWolfe}. */
export interface LineSearchOptions {
  /** First α to try. Default 1. */
  initial?: number
  /** c₁ of the decrease condition. Default 1e-4. */
  decrease?: number
  /** c₂ of the curvature condition; c₁ < c₂ < 1. Default 0.9, for quasi-Newton directions. */
  curvature?: number
  /** Most evaluations of φ. Default 25. */
  maxEvaluations?: number
  /** A rise of φ to put down to rounding: added to the right of the decrease condition. Default 0. */
  slack?: number
}

/** What a line search came to. */
export interface LineSearchResult<Point extends LinePoint> {
  /** Where it ended; where the conditions do not hold, the lowest point seen that decreases enough, or `start`. */
  readonly point: Point
  /** Whether both conditions hold there. */
  readonly satisfied: boolean
  readonly evaluations: number
}

/**
 * The minimiser of the cubic through two points with their slopes (Nocedal & Wright eq. 3.59), kept a tenth of
 * the interval away from its ends; its middle where there is no such cubic.
 */
function interpolate(a: LinePoint, b: LinePoint): number {
  const middle = (a.alpha + b.alpha) / 2
  const d1 = a.slope + b.slope - (3 * (a.value - b.value)) / (a.alpha - b.alpha)
  const d2 = Math.sign(b.alpha - a.alpha) * Math.sqrt(d1 * d1 - a.slope * b.slope)
  const alpha = b.alpha - (b.alpha - a.alpha) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
  const [low, high] = [Math.min(a.alpha, b.alpha), Math.max(a.alpha, b.alpha)]
  const margin = (high - low) / 10
  return Number.isFinite(alpha) ? Math.min(Math.max(alpha, low + margin), high - margin) : middle
}

/**
 * An α that meets the strong Wolfe conditions (Nocedal & Wright 2006, eq. 3.7)
 *
 *     φ(α) ≤ φ(0) + c₁·α·φ'(0),      |φ'(α)| ≤ c₂·|φ'(0)|
 *
 * by Algorithms 3.5 (bracket, doubling α) and 3.6 (zoom, cubic interpolation with every third trial a
 * bisection). A φ(α) that is NaN or infinite counts as too high, so the search backs off from it.
 *
 * @param phi - Evaluates φ; what it returns may carry more than the point, and is handed back.
 * @param start - The point at α = 0.
 * @throws {OptionError} where the direction does not lead downhill, or not 0 < c₁ < c₂ < 1.
 * @example
 * ```ts
 * import { strongWolfe } from '@tweedie/autograd'
 * const phi = (alpha: number) => ({ alpha, value: (alpha - 3) ** 2, slope: 2 * (alpha - 3) })
 * const { point, satisfied } = strongWolfe(phi, phi(0), { curvature: 0.1 })
 * satisfied // => true
 * point.alpha // ≈ 3.0
 * ```
 */
export function strongWolfe<Point extends LinePoint>(
  phi: (alpha: number) => Point,
  start: Point,
  options: LineSearchOptions = {},
): LineSearchResult<Point> {
  const search = wolfeTrials(start, options)
  let asked = search.next()
  while (asked.done !== true) asked = search.next(phi(asked.value))
  return asked.value
}

/**
 * {@link strongWolfe} one trial at a time: yields the α where φ is to be evaluated and takes the point there. A search
 * that was left is taken up again by giving its points to a new one, in order.
 *
 * @throws {OptionError} as {@link strongWolfe}, when it is first asked.
 * @example
 * ```ts
 * import { wolfeTrials } from '@tweedie/autograd'
 * const search = wolfeTrials({ alpha: 0, value: 9, slope: -6 })
 * search.next().value // => 1
 * search.next({ alpha: 1, value: 4, slope: -4 }).value // => { point: { alpha: 1, value: 4, slope: -4 }, satisfied: true, evaluations: 1 }
 * ```
 */
export function* wolfeTrials<Point extends LinePoint>(
  start: Point,
  options: LineSearchOptions = {},
): Generator<number, LineSearchResult<Point>, Point> {
  const { initial = 1, decrease = 1e-4, curvature = 0.9, maxEvaluations = 25, slack = 0 } = options
  if (!(decrease > 0 && decrease < curvature && curvature < 1)) {
    throw new OptionError('curvature', `needs 0 < decrease < curvature < 1, got ${decrease} and ${curvature}`)
  }
  if (!(initial > 0)) throw new OptionError('initial', `must be above 0, got ${initial}`)
  if (!(start.slope < 0)) throw new OptionError('start', `the slope must be below 0, got ${start.slope}`)
  const low = (p: Point) =>
    Number.isFinite(p.value) && p.value <= start.value + decrease * p.alpha * start.slope + slack
  const good = (p: Point) => low(p) && Math.abs(p.slope) <= -curvature * start.slope
  let evaluations = 0

  // Algorithm 3.5: until an interval holds an answer. `lo` is always its better end.
  let lo = start
  let hi: Point | undefined
  for (let alpha = initial; hi === undefined; alpha *= 2) {
    if (evaluations >= maxEvaluations) return { point: lo, satisfied: false, evaluations }
    const p: Point = yield alpha
    evaluations++
    if (good(p)) return { point: p, satisfied: true, evaluations }
    if (!low(p) || (lo !== start && p.value >= lo.value)) hi = p
    else [lo, hi] = p.slope >= 0 ? [p, lo] : [p, undefined]
  }

  // Algorithm 3.6.
  for (let trial = 1; evaluations < maxEvaluations; trial++) {
    const alpha: number = trial % 3 === 0 ? (lo.alpha + hi.alpha) / 2 : interpolate(lo, hi)
    if (alpha === lo.alpha || alpha === hi.alpha) break // no number left between them
    const p: Point = yield alpha
    evaluations++
    if (good(p)) return { point: p, satisfied: true, evaluations }
    if (!low(p) || p.value >= lo.value) hi = p
    else {
      if (p.slope * (hi.alpha - lo.alpha) >= 0) hi = lo
      lo = p
    }
  }
  return { point: lo, satisfied: false, evaluations }
}
