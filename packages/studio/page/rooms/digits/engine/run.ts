import { drawsOf, drive } from '@tweedie/runs'
import type { AnyMethod, Catalog } from '@tweedie/solvers'
import { checkFit, countCalls, methods, psnr } from '@tweedie/solvers'
import { scope } from '@tweedie/tensor'
import type { Frame, Shown } from './frames.ts'
import { picturesOf } from './frames.ts'
import type { DigitsProblem, Ground } from './problem.ts'
import { pose } from './problem.ts'

/** A run that the page asks for. */
export interface RunRequest {
  readonly problem: DigitsProblem
  /** `name:key=value,…`. */
  readonly method: string
  /** Samples. */
  readonly count: number
  /** Of the noise of the measurement and of the method, as `tweedie restore --seed` takes it. */
  readonly seed: number
}

/** What a run has cost. */
export interface RunSummary {
  /** Evaluations of the prior, each for all samples; and how many were gone back through. */
  readonly nfe: number
  readonly vjps: number
  /** Without the time that the page took to watch. */
  readonly milliseconds: number
  /** σ_y·√m, the residual that the noise alone leaves; undefined where σ_y is not known. */
  readonly noiseResidual?: number
  /** What the method has to say of settings that were given. */
  readonly advice: readonly string[]
}

/** The most frames that a run shows; of longer ones each so many-th. */
const mostFrames = 200

/**
 * Runs a method of `known` on a digit. `onFrame` is awaited; the arrays it gets are the caller's.
 * @throws {UnfitError | OptionError} before any work. @throws {NonFiniteError} where it diverges.
 * @throws {InterruptedError} between two steps.
 */
export async function runDigits(
  { problem, method: text, count, seed }: RunRequest,
  ground: Ground,
  signal: AbortSignal,
  onFrame: (frame: Frame) => void | Promise<void>,
  known: Catalog<AnyMethod> = methods,
): Promise<RunSummary> {
  const { entry: method, settings } = known.parse(text)
  const posed = pose(problem, seed, ground.heldOut)
  const { operator, noise } = posed
  using one = posed.y
  using single = posed.truth
  const prior = countCalls(ground.prior)
  checkFit(method.info, { operator, noise, y: one }, prior)
  const draws = drawsOf(operator, noise, { y: one, truth: single }, count)
  using y = draws.problem.y
  using truth = draws.truth
  let watching = 0
  const began = performance.now()
  let last: Frame | undefined
  const frameOf = async (step: Shown): Promise<Frame> => {
    const { i, steps, t, x, x0hat, guidance, residual } = step
    using predicted = scope(() => operator.display(operator.forward(x0hat)))
    return {
      ...{ index: i + 1, steps, t, residual: [...residual] },
      x: picturesOf(x),
      x0hat: picturesOf(x0hat),
      predicted: picturesOf(predicted),
      ...(guidance !== undefined && { guidance: picturesOf(guidance) }),
      psnr: truth === undefined ? [] : [...(await psnr(x0hat, truth))],
    }
  }
  using x = await drive<Shown>(method.run({ ...draws.problem, y }, prior, { ...settings, seed }), {
    signal,
    diverged: `${method.info.name} diverged: its pictures are not finite (take more steps, or weaker guidance)`,
    onStep: async (step) => {
      const from = performance.now()
      const done = step.i + 1 === step.steps
      if (done || (step.i + 1) % Math.ceil(step.steps / mostFrames) === 0) {
        last = await frameOf(step)
        if (!done) await onFrame(last)
      }
      watching += performance.now() - from
    },
  })
  const milliseconds = performance.now() - began - watching
  // A method's result may be another than its last state.
  if (last !== undefined) await onFrame({ ...last, index: last.steps, x: picturesOf(x) })
  const { sigma } = noise
  return {
    nfe: prior.calls.total,
    vjps: prior.calls.recorded,
    milliseconds,
    ...(sigma !== undefined && { noiseResidual: sigma * Math.sqrt(operator.observed) }),
    advice: method.info.advice(settings),
  }
}
