import type { Score } from '@tweedie/runs'
import { measure, measurementKey, operatorFor, runMethod, scoresOf } from '@tweedie/runs'
import type { AnyMethod, Operator, Prior, Problem, Settings } from '@tweedie/solvers'
import { formatSpec, lackOf, UnfitError } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { NonFiniteError, ShapeError, settled, sizeOf } from '@tweedie/tensor'

/** What a cell of a table of restorations is of. */
export interface ImageCellId {
  readonly prior: string
  /** Operator and noise, as texts. */
  readonly operator: string
  readonly noise: string
  /** Name of the method, and all that was set of it. */
  readonly method: string
  readonly words: string
  /** Of the pictures, of the noise and of the method. */
  readonly seed: number
  readonly pictures: number
}

/** A method on the pictures of a seed: a score of each of them and what all cost together, or why there are none. */
export type ImageCell = ImageCellId &
  (
    | {
        readonly measured: number
        readonly scores: readonly Score[]
        readonly nfe: number
        readonly vjps: number
        readonly seconds: number
      }
    | { readonly refused: string }
  )

/** An inverse problem of a table. */
export interface ImageTask {
  /** As texts, for messages and results. */
  readonly operator: string
  readonly noise: string
  readonly problem: Pick<Problem<Operator>, 'operator' | 'noise'>
}

/** What is asked of {@link measureImages}. */
export interface ImageRun {
  readonly prior: Prior
  readonly priorName: string
  /** The pictures of the seed, [N, C, H, W]. */
  readonly truth: Tensor
  readonly seed: number
  readonly signal?: AbortSignal | undefined
  /** @param done - 0 … 1. */
  onProgress?(done: number): void
}

/** The measurement of a task for the pictures of a seed: the same for all methods. */
export const measurementOf = ({ operator, problem }: ImageTask, truth: Tensor, seed: number): Tensor =>
  measure(problem.operator, problem.noise, truth, measurementKey(seed).fold(operator))

/**
 * Restores the pictures of a seed by a method, and scores them. A method that does not fit, or diverges, is a cell that says so.
 * @param settings - Of the method, checked.
 * @throws {InterruptedError} where the signal is raised.
 */
export async function measureImages(
  method: AnyMethod,
  settings: Settings,
  task: ImageTask,
  { prior, priorName, truth, seed, signal, onProgress }: ImageRun,
): Promise<ImageCell> {
  const { info } = method
  const id: ImageCellId = {
    ...{ prior: priorName, operator: task.operator, noise: task.noise, seed, pictures: truth.shape[0] ?? 0 },
    ...{ method: info.name, words: formatSpec(info.name, settings) },
  }
  const { operator } = task.problem
  const fitted = { ...task.problem, operator: operatorFor(info, operator, prior) }
  const lack = lackOf(info, fitted, prior)
  if (lack !== undefined) return { ...id, refused: lack.why }
  using y = await settled(truth.device, () => measurementOf(task, truth, seed))
  const problem = { ...task.problem, y }
  try {
    const outcome = await runMethod({
      ...{ method, problem, prior, signal, options: { ...settings, seed } },
      onStep: (done) => onProgress?.(done),
    })
    using x = outcome.x
    const { nfe, vjps, seconds } = outcome
    const scores = await scoresOf(problem, x, truth)
    return { ...id, measured: sizeOf(operator.outShape), scores, nfe, vjps, seconds }
  } catch (error) {
    if (error instanceof NonFiniteError) return { ...id, refused: 'it diverges' }
    if (error instanceof UnfitError) return { ...id, refused: error.reason }
    if (error instanceof ShapeError) return { ...id, refused: error.message }
    throw error
  }
}
