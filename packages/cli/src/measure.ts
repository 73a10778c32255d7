import type { ImageOperator, Prior } from '@tweedie/solvers'
import { gaussianNoise } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { OptionError, randomKey, scope } from '@tweedie/tensor'
import type { RestoreOptions } from './commands/restore.ts'
import type { Picture } from './images/picture.ts'
import { toColor, toGrey, toTensor } from './images/picture.ts'
import { readPicture } from './images/read.ts'
import type { Io } from './io.ts'
import { absolute } from './write.ts'

/** A picture read for a run: with the channels that are wanted, and what was done to it. */
interface Fitted {
  readonly picture: Picture
  readonly notes: string[]
}

/** How to make a picture fit, as a command to copy. */
const resizeHint = (width: number, height: number) =>
  `crop or resize it, for instance with ImageMagick: magick IMG -resize ${width}x${height}^ -gravity center -extent ${width}x${height} OUT.png`

/**
 * Reads a picture that has to be of one of some sizes, and gives it the wanted channels.
 * @throws {OptionError} naming the picture's size, the sizes that fit, and what to do.
 */
async function readFitted(
  path: string,
  name: string,
  channels: number,
  sizes: readonly Size[],
  what: string,
): Promise<Fitted> {
  const fits = sizes.map(({ width, height }) => `${width}×${height}`).join(' or ')
  const { picture, notes } = await readPicture(path, (width, height) => {
    if (sizes.some((size) => size.width === width && size.height === height)) return
    throw new OptionError(
      name,
      `the picture is ${width}×${height} pixels, ${what} ${fits}; ${resizeHint(sizes[0]!.width, sizes[0]!.height)}`,
    )
  })
  if (picture.channels === channels) return { picture, notes: [...notes] }
  if (channels === 1)
    return {
      picture: toGrey(picture),
      notes: [...notes, `${name} was converted to grey, as the prior knows no colours`],
    }
  return {
    picture: toColor(picture),
    notes: [...notes, `${name} is grey; its values stand for red, green and blue alike`],
  }
}

interface Size {
  readonly width: number
  readonly height: number
}

const sizeOf = (shape: readonly number[]): Size => ({ width: shape[2]!, height: shape[1]! })
export const isImage = (shape: readonly number[]) => shape.length === 3 && (shape[0] === 1 || shape[0] === 3)

/** A measurement [1, …outShape], the truth [1, C, H, W] where it is known, and what a user should know of them. */
export interface Measured {
  readonly y: Tensor
  readonly truth: Tensor | undefined
  readonly notes: readonly string[]
}

/** The measurement of one picture, and the truth unless the picture is itself the measurement. */
export async function measure(
  io: Io,
  image: string,
  options: RestoreOptions,
  prior: Prior,
  operator: ImageOperator,
): Promise<Measured> {
  const path = absolute(io.cwd, image)
  const whole = sizeOf(prior.shape)
  if (options.measured !== true) {
    const { picture, notes } = await readFitted(
      path,
      image,
      prior.shape[0]!,
      [whole],
      `the prior '${prior.name}' is for`,
    )
    const truth = toTensor([picture])
    const key = randomKey(options.seed).fold('measurement')
    const y = scope(() => gaussianNoise(options.noise).sample([key.fold(0)], operator.forward(truth)))
    return { y, truth, notes }
  }
  const { outShape } = operator
  if (isImage(outShape)) {
    const { picture, notes } = await readFitted(
      path,
      image,
      outShape[0]!,
      [sizeOf(outShape)],
      `a measurement by '${options.operator}' is`,
    )
    return { y: toTensor([picture]), truth: undefined, notes }
  }
  // Pixels picked out of a picture: what the operator hides is not looked at.
  const { picture, notes } = await readFitted(
    path,
    image,
    prior.shape[0]!,
    [whole],
    `a measurement by '${options.operator}' is shown in`,
  )
  const y = scope(() => operator.forward(toTensor([picture])))
  return {
    y,
    truth: undefined,
    notes: [...notes, `of ${image} only the pixels that '${options.operator}' keeps are used`],
  }
}
