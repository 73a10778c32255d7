import type { AnyMethod, ExactPrior, Schedule, Settings } from '@tweedie/solvers'
import { ddimStep } from '@tweedie/solvers'
import { fromData, scope, tensor, zeros } from '@tweedie/tensor'
import type { Shown } from './frames.ts'
import { methodOf } from './method.ts'
import type { PlaneProblem } from './problem.ts'
import { posed } from './problem.ts'

/**
 * What the `guidance` that a step shows is: an approximation of ∇log p(y | x_t); what is added to x_s after the step; or
 * what is added to x̂₀ before it.
 */
export type GuidanceKind = 'score' | 'shift' | 'estimate'

const kinds: Readonly<Record<string, GuidanceKind>> = {
  dps: 'shift',
  pigdm: 'shift',
  dmps: 'shift',
  mpgd: 'shift',
  mcg: 'shift',
  dsg: 'shift',
  tmpd: 'score',
  mmps: 'score',
  'lgd-mc': 'score',
  ddnm: 'estimate',
  dds: 'estimate',
  diffpir: 'estimate',
}

/** Of a method whose whole state is x_t and whose step is moved by a guidance; undefined of another. */
export function guidanceKind({ info: { name } }: AnyMethod, settings: Settings): GuidanceKind | undefined {
  if (name === 'dps' && settings['guidance'] === 'likelihood') return 'score'
  return kinds[name]
}

/** What x₀ counts for in x_s, of a step by DDIM's kernel: ∂x_s/∂x₀. */
export function countOfX0(schedule: Schedule, t: number, s: number, eta: number): number {
  return scope(() => {
    const nothing = zeros([1], { dtype: 'float64' })
    const one = tensor([1], { dtype: 'float64' })
    return Number(ddimStep(nothing, one, nothing, { schedule, t, s, eta }).dataSync()[0])
  })
}

/** The factor that makes a score of a guidance, by the conditional Tweedie formula x₀ + (σ²/α)·g. */
export function toScore(
  kind: GuidanceKind,
  { schedule }: Pick<ExactPrior, 'schedule'>,
  { t, s, eta }: { readonly t: number; readonly s: number; readonly eta: number },
): number {
  const tweedie = schedule.alpha(t) / schedule.sigma(t) ** 2
  if (kind === 'score') return 1
  return kind === 'estimate' ? tweedie : tweedie / countOfX0(schedule, t, s, eta)
}

/** A question after the guidance of a method at points x_t. */
export interface FieldRequest {
  readonly plane: PlaneProblem
  readonly method: string
  /** Of the step that begins at x_t. */
  readonly index: number
  /** [N, 2]. */
  readonly points: Float32Array
}

/** Times of runs that were asked for, by method and settings. */
const times = new Map<string, readonly number[]>()

/** The times at which the steps of a run begin, and the clean end. */
export async function timesOf(text: string, plane: PlaneProblem): Promise<readonly number[]> {
  const known = times.get(text)
  if (known !== undefined) return known
  const { method, settings } = methodOf(text)
  const { prior, problem } = await posed(plane)
  using y = scope(() => problem.y.mul(1)) // of our own: another problem may come while this runs
  const found: number[] = []
  for await (const step of method.run({ ...problem, y }, prior, settings)) found.push(step.t)
  if (times.size > 50) times.clear()
  times.set(text, [...found, prior.schedule.clean])
  return times.get(text) ?? []
}

/** Forgets the times of former runs. */
export function forgetTimes(): void {
  times.clear()
}

/**
 * The guidance of a method at points x_t as an approximation of ∇log p(y | x_t), [N, 2]: a score as it is; a displacement as
 * the score that would have moved x_s as far in the mean. Undefined for methods that have none, and past the last step.
 */
export async function fieldOf({
  plane,
  method: text,
  index,
  points,
}: FieldRequest): Promise<Float32Array<ArrayBuffer> | undefined> {
  const { method, settings } = methodOf(text)
  const kind = guidanceKind(method, settings)
  if (kind === undefined) return undefined
  const path = await timesOf(text, plane)
  const [t, s] = [path[index], path[index + 1]]
  if (t === undefined || s === undefined) return undefined
  const { prior, problem } = await posed(plane)
  const count = points.length / 2
  using x = fromData(points, [count, 2], { dtype: 'float32' })
  using y = scope(() => problem.y.broadcastTo([count, 1]).mul(1))
  const steps = method.run({ ...problem, y }, prior, { ...settings, resume: { next: index, state: { x } } })
  try {
    const { value } = await steps.next()
    const { guidance } = value as Shown & { readonly guidance: Shown['x'] }
    const eta = method.info.options['eta']
    const asked = settings['eta'] ?? eta?.default
    const factor = toScore(kind, prior, { t, s, eta: typeof asked === 'number' ? asked : 1 })
    return Float32Array.from(guidance.dataSync(), (g) => Number(g) * factor)
  } finally {
    await steps.return(undefined as never)
  }
}
