import type {
  AnyMethod,
  Checkpoint,
  GuidedStep,
  Operator,
  Prior,
  Problem,
  RunOptions,
  StateTree,
  Step,
} from '@tweedie/solvers'
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
  readonly method: AnyMethod
  readonly problem: Problem<Operator>
  readonly prior: Prior
  readonly options: RunOptions & Readonly<Record<string, unknown>>
  /** What was measured, [N, C, H, W], where it is known. */
  readonly truth?: Tensor
  /** What an earlier run of the same request had come to; this one goes on from there. */
  readonly resume?: PartialRun
  /** Called where the run is stopped, with what it has come to; the tensors are valid until it returns. */
  onInterrupt?(partial: PartialRun): Promise<void>
  /** @param done - The part of the run that is done, 0 … 1. */
  onStep?(done: number): void
}

/** Where a run has come to between two steps. */
export interface PartialRun extends Checkpoint {
  readonly state: StateTree
  readonly trace: readonly TracePoint[]
  readonly nfe: number
  readonly vjps: number
  readonly seconds: number
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

/** How many pictures a strip has. */
const stripLength = 8

/** Whether a strip shows step i: the first, the last, and some evenly between them. */
function isShown(i: number, steps: number): boolean {
  const spacing = (steps - 1) / (stripLength - 1)
  return spacing <= 1 || i === Math.round(Math.round(i / spacing) * spacing)
}

/**
 * Runs a method to its end, keeping what each step shows: the residual and PSNR of x̂₀ and, now and then, its
 * picture.
 * @throws {InterruptedError} between two steps, when the run is asked to stop.
 * @throws {NonFiniteError} where the restoration is not finite.
 */
export async function runMethod(io: Io, request: Request): Promise<Outcome> {
  const { method, problem, options, truth, onStep } = request
  const prior = countCalls(request.prior)
  const former = request.resume ?? { trace: [], nfe: 0, vjps: 0, seconds: 0 }
  const trace: TracePoint[] = [...former.trace]
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
    if (isShown(i, steps)) {
      const picture = (await toPictures(x0hat.slice([0, 1])))[0]!
      strip.push({ i, picture })
    }
    watching += performance.now() - started
    onStep?.((i + 1) / steps)
  }
  const started = performance.now()
  const spent = () => ({
    nfe: former.nfe + prior.calls.total,
    vjps: former.vjps + prior.calls.recorded,
    seconds: former.seconds + (performance.now() - started - watching) / 1000,
  })
  const { resume } = request
  const from = resume === undefined ? {} : { resume: { next: resume.next, state: resume.state } }
  const generator = method.run(problem, prior, { ...options, ...from })
  let ended = false
  try {
    while (true) {
      const next = await generator.next()
      if (next.done === true) {
        ended = true
        const x = next.value
        if ((await x.data()).some((value) => !Number.isFinite(value))) {
          x.dispose()
          throw new NonFiniteError(
            `${method.info.name} diverged: its result is not finite (try more steps or weaker guidance)`,
          )
        }
        return { x, trace, strip, ...spent() }
      }
      await watch(next.value)
      try {
        await breathe(io)
      } catch (error) {
        const { i, state } = next.value
        await request.onInterrupt?.({ next: i + 1, state, trace, ...spent() })
        throw error
      }
    }
  } finally {
    if (!ended) await generator.return(undefined as never)
  }
}
