import type { Network } from '../architectures/predictor.ts'
import type { TrainedOn } from '../architectures/trained-on.ts'
import type { DataOptions } from '../data/data-set.ts'
import type { OpenPicture } from '../data/picture-files.ts'
import type { TrainConfig } from './config.ts'
import type { TrainProgress } from './train.ts'

/** When the state is saved, besides at the end and on a signal. */
export type SaveEvery = { readonly seconds: number } | { readonly steps: number }

/** A network on the way, for a look at what it has learned. */
export interface Snapshot {
  readonly step: number
  /** With the averaged parameters, which are freed afterwards. */
  readonly network: Network
  readonly trainedOn: TrainedOn
  /** Of a prior on latents: the network that makes pictures of them; read when it is asked for, and freed afterwards. */
  readonly autoencoder?: Network
  /** The folder of the training. */
  readonly out: string
}

export interface TrainCommand {
  /** Images to train on: a path, and how samples are made of what it holds; see {@link DataOptions}. */
  readonly data: string | DataOptions
  /** Opens picture files, which this package cannot read by itself. */
  readonly openPicture?: OpenPicture
  readonly config: TrainConfig
  /**
   * Folder of a trained autoencoder: the prior is then one of its latents, and `out` has a copy of it in `autoencoder`.
   */
  readonly autoencoder?: string
  /** A checkpoint whose parameters the training begins with: a folder with a network, or a file of weights. */
  readonly initFrom?: string
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
  /** Looks at the network on the way; the state is saved before. Default: never. */
  readonly snapshots?: { readonly every: SaveEvery; readonly take: (snapshot: Snapshot) => Promise<void> }
  /** Steps between lines of loss.jsonl. */
  readonly logEvery?: number
  /**
   * Steps between evaluations of the averaged parameters on the way, on images held out and noise that are the same each time;
   * default: twenty in all, at most one in fifty steps. Their loss is `heldOut` of a line of loss.jsonl.
   */
  readonly heldOutEvery?: number
  /** Images of an evaluation on the way, the first of those held out; default 256, or all if there are fewer. */
  readonly heldOutImages?: number
  /** Test images for the evaluation at the end, the first of the set; default 2000, or all if there are fewer. */
  readonly evaluateImages?: number
  readonly command?: string
}
