import type { Frame } from './engine/frames.ts'
import type { Point } from './law.ts'

/** The particle of a frame that is nearest to a point. */
export function nearestParticle({ x }: Frame, [px, py]: Point): number {
  let [best, least] = [0, Infinity]
  for (let i = 0; i < x.length / 2; i++) {
    const far = Math.hypot((x[2 * i] ?? 0) - px, (x[2 * i + 1] ?? 0) - py)
    if (far < least) [best, least] = [i, far]
  }
  return best
}

/** Where a particle is; undefined where the frame has no such. */
export function particleOf({ x }: Frame, index: number): Point | undefined {
  const [px, py] = [x[2 * index], x[2 * index + 1]]
  return px === undefined || py === undefined ? undefined : [px, py]
}

/** The way of a particle of frame `until` from the first frame on: through its ancestors, of methods that resample. */
export function wayOf(frames: readonly Frame[], until: Frame, index: number): Point[] {
  const way: Point[] = []
  let own = index
  for (const frame of frames.filter((one) => one.index <= until.index).toReversed()) {
    const at = particleOf(frame, own)
    if (at === undefined) break
    way.push(at)
    own = frame.population?.ancestors[own] ?? own
  }
  return way.reverse()
}

/** How many particles of the first frame those of `until` come from. */
export function survivors(frames: readonly Frame[], until: Frame): number {
  let alive = new Set(Array.from({ length: until.x.length / 2 }, (_, i) => i))
  for (const { index, population } of frames.toReversed()) {
    if (index > until.index || population === undefined || index === frames[0]?.index) continue
    alive = new Set([...alive].map((k) => population.ancestors[k] ?? k))
  }
  return alive.size
}
