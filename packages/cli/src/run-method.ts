import type { GuidedStep, MethodInfo, Operator, Prior, Problem, RunOptions, Step } from '@tweedie/solvers'
import { countCalls } from '@tweedie/solvers'
import { NonFiniteError, type Tensor } from '@tweedie/tensor'
import type { Picture } from './images/picture.ts'
import { toPictures } from './images/picture.ts'
import type { Io } from './io.ts'
import { breathe } from './io.ts'
import type { TracePoint } from './report/record.ts'
import { psnrs, residuals } from './scores.ts'

/** A method to run on a batch of measurements. */
export interface Request {
  readonly method: MethodInfo
  readonly problem: Problem<Operator>
  readonly prior: Prior
  readonly options: RunOptions & Readonly<Record<string, unknown>>
  /** What was measured, [N, C, H, W], where it is known. */
  readonly truth?: Tensor
  /** @param done - The part of the run that is done, 0 … 1. */
  onStep?(done: number): void
}

/** What came of it. The caller owns the tensor. */
export interface Outcome {
  readonly x: Tensor
  readonly trace: readonly TracePoint[]
  /** The denoised guess of the first sample at a few steps. */
  readonly strip: readonly { i: number; picture: Picture }[]
  readonly nfe: number
  /** How many of them were recorded on a tape, to go back through the network. */
  readonly vjps: number
  readonly seconds: number
}

/** About how many pictures a strip has. */
const stripLength = 8

/**
 * Runs a method to its end, keeping what each step shows: the residual and PSNR of x̂₀ and, now and then, its
 * picture.
 * @throws {InterruptedError} between two steps, when the run is asked to stop.
 * @throws {NonFiniteError} where the restoration is not finite.
 */
export async function runMethod(io: Io, request: Request): Promise<Outcome> {
  const { method, problem, options, truth, onStep } = request
  const prior = countCalls(request.prior)
  const trace: TracePoint[] = []
  const strip: { i: number; picture: Picture }[] = []
  let watching = 0
  const watch = async (step: Step) => {
    const started = performance.now()
    const { i, steps, t, x0hat } = step
    trace.push({
      i,
      t,
      residual: 'residual' in step ? [...(step as GuidedStep).residual] : await residuals(problem, x0hat),
      ...(truth === undefined ? {} : { psnr: await psnrs(x0hat, truth) }),
    })
    const due = Math.floor((strip.length * Math.max(1, steps - 1)) / (stripLength - 1))
    if (i >= due || i === steps - 1) {
      const picture = (await toPictures(x0hat.slice([0, 1])))[0]!
      strip.push({ i, picture })
    }
    watching += performance.now() - started
    onStep?.((i + 1) / steps)
  }
  const started = performance.now()
  const generator = method.run(problem, prior, options)
  let ended = false
  try {
    while (true) {
      const next = await generator.next()
      if (next.done === true) {
        ended = true
        const seconds = (performance.now() - started - watching) / 1000
        const x = next.value
        if ((await x.data()).some((value) => !Number.isFinite(value))) {
          x.dispose()
          throw new NonFiniteError(
            `${method.name} diverged: its result is not finite (try more steps or weaker guidance)`,
          )
        }
        return { x, trace, strip, nfe: prior.calls.total, vjps: prior.calls.recorded, seconds }
      }
      await watch(next.value)
      await breathe(io)
    }
  } finally {
    if (!ended) await generator.return(undefined as never)
  }
}
