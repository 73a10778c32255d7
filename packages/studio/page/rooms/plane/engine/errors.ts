import { breathe } from '@tweedie/solvers'
import { normal, randomKey, scope } from '@tweedie/tensor'
import { posterior } from '../law.ts'
import { exactGuidance } from '../lens.ts'
import { fieldOf, timesOf } from './guidance.ts'
import type { PlaneProblem } from './problem.ts'
import { posed } from './problem.ts'

/** How wrong the guidance of a method is along its run. */
export interface GuidanceErrors {
  /** Places in the run, 0 … 1, in order. */
  readonly places: readonly number[]
  /** E‖g − g*‖/E‖g*‖ over x_t of the exact p(x_t | y), at each place. */
  readonly errors: readonly number[]
}

/** Points that an expectation is taken over. */
const count = 160
/** Places at most. */
const most = 24

/** The relative error of a method's guidance at places of its run; undefined for methods that have none. */
export async function errorsOf(
  plane: PlaneProblem,
  method: string,
  signal: AbortSignal,
): Promise<GuidanceErrors | undefined> {
  const times = await timesOf(method, plane)
  const steps = times.length - 1
  const { prior, problem } = await posed(plane)
  const { schedule } = prior
  const exact = prior.law.posterior(problem.operator, [plane.stripe.offset], plane.stripe.sigma).law
  const keys = Array.from({ length: count }, (_, i) => randomKey(0).fold('plane errors').fold(i))
  const [clean, noise] = scope(() => [
    Float64Array.from(exact.sample(keys).dataSync(), Number),
    Float64Array.from(normal(randomKey(0).fold('plane errors'), [count, 2]).dataSync(), Number),
  ])
  const after = posterior(plane.law, plane.stripe).law
  const places: number[] = []
  const errors: number[] = []
  const stride = Math.max(1, Math.ceil(steps / most))
  for (let index = 0; index < steps; index += stride) {
    if (signal.aborted) break
    const t = times[index] ?? 0
    const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
    const points = Float32Array.from(clean ?? [], (x, i) => alpha * x + sigma * (noise?.[i] ?? 0))
    const field = await fieldOf({ plane, method, index, points })
    if (field === undefined) return undefined
    const truth = exactGuidance({ law: plane.law, posterior: after, alpha, sigma })
    let [off, size] = [0, 0]
    for (let i = 0; i < points.length; i += 2) {
      const [gx, gy] = truth([points[i] ?? 0, points[i + 1] ?? 0])
      off += Math.hypot((field[i] ?? 0) - gx, (field[i + 1] ?? 0) - gy)
      size += Math.hypot(gx, gy)
    }
    places.push(index / steps)
    errors.push(off / size)
    await breathe()
  }
  return { places, errors }
}
