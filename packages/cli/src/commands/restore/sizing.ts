import { totalmem } from 'node:os'
import type { OpenPrior, PriorSizes, Size } from '@tweedie/runs'
import { isPicture, laidOver, layoutOf, withChannels } from '@tweedie/runs'
import { priorTextAt } from '@tweedie/runs/node'
import type { Prior, ShownOperator } from '@tweedie/solvers'
import { pictureShape } from '@tweedie/solvers'
import { getDevice, OptionError, sameShape } from '@tweedie/tensor'
import { requireMemory } from '@tweedie/unet'
import type { Input } from '../../files/inputs.ts'
import { hasShape } from '../../files/inputs.ts'
import type { Io } from '../../io.ts'
import { resolveOperator } from '../../resolve.ts'
import type { RestoreOptions } from './perform.ts'

/** A prior at the size of a picture, and the options with how it was laid over it. */
export interface SizedPrior {
  readonly prior: Prior
  readonly options: RestoreOptions
  readonly notes: readonly string[]
}

/** [C, H, W] of a picture. */
type PictureShape = readonly [channels: number, height: number, width: number]

/**
 * The prior for the picture that is to be restored from a file: at the picture's own size where its network knows none, in
 * windows where that is asked for or memory needs it. A prior of a fixed size is left as it is, or is given windows of
 * that size.
 * @throws {OptionError} where the options do not fit the network or the picture.
 */
export async function sizePrior(
  io: Io,
  open: OpenPrior,
  input: Input,
  asked: RestoreOptions,
): Promise<SizedPrior> {
  const own = pictureShape(open.prior)
  const sizes = open.sizes ?? fixedWindows(open.prior, asked)
  const shape = sizes === undefined ? undefined : await soughtShape(io, open.prior, sizes, input, asked)
  const { samples, tile, overlap } = asked
  const isPlain = shape === undefined || (sameShape(shape, own) && tile === undefined)
  if (isPlain && overlap !== undefined)
    throw new OptionError('--overlap', 'is of windows, and there is but one: give --tile as well')
  if (sizes === undefined || shape === undefined) return ofChannels(open.prior, input, asked)
  if (isPlain) return { prior: open.prior, options: asked, notes: [] }
  const [channels, height, width] = shape
  const bytes = 4 * copies * samples * channels * height * width
  const many = samples === 1 ? '' : `${samples} samples of `
  requireMemory(input.record.file, bytes, `restoring ${many}${width}×${height} pixels`)
  const batch = samples * (own[0] === 1 ? channels : 1)
  return ofOptions(input.record.file, () => {
    const request = { tile, overlap, batch, memory: memoryHere() }
    const { notes, window, overlap: shared } = layoutOf(sizes, [height, width], request)
    const [tall, wide] = window
    const atOwn = tall === own[1] && wide === own[2]
    return {
      prior: laidOver(sizes, shape, { window, overlap: shared, notes }),
      options: {
        ...asked,
        ...(atOwn ? {} : { prior: priorTextAt(asked.prior, window) }),
        laid: { prior: asked.prior, shape, window, overlap: shared },
      },
      notes: [
        ...(atOwn
          ? []
          : [`the network of '${asked.prior}', trained on another size, runs on ${wide}×${tall}`]),
        ...notes,
      ],
    }
  })
}

/** The same prior again, of options that say how it was laid over a picture. */
export function sizedAgain(open: OpenPrior, options: RestoreOptions): Prior {
  const { laid } = options
  if (laid === undefined) return open.prior
  const sizes = open.sizes ?? fixedWindows(open.prior, options)
  if (sizes === undefined) return withChannels(open.prior, laid.shape[0] ?? 0)
  return ofOptions('--prior', () => laidOver(sizes, laid.shape, { ...laid, notes: [] }))
}

/** Bytes of memory that a network may be given a part of: of the device, of the machine, of what this process may have of it. */
const memoryHere = (): number =>
  Math.min(getDevice().info().memory?.limit ?? Infinity, totalmem(), process.constrainedMemory() || Infinity)

/** Copies of a picture that every method holds at once, at least. */
const copies = 8

/** Errors of a layout, named as the command line has it. @param size - Whose fault a size is. */
function ofOptions<T>(size: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    throw new OptionError(error.option === 'size' ? size : `--${error.option}`, error.reason)
  }
}

/** A prior of a fixed size as one that can be given windows of that size, where windows are asked for. */
function fixedWindows(prior: Prior, { tile }: RestoreOptions): PriorSizes | undefined {
  const [, height = 0, width = 0] = prior.shape
  if (tile === undefined) return undefined
  return {
    divisor: 1,
    latent: !isPicture(prior.shape) || prior.autoencoder !== undefined,
    at: ([tall, wide]: Size) => {
      if (tall === height && wide === width) return prior
      throw new OptionError(
        'tile',
        `'${prior.name}' is for ${width}×${height} pixels alone, got ${wide}×${tall}`,
      )
    },
  }
}

/** A prior of a fixed size with the channels of the picture, where they are to be kept. */
function ofChannels(prior: Prior, input: Input, asked: RestoreOptions): SizedPrior {
  const [own = 0, height = 0, width = 0] = prior.shape
  const channels = keptChannels(input, asked, own)
  if (channels === own || prior.autoencoder !== undefined) return { prior, options: asked, notes: [] }
  const laid = {
    prior: asked.prior,
    shape: [channels, height, width],
    window: [height, width],
    overlap: 0,
  } as const
  return { prior: withChannels(prior, channels), options: { ...asked, laid }, notes: [] }
}

/** The channels that are to be restored. */
function keptChannels({ content }: Input, { channels }: RestoreOptions, own: number): number {
  if (channels !== 'keep') return own
  if (content.kind === 'picture') return content.picture.decode().picture.channels
  const [first = 1] = arrayShape(content.array.shape) ?? []
  return first
}

/** [H, W], [C, H, W] or the same after axes of one element, as [C, H, W]; undefined for other arrays. */
function arrayShape(shape: readonly number[]): PictureShape | undefined {
  const from = shape.findIndex((extent, i) => extent !== 1 || shape.length - i <= 2)
  const [a, b, c, ...more] = from < 0 ? [] : shape.slice(from)
  if (a === undefined || b === undefined || more.length > 0) return undefined
  return c === undefined ? [1, a, b] : [a, b, c]
}

/** The size of a file's picture, or of its array as one. */
function sizeOfInput({ content }: Input): Size | undefined {
  if (content.kind === 'picture') return [content.picture.height, content.picture.width]
  const shape = arrayShape(content.array.shape)
  return shape && [shape[1], shape[2]]
}

/**
 * [C, H, W] of the picture that is sought: that of a truth, cropped where that is asked for; of a measurement the one whose
 * measurement has its size. undefined where the file tells none.
 */
async function soughtShape(
  io: Io,
  prior: Prior,
  { divisor }: PriorSizes,
  input: Input,
  asked: RestoreOptions,
): Promise<PictureShape | undefined> {
  const own = pictureShape(prior)
  const [ownChannels = 0, ownHeight = 0, ownWidth = 0] = own
  const whole: PictureShape = [ownChannels, ownHeight, ownWidth]
  const size = sizeOfInput(input)
  const { content, record } = input
  const made = async (shape: readonly number[]) => {
    try {
      return (await resolveOperator(io, asked.operator, shape, '--operator')).operator
    } catch (error) {
      if (error instanceof OptionError) return undefined
      throw error
    }
  }
  if (asked.measured !== true) {
    if (content.kind === 'array' && hasShape(content.array, own)) return whole
    if (size === undefined) return undefined
    const channels = keptChannels(input, asked, ownChannels)
    if (asked.fit !== 'crop') return [channels, ...size]
    const cropped = (step: number): PictureShape => [
      channels,
      step * Math.floor(size[0] / step),
      step * Math.floor(size[1] / step),
    ]
    // The operator may ask for multiples of its own, as sr:3 does.
    for (const factor of factors) {
      const shape = cropped(factor * divisor)
      if (shape.every((extent) => extent > 0) && (await made(shape)) !== undefined) return shape
    }
    const shape = cropped(divisor)
    if (shape.every((extent) => extent > 0)) return shape
    throw new OptionError(
      record.file,
      `is ${size[1]}×${size[0]} pixels, fewer than the ${divisor} that the network takes; --fit pad continues it`,
    )
  }
  if (asked.fit === 'crop')
    throw new OptionError(
      '--fit',
      'crop is for a truth that is measured here; a measurement is of a whole picture',
    )
  const channels = keptChannels(input, asked, ownChannels)
  const asIs = await made(own)
  if (asIs !== undefined && fits(input, asIs, own) && channels === ownChannels) return whole
  if (size === undefined) return undefined
  for (const factor of factors) {
    const shape: PictureShape = [channels, factor * size[0], factor * size[1]]
    const operator = await made(shape)
    if (operator !== undefined && fits(input, operator, shape)) return shape
  }
  return undefined
}

/** How many times a picture's sides may be those of its measurement, and the multiples that an operator may ask for. */
const factors = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16]

/** Whether a file can be the measurement of a picture of a shape, or the whole picture of which a part is measured. */
function fits({ content }: Input, { outShape }: ShownOperator, shape: readonly number[]): boolean {
  const whole = isPicture(outShape) ? outShape : shape
  if (content.kind === 'picture')
    return content.picture.height === whole[1] && content.picture.width === whole[2]
  return hasShape(content.array, outShape) || (!isPicture(outShape) && hasShape(content.array, shape))
}
