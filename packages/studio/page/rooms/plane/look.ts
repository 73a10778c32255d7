import type { Accessor } from 'solid-js'
import { createMemo } from 'solid-js'
import { createLatest } from '../../parts/latest.ts'
import { engine } from '../../worker/client.ts'
import type { Frame } from './engine/frames.ts'
import type { Layer } from './fields.ts'
import { reach } from './fields.ts'
import type { Law, Point, Stripe } from './law.ts'
import { densityOf, noised, posterior } from './law.ts'
import type { Difference } from './lens.ts'
import { asMove, differenceOf, exactGuidance, latticeOf, priorScore } from './lens.ts'

/** Arrows are seen at so many places along a side, errors at more. */
const sides = { guidance: 15, error: 36 } as const

/** A method's guidance at places, beside the exact one; each as a move of x̂₀. */
export interface Field {
  readonly side: number
  readonly points: Float32Array
  readonly own: readonly Point[]
  readonly exact: readonly Point[]
  /** How likely x_t is there, the cube root of its density over the highest: errors count where particles come. */
  readonly presence: readonly number[]
}

/** The three arrows at one place. */
export interface Arrows {
  readonly at: Point
  readonly prior: Point
  readonly exact: Point
  /** Absent where the method has none, or is still asked. */
  readonly own?: Point
  readonly difference?: Difference
}

/** What is to be looked at. */
export interface Seen {
  readonly law: Law
  readonly stripe: Stripe
  readonly method: string
  readonly frame: Frame | undefined
  readonly show: readonly Layer[]
  readonly lens: Point | undefined
}

/** Whether the guidance of a frame can be asked for: there is a step that begins with it, at a level of noise. */
const asks = (frame: Frame | undefined): frame is Frame =>
  frame !== undefined && frame.index < frame.steps && frame.sigma > 0

/** The guidance of a method over the plane and under the lens, as it is looked at. */
export function createLook(seen: Accessor<Seen>): {
  readonly field: Accessor<Field | undefined>
  readonly arrows: Accessor<Arrows | undefined>
} {
  const exact = createMemo(() => {
    const { law, stripe, frame } = seen()
    if (!asks(frame)) return undefined
    const level = { law, posterior: posterior(law, stripe).law, alpha: frame.alpha, sigma: frame.sigma }
    const density = densityOf(noised(law, frame.alpha, frame.sigma))
    return { level, density, guidance: exactGuidance(level), prior: priorScore(level) }
  })
  const field = createLatest(
    () => {
      const { law, stripe, method, frame, show } = seen()
      const truth = exact()
      const side = show.includes('error')
        ? sides.error
        : show.includes('guidance')
          ? sides.guidance
          : undefined
      if (side === undefined || truth === undefined || !asks(frame)) return undefined
      return { plane: { law, stripe }, method, index: frame.index, side, truth }
    },
    async ({ plane, method, index, side, truth }): Promise<Field | undefined> => {
      const points = latticeOf(side, reach)
      const scores = await engine.plane.field({ plane, method, index, points })
      if (scores === undefined) return undefined
      const places = Array.from({ length: side * side }, (_, i) => i)
      const logs = places.map((i) => truth.density.log(points[2 * i] ?? 0, points[2 * i + 1] ?? 0))
      const top = logs.reduce((a, b) => Math.max(a, b), -Infinity)
      return {
        side,
        points,
        presence: logs.map((log) => Math.exp((log - top) / 3)),
        own: places.map((i) => asMove(truth.level, [scores[2 * i] ?? 0, scores[2 * i + 1] ?? 0])),
        exact: places.map((i) =>
          asMove(truth.level, truth.guidance([points[2 * i] ?? 0, points[2 * i + 1] ?? 0])),
        ),
      }
    },
  )
  const underLens = createLatest(
    () => {
      const { law, stripe, method, frame, lens } = seen()
      if (lens === undefined || !asks(frame)) return undefined
      return { plane: { law, stripe }, method, index: frame.index, points: Float32Array.from(lens), lens }
    },
    async ({ lens, ...request }) => {
      const score = await engine.plane.field(request)
      return score && { lens, score: [score[0] ?? 0, score[1] ?? 0] as const }
    },
  )
  const arrows = createMemo((): Arrows | undefined => {
    const { lens } = seen()
    const truth = exact()
    if (lens === undefined || truth === undefined) return undefined
    const of = {
      at: lens,
      prior: asMove(truth.level, truth.prior(lens)),
      exact: asMove(truth.level, truth.guidance(lens)),
    }
    const found = underLens()
    if (found === undefined) return of
    const own = asMove(truth.level, found.score)
    return { ...of, own, difference: differenceOf(own, of.exact) }
  })
  return { field, arrows }
}
