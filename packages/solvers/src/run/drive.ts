import type { Tensor } from '@tweedie/tensor'
import { NonFiniteError, OptionError, scope, settled, treeLeaves, treeMap } from '@tweedie/tensor'
import type { PathStep } from '../schedules/time-travel.ts'
import type { Checkpoint, StateTree, Step } from '../types.ts'
import { breather } from './breathe.ts'
import { readsAtOnce, requireFinite } from './finite.ts'

/** Numbers of each sample, [N] or [N, 1, …] each, that a step shows read back. */
export type SampleNumbers = Readonly<Record<string, Tensor>>

/** What one step of a {@link Recurrence} computed. */
export interface Iteration<State, Shown, Numbers extends SampleNumbers> {
  /** The state after it. */
  readonly state: State
  /** Tensors to show in the step. */
  readonly shown: Shown
  readonly numbers: Numbers
  /** True where nothing is left to do: the run ends with this step, though its times go on. */
  readonly ended?: boolean
}

/** A method as two pure functions of its state. */
export interface Recurrence<
  State extends StateTree,
  Shown extends { readonly x0hat: Tensor },
  Numbers extends SampleNumbers,
> {
  /** The state before the first step. */
  start(): State
  /** One step; what it creates and does not return is freed. */
  step(state: State, at: PathStep, i: number): Iteration<State, Shown, Numbers>
  /** What the run returns of the last state; its x where left out. */
  result?(state: State): Tensor
}

/** All that {@link iterate} needs of a run. */
export interface Plan<
  State extends StateTree,
  Shown extends { readonly x0hat: Tensor },
  Numbers extends SampleNumbers,
> extends Recurrence<State, Shown, Numbers> {
  /** Name of the method, for messages. */
  readonly name: string
  /** The measurement of a method, refused before the first step where it is not finite. */
  readonly y?: Tensor
  /** The steps. */
  readonly times: readonly PathStep[]
  /** A run to continue instead of starting one. */
  readonly resume?: Checkpoint | undefined
}

/** What a run shows of each step: {@link Step}, the tensors of its plan, and its numbers read back. */
export type Shows<Shown, Numbers> = Step & Shown & { readonly [K in keyof Numbers]: readonly number[] }

/**
 * Runs a plan as an async generator: scopes each step, reads the numbers back, and frees the state and
 * whatever was shown, also where the caller breaks off. Returns x of the last state, or what the plan makes of that state,
 * which the caller owns.
 *
 * @throws {NonFiniteError} where a number of a step is NaN or infinite: the run has diverged; or where the
 * measurement is so.
 */
export async function* iterate<
  State extends StateTree,
  Shown extends { readonly x0hat: Tensor },
  Numbers extends SampleNumbers,
>(plan: Plan<State, Shown, Numbers>): AsyncGenerator<Shows<Shown, Numbers>, Tensor> {
  const { name, times } = plan
  const first = plan.resume?.next ?? 0
  if (!(Number.isInteger(first) && first >= 0 && first <= times.length)) {
    throw new OptionError('resume', `next must be in 0 … ${times.length}, got ${first}`)
  }
  // On other devices `checkFit` has looked.
  if (plan.y !== undefined && !readsAtOnce(plan.y)) await requireFinite(name, 'the measurement y', plan.y)
  let state = await owned(
    () => (plan.resume === undefined ? plan.start() : (plan.resume.state as State)),
    plan.y,
  )
  let passing: unknown
  try {
    for (let i = first; i < times.length; i++) {
      const at = times[i]!
      const done = await owned(() => plan.step(state, at, i), state.x)
      free(state)
      state = done.state
      passing = [done.shown, done.numbers]
      const numbers: Record<string, readonly number[]> = {}
      for (const [key, values] of Object.entries(done.numbers)) {
        numbers[key] = Array.from(await values.data())
        if (!numbers[key].every(Number.isFinite)) {
          throw new NonFiniteError(
            `${name}: ${key} is ${numbers[key].find((v) => !Number.isFinite(v))} in step ${i + 1} of ` +
              `${times.length} (t = ${at.t}); the run has diverged: take smaller steps or weaker guidance`,
          )
        }
      }
      yield {
        i,
        steps: times.length,
        t: at.t,
        x: state.x,
        state,
        ...done.shown,
        ...(numbers as { readonly [K in keyof Numbers]: readonly number[] }),
      }
      free(passing)
      if (done.ended === true) break
    }
    return await owned(() => plan.result?.(state) ?? state.x, state.x)
  } finally {
    free([state, passing])
  }
}

/**
 * What `fn` returns, with tensors that only this module owns; all others that `fn` created are freed. It may read at once
 * on the device of `on` even where that cannot be waited for.
 */
const owned = <T>(fn: () => T, on: Tensor | undefined): T | Promise<T> =>
  settled(on?.device, () => scope(() => treeMap(fn(), (x) => x.detach())))

function free(tree: unknown): void {
  for (const x of treeLeaves(tree)) x.dispose()
}

/** How {@link run} is watched and stopped. */
export interface RunControl<S> {
  /** Called with each step, and awaited. */
  onStep?: (step: S) => void | Promise<void>
  /** Stops the run between two steps: it frees what it holds and throws the signal's reason. */
  signal?: AbortSignal
  /**
   * Yields to the event loop between two steps, at most once in this many milliseconds (`true`: 16), so that a page
   * paints and timers fire. Without it a run on a synchronous device holds the thread from its first step to its
   * last. The result is the same, bit for bit.
   */
  breathe?: boolean | number
}

/**
 * Drives a method or sampler to its end.
 * @throws {OptionError} where `breathe` is no number of milliseconds.
 * @returns The restoration [N, …shape], which the caller owns.
 * @example
 * ```ts
 * import { gaussianPrior, run, sampleUnconditional, vpLinear } from '@tweedie/solvers'
 * const prior = gaussianPrior({ mean: [0.5, -0.5], covariance: 0.01, schedule: vpLinear() })
 * const x = await run(sampleUnconditional(prior, { count: 4, steps: 20 }))
 * x.shape // => [4, 2]
 * ```
 */
export async function run<S>(steps: AsyncGenerator<S, Tensor>, control: RunControl<S> = {}): Promise<Tensor> {
  try {
    const breath = breather(control.breathe)
    for (;;) {
      control.signal?.throwIfAborted()
      const next = await steps.next()
      if (next.done === true) return next.value
      await control.onStep?.(next.value)
      await breath()
    }
  } finally {
    await steps.return(undefined as never)
  }
}
