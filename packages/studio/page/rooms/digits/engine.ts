import { transfer } from 'comlink'
import { engineMemory } from '../../worker/facts.ts'
import type { MethodEntry } from '../../worker/methods.ts'
import { stoppable } from '../../worker/runs.ts'
import { forgetGround, groundOf } from './engine/assets.ts'
import type { KindEntry } from './engine/entries.ts'
import { methodsFor, noiseEntries, operatorEntries } from './engine/entries.ts'
import type { Frame, Pictures } from './engine/frames.ts'
import { buffersOf, picturesOf } from './engine/frames.ts'
import type { Fetched, PhotoPrior, PriorSource } from './engine/photo-priors.ts'
import { forgetPhotoPrior, openPhotoPrior, photoPriorAt } from './engine/photo-priors.ts'
import type { Photo } from './engine/photos.ts'
import { forgetPhotos, keepPhoto } from './engine/photos.ts'
import type { DigitsProblem, Ground } from './engine/problem.ts'
import { forgetOperator, greysOf, pose } from './engine/problem.ts'
import type { RunRequest, RunSummary } from './engine/run.ts'
import { runDigits } from './engine/run.ts'

/** What is measured, and the measurement as the operator shows it. */
export interface Measurement {
  /** What it is of. */
  readonly problem: DigitsProblem
  readonly seed: number
  readonly shown: Pictures
  readonly truth: Pictures
  /** y itself, a sample. */
  readonly y: { readonly shape: readonly number[]; readonly data: Float32Array<ArrayBuffer> }
  /** Of the picture, a byte a pixel, channel by channel. */
  readonly greys: Uint8Array<ArrayBuffer>
}

/** What a problem stands on: the digits, or a prior of other pictures that was loaded. */
async function groundFor({ photo }: Pick<DigitsProblem, 'photo'>): Promise<Ground> {
  return photo === undefined ? groundOf() : { prior: photoPriorAt(photo.height, photo.width), heldOut: [] }
}

/** What the room of digits asks of the engine. */
export const digitsEngine = {
  /** For pictures of a shape, of digits where left out. */
  operators: (shape?: readonly number[]): KindEntry[] => operatorEntries(shape),
  noises: (): KindEntry[] => noiseEntries(),

  /** All methods, with what the problem lacks for each. */
  methods: async (
    problem: Pick<DigitsProblem, 'operator' | 'mask' | 'noise' | 'photo'>,
  ): Promise<MethodEntry[]> => methodsFor(problem, (await groundFor(problem)).prior),

  /** The held-out digits, a byte a pixel. */
  heldOut: async (): Promise<readonly Uint8Array[]> => (await groundOf()).heldOut,

  /** Loads a prior of other pictures. */
  openPrior: (
    run: number,
    source: PriorSource,
    onProgress: (fetched: Fetched) => void,
  ): Promise<PhotoPrior> => stoppable(run, (signal) => openPhotoPrior(source, signal, onProgress)),

  /** Keeps a picture that problems name by its number. */
  keepPhoto: (number: number, photo: Photo): void => keepPhoto(number, photo),

  async measurement(problem: DigitsProblem, seed: number): Promise<Measurement> {
    const { heldOut } = await groundFor(problem)
    const { operator, ...posed } = pose(problem, seed, heldOut)
    using y = posed.y
    using truth = posed.truth
    using shown = operator.display(y)
    return {
      problem,
      seed,
      shown: picturesOf(shown),
      truth: picturesOf(truth),
      y: { shape: y.shape, data: Float32Array.from(y.dataSync(), Number) },
      greys: greysOf(problem, heldOut),
    }
  },

  /** Runs a method. The next step waits until the page has taken the frame: so it pauses a run. */
  run: (run: number, request: RunRequest, onFrame: (frame: Frame) => Promise<void>): Promise<RunSummary> =>
    stoppable(run, async (signal) =>
      runDigits(request, await groundFor(request.problem), signal, (frame) =>
        onFrame(transfer(frame, buffersOf(frame))),
      ),
    ),

  /** Frees what was kept; the room calls it when it is left. */
  async close(): Promise<number> {
    forgetOperator()
    forgetPhotos()
    forgetPhotoPrior()
    await forgetGround()
    return engineMemory().tensors
  },
}
