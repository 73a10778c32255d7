import type { AnyMethod, Checkpoint, GuidedStep, Prior, Problem, Settings, StateTree } from '@tweedie/solvers'
import { countCalls, psnr } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import type { Picture } from '../pictures/picture.ts'
import { isPicture, toPictures } from '../pictures/picture.ts'
import type { TracePoint } from '../record/record.ts'
import { drive } from './drive.ts'

/** A method to run on a batch of measurements. */
export interface MethodRequest {
  readonly method: AnyMethod
  readonly problem: Problem
  readonly prior: Prior
  /** Checked, defaults filled in or not. */
  readonly options: Settings
  /** What was measured, [N, C, H, W], where it is known. */
  readonly truth?: Tensor | undefined
  /** The state of an earlier run of the same request, to go on from. */
  readonly resume?: PartialRun | undefined
  /** Stops the run between two steps. */
  readonly signal?: AbortSignal | undefined
  /** Called with the state of a run that is stopped; its tensors are valid until the call returns. */
  readonly onInterrupt?: ((partial: PartialRun) => Promise<void>) | undefined
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

/** The denoised guess of the first sample after a step. */
export interface Glimpse {
  readonly i: number
  readonly picture: Picture
}

/** What came of it. The caller owns the tensor. */
export interface Outcome {
  readonly x: Tensor
  readonly trace: readonly TracePoint[]
  /** At a few steps, from the first to the last; none where a sample is no picture. */
  readonly strip: readonly Glimpse[]
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

/** The first picture of a batch. */
async function firstPicture(x: Tensor): Promise<Picture | undefined> {
  const first = x.slice([0, 1])
  try {
    return (await toPictures(first))[0]
  } finally {
    first.dispose()
  }
}

/**
 * Runs a method to its end, keeping what each step shows: the residual and PSNR of x̂₀ and, now and then, its
 * picture. The seconds are those of the method, without the watching.
 * @throws {InterruptedError} between two steps, when the run is asked to stop.
 * @throws {NonFiniteError} where the restoration is not finite.
 */
export async function runMethod(request: MethodRequest): Promise<Outcome> {
  const { method, problem, options, truth, resume, onStep, onInterrupt } = request
  const prior = countCalls(request.prior)
  const former = resume ?? { trace: [], nfe: 0, vjps: 0, seconds: 0 }
  const trace: TracePoint[] = [...former.trace]
  const strip: Glimpse[] = []
  let watching = 0
  const started = performance.now()
  const spent = () => ({
    nfe: former.nfe + prior.calls.total,
    vjps: former.vjps + prior.calls.recorded,
    seconds: former.seconds + (performance.now() - started - watching) / 1000,
  })
  const from = resume === undefined ? {} : { resume: { next: resume.next, state: resume.state } }
  const x = await drive<GuidedStep>(method.run(problem, prior, { ...options, ...from }), {
    signal: request.signal,
    diverged: `${method.info.name} diverged: its result is not finite (try more steps or weaker guidance)`,
    onStep: async (step) => {
      const began = performance.now()
      const { i, steps, t, x0hat, residual } = step
      trace.push({
        i,
        t,
        residual: [...residual],
        ...(truth === undefined ? {} : { psnr: [...(await psnr(x0hat, truth))] }),
      })
      const shown = isShown(i, steps) && isPicture(prior.shape)
      const picture = shown ? await firstPicture(x0hat) : undefined
      if (picture !== undefined) strip.push({ i, picture })
      watching += performance.now() - began
      onStep?.((i + 1) / steps)
    },
    onInterrupt: ({ i, state }) => onInterrupt?.({ next: i + 1, state, trace, ...spent() }),
  })
  return { x, trace, strip, ...spent() }
}
