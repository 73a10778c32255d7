import type { AnyMethod, Checkpoint, GuidedStep, Prior, Problem, Settings, StateTree } from '@tweedie/solvers'
import { countCalls, pictureShape, psnr } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { memory, resetPeak } from '@tweedie/tensor'
import type { Picture } from '../pictures/picture.ts'
import { isPicture, reduced, toPictures } from '../pictures/picture.ts'
import { asPictures, operatorFor } from '../problem/latent.ts'
import type { TracePoint } from '../record/record.ts'
import { drive } from './drive.ts'

/** A method to run on a batch of measurements, of pictures where the prior is on latents. */
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
  /** Stops the run between two steps, or between two windows of a picture. */
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
  /** The most bytes in tensors at once, above those before it: of the run, or of what was done of it here. */
  readonly peakBytes: number
}

/** How many pictures a strip has. */
const stripLength = 8

/** Whether a strip shows step i: the first, the last, and some evenly between them. */
function isShown(i: number, steps: number): boolean {
  const spacing = (steps - 1) / (stripLength - 1)
  return spacing <= 1 || i === Math.round(Math.round(i / spacing) * spacing)
}

/** Pixels of the larger side of a picture in a strip: a large one is made smaller. */
const stripSide = 256

/** The first picture of a batch, small enough to be kept for each step that is shown. */
async function firstPicture(x: Tensor): Promise<Picture | undefined> {
  const first = x.slice([0, 1])
  try {
    const [picture] = await toPictures(first)
    return picture && reduced(picture, stripSide)
  } finally {
    first.dispose()
  }
}

/**
 * Runs a method to its end, keeping what each step shows: the residual and PSNR of x̂₀ and, now and then, its
 * picture. The seconds, and the bytes, are those of the method, without the watching; bytes of whatever else runs meanwhile count too.
 * @throws {InterruptedError} between two steps or two windows of a picture, when the run is asked to stop.
 * @throws {NonFiniteError} where the restoration is not finite.
 */
export async function runMethod(request: MethodRequest): Promise<Outcome> {
  const { method, options, truth, resume, onStep, onInterrupt } = request
  const operator = operatorFor(method.info, request.problem.operator, request.prior)
  const problem = { ...request.problem, operator }
  const prior = countCalls(request.prior)
  const former = resume ?? { trace: [], nfe: 0, vjps: 0, seconds: 0 }
  const trace: TracePoint[] = [...former.trace]
  const strip: Glimpse[] = []
  let watching = 0
  let peakBytes = 0
  resetPeak()
  const { bytes: before } = memory()
  const rising = () => {
    peakBytes = Math.max(peakBytes, memory().peakBytes - before)
  }
  const started = performance.now()
  const spent = () => ({
    nfe: former.nfe + prior.calls.total,
    vjps: former.vjps + prior.calls.recorded,
    seconds: former.seconds + (performance.now() - started - watching) / 1000,
  })
  const from = resume === undefined ? {} : { resume: { next: resume.next, state: resume.state } }
  using samples = await drive<GuidedStep>(method.run(problem, prior, { ...options, ...from }), {
    signal: request.signal,
    device: problem.y.device,
    diverged: `${method.info.name} diverged: its result is not finite (try more steps or weaker guidance)`,
    onStep: async (step) => {
      const began = performance.now()
      rising()
      const { i, steps, t, residual } = step
      using guess = asPictures(prior, step.x0hat)
      trace.push({
        i,
        t,
        residual: [...residual],
        ...(truth === undefined ? {} : { psnr: [...(await psnr(guess, truth))] }),
      })
      const shown = isShown(i, steps) && isPicture(pictureShape(prior))
      const picture = shown ? await firstPicture(guess) : undefined
      if (picture !== undefined) strip.push({ i, picture })
      watching += performance.now() - began
      resetPeak()
      onStep?.((i + 1) / steps)
    },
    onInterrupt: ({ i, state }) => onInterrupt?.({ next: i + 1, state, trace, ...spent() }),
  })
  rising()
  const { nfe, vjps, seconds } = spent()
  return { x: asPictures(prior, samples), trace, strip, nfe, vjps, seconds, peakBytes }
}
