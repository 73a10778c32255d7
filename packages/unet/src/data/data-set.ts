import { statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { OptionError } from '@tweedie/tensor'
import type { Range } from './array-file.ts'
import type { OpenPicture } from './picture-files.ts'
import type { FolderPictures, PictureOptions } from './picture-source.ts'
import { readPictures } from './picture-source.ts'
import { standardMemory } from './picture-store.ts'
import type { PictureSet, Samples } from './pictures.ts'
import { pictureSet } from './pictures.ts'
import type { FoundPictures, Part, Source } from './sources.ts'
import { arraySource, findSource, idxSource } from './sources.ts'
import type { SampleOptions, TrainingSet } from './training-set.ts'
import { trainingSet } from './training-set.ts'

/** Where images to train on are, and how samples are made of them. */
export interface DataOptions extends SampleOptions {
  /**
   * A folder of pictures (any sizes, in folders of their own or not), a picture, a folder in MNIST's form, an IDX file, an npz or
   * npy file.
   */
  readonly path: string
  /** Values of an array that are black and white; default: by its type. Bytes are 0 and 255. */
  readonly range?: Range | undefined
  /** Leaves out pictures that cannot be used, instead of refusing the folder. */
  readonly skipBroken?: boolean | undefined
  /** Bytes of decoded pictures in memory; what is beyond lies in a file while the training runs. Default 2 GiB. */
  readonly memory?: number | undefined
}

/** What is wanted of a data set, and who helps. */
export interface ReadDataOptions {
  /** [C, H, W] of what the network is shown; the size of the crops of pictures, unless `crop` says it. */
  readonly shape: readonly [number, number, number]
  /** Whether the network has use for labels. */
  readonly labels: boolean
  /** Whether there have to be images to evaluate on; default true. */
  readonly test?: boolean
  /** Opens picture files; without it they are refused. */
  readonly openPicture?: OpenPicture | undefined
  /**
   * Path of a file, one for each part, for decoded pictures beyond `memory`; without it those are checked, and left out.
   */
  readonly scratch?: ((part: number) => string) | undefined
  readonly signal?: AbortSignal | undefined
  readonly onMessage?: ((message: string) => void) | undefined
}

/**
 * Reads the images that a network is to be trained on, and those to evaluate it on: files in MNIST's form, files of NumPy or pictures,
 * told by what `path` holds.
 * @throws {FileFormatError} where a file is missing, damaged or none of these, or there are no images to evaluate on: it says what
 *   was looked for.
 * @throws {OptionError} for an option that does not fit the images.
 * @throws the signal's reason, between two pictures.
 */
export async function readDataSet(options: DataOptions, wanted: ReadDataOptions): Promise<TrainingSet> {
  checkOptions(options)
  const found = findSource(options.path)
  const test = wanted.test !== false
  const asked = test ? (options.holdOut === undefined ? 'required' : 'optional') : 'none'
  const { labels } = wanted
  const sampling = { ...options, test }
  if (found.kind === 'idx') return trainingSet(idxSource(found.path, { labels, test: asked }), sampling)
  if (found.kind === 'arrays')
    return trainingSet(arraySource(found.path, { labels, test: asked, range: options.range }), sampling)
  const { source, read, close } = await pictureSource(found, options, { ...wanted, test })
  try {
    const [training] = read
    const skipped = read.flatMap((part) => part.skipped)
    const made = trainingSet(
      source,
      sampling,
      {
        ...(training?.classes === undefined ? {} : { classes: training.classes }),
        ...(skipped.length === 0 ? {} : { skipped: { count: skipped.length, first: skipped.slice(0, 100) } }),
      },
      close,
    )
    return { ...made, notes: [...read.flatMap(notesOf), ...made.notes] }
  } catch (error) {
    close()
    throw error
  }
}

function checkOptions({ crop, resize, memory }: DataOptions): void {
  const sides = { crop: crop ?? [], resize: resize === undefined ? [] : [resize] }
  for (const [name, given] of Object.entries(sides)) {
    const wrong = given.find((side) => !(Number.isInteger(side) && side >= 1 && side <= 65_536))
    if (wrong !== undefined)
      throw new OptionError(name, `must be a number of pixels from 1 to 65536, got ${wrong}`)
  }
  if (memory !== undefined && !(memory >= 0))
    throw new OptionError('memory', `must be a number of bytes, got ${memory}`)
}

/** All parts of a folder of pictures. */
async function pictureSource(
  found: FoundPictures,
  options: DataOptions,
  wanted: ReadDataOptions,
): Promise<{ source: Source<Samples>; read: readonly FolderPictures[]; close: () => void }> {
  const [channels, height, width] = wanted.shape
  const { openPicture: open, scratch, onMessage } = wanted
  if (open === undefined)
    throw new OptionError('data', `${options.path} holds pictures, which need a reader (openPicture)`)
  if (channels !== 1 && channels !== 3)
    throw new OptionError(
      'data',
      `pictures are grey or in colour, 1 or 3 channels; the network takes ${channels}`,
    )
  const [h, w] = options.crop ?? [height, width]
  const read: FolderPictures[] = []
  const close = () => {
    for (const part of read) part.close()
  }
  const readPart = async (path: string): Promise<Part<PictureSet>> => {
    let tenths = 0
    const part: PictureOptions = {
      crop: [channels, h, w],
      turn: options.turn === true,
      labels: wanted.labels,
      classes: read[0]?.classes,
      resize: options.resize,
      skipBroken: options.skipBroken,
      open,
      memory: options.memory ?? standardMemory,
      scratch: scratch?.(read.length),
      signal: wanted.signal,
      onProgress: (done, all) => {
        const now = Math.floor((10 * done) / all)
        if (now > tenths && all >= 100) onMessage?.(`decoded ${done} of ${all} pictures`)
        tenths = now
      },
    }
    const pictures = await readPictures(path, part)
    read.push(pictures)
    const images = pictureSet(pictures, [channels, h, w], { flip: false, turn: options.turn === true })
    return {
      images,
      record: {
        file: nameOf(path, options.path),
        sha256: pictures.sha256,
        images: pictures.count + pictures.unkept,
      },
    }
  }
  try {
    const training = await readPart(found.training)
    const optional = async (path: string | undefined) =>
      path === undefined || wanted.test === false ? undefined : await readPart(path)
    const validation = await optional(found.validation)
    const test = await optional(found.test)
    const source: Source<Samples> = {
      kind: 'pictures',
      folder: basename(resolve(options.path)),
      training,
      validation: test === undefined ? undefined : validation,
      test: test ?? validation,
    }
    return { source, read, close }
  } catch (error) {
    close()
    throw error
  }
}

/** A folder's name; of one within the data set, its name after that of the set. */
function nameOf(path: string, set: string): string {
  const name = basename(resolve(path))
  const isPart = resolve(path) !== resolve(set) && statSync(set).isDirectory()
  return isPart ? `${basename(dirname(resolve(path)))}/${name}` : name
}

function notesOf({ count, skipped, notes, unkept }: FolderPictures): string[] {
  return [
    ...[...notes].map(([note, times]) => `of ${times} of ${count + unkept} pictures: ${note}`),
    ...(skipped.length === 0
      ? []
      : [
          `left out ${skipped.length} pictures that cannot be used: ${skipped.slice(0, 5).join('; ')}${skipped.length > 5 ? ' …' : ''}`,
        ]),
    ...(unkept === 0 ? [] : [`${unkept} pictures were read but not kept, for want of memory`]),
  ]
}
