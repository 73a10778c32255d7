import type { TrainConfig } from './config.ts'
import type { TrainProgress } from './train.ts'

/** When the state is saved, besides at the end and on a signal. */
export type SaveEvery = { readonly seconds: number } | { readonly steps: number }

export interface TrainCommand {
  /** Folder of images in MNIST's form; see {@link readTrainingSet}. */
  readonly data: string
  readonly config: TrainConfig
  /**
   * Folder of a trained autoencoder: the prior is then one of its latents, and `out` has a copy of it in `autoencoder`.
   */
  readonly autoencoder?: string
  /**
   * Folder for state.safetensors, loss.jsonl and in the end model.safetensors, config.json and record.json.
   */
  readonly out: string
  /** Name in the record; default: the name of `out`. */
  readonly name?: string
  readonly workers?: number
  /** Continue from the state in `out`, if there is one. Without this option, a state there is an error. */
  readonly resume?: boolean
  /**
   * With `resume`: continue although this device or machine rounds in another way than the one before. The bits of the
   * result then differ from those of an uninterrupted training; the record names all settings.
   */
  readonly allowOtherRounding?: boolean
  /** Whether there are test images for an evaluation at the end; default true. */
  readonly testSet?: boolean
  readonly signal?: AbortSignal
  /** Called after every step. */
  readonly onProgress?: (progress: TrainProgress) => void
  readonly onMessage?: (message: string) => void
  /** Called with the number of steps of the state in `out`: once it is loaded, and each time it is saved. */
  readonly onState?: (step: number) => void
  /** Default: every 180 seconds. */
  readonly saveEvery?: SaveEvery
  /** Steps between lines of loss.jsonl. */
  readonly logEvery?: number
  /** Test images for the evaluation at the end, the first of the set; default 2000, or all if there are fewer. */
  readonly evaluateImages?: number
  readonly command?: string
}
