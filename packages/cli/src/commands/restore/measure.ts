import type { Measured } from '@tweedie/runs'
import { centreOf, isPicture, measure, measurementKey, toColor, toGrey, toTensor } from '@tweedie/runs'
import type { Noise, Prior, ShownOperator } from '@tweedie/solvers'
import { pictureShape } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { fromData, OptionError, scope, settled } from '@tweedie/tensor'
import type { Input } from '../../files/inputs.ts'
import { hasShape, requireShape } from '../../files/inputs.ts'
import type { OpenPicture } from '../../images/read.ts'
import type { RestoreOptions } from './perform.ts'

/** A sample that was read for a run, [1, C, H, W] or [1, …shape], and what was done to it. */
interface Fitted {
  readonly x: Tensor
  readonly notes: readonly string[]
}

/** How to make a picture fit, as a command to copy. */
const resizeHint = ({ width, height }: Size) =>
  `crop or resize it, for instance with ImageMagick: magick IMG -resize ${width}x${height}^ -gravity center -extent ${width}x${height} OUT.png`

/**
 * A picture that has to be of a certain size, with the wanted channels.
 * @throws {OptionError} naming the picture's size, the size that fits, and what to do, before a pixel is decoded.
 */
function fitPicture(
  opened: OpenPicture,
  name: string,
  shape: readonly number[],
  { what, crop }: Fit,
): Fitted {
  const size = sizeIn(shape)
  const isLarger = opened.width >= size.width && opened.height >= size.height
  const isSame = opened.width === size.width && opened.height === size.height
  if (!isSame && !(crop && isLarger))
    throw new OptionError(
      name,
      `the picture is ${opened.width}×${opened.height} pixels, ${what} ${size.width}×${size.height}; ${resizeHint(size)}`,
    )
  const decoded = opened.decode()
  const picture = isSame ? decoded.picture : centreOf(decoded.picture, size.height, size.width)
  const notes = isSame ? decoded.notes : [...decoded.notes, croppedNote(name, size)]
  if (picture.channels === shape[0]) return { x: toTensor([picture]), notes }
  if (shape[0] === 1)
    return {
      x: toTensor([toGrey(picture)]),
      notes: [
        ...notes,
        `${name} was converted to grey, as the prior knows no colours; --channels keep restores each colour as a grey picture`,
      ],
    }
  return {
    x: toTensor([toColor(picture)]),
    notes: [
      ...notes,
      `${name} is grey; its values stand for red, green and blue alike; --channels keep restores it as grey`,
    ],
  }
}

/** How a file is to fit a shape. */
interface Fit {
  /** Whose shape it is, such as `the prior 'digits' is for`. */
  readonly what: string
  /** Whether the middle of a larger one may be taken. */
  readonly crop: boolean
}

const croppedNote = (name: string, { width, height }: Size) =>
  `of ${name} the middle ${width}×${height} pixels were taken`

/** A picture or an array as one sample of a shape. */
function fit(input: Input, shape: readonly number[], { what, crop }: Fit): Fitted {
  const { content, record } = input
  if (content.kind === 'picture') return fitPicture(content.picture, record.file, shape, { what, crop })
  if (crop && !hasShape(content.array, shape)) {
    const [channels = 1, height = 0, width = 0] = shape
    const [tall, wide] = content.array.shape.slice(-2)
    if (tall !== undefined && wide !== undefined && tall >= height && wide >= width) {
      const values = requireShape(content.array, [channels, tall, wide], record.file, what)
      const [top, left] = [Math.floor((tall - height) / 2), Math.floor((wide - width) / 2)]
      using whole = fromData(values, [1, channels, tall, wide])
      const x = scope(() => whole.slice(null, null, [top, top + height], [left, left + width]).mul(1))
      return { x, notes: [croppedNote(record.file, { width, height })] }
    }
  }
  const values = requireShape(content.array, shape, record.file, what)
  return { x: fromData(values, [1, ...shape]), notes: [] }
}

interface Size {
  readonly width: number
  readonly height: number
}

const sizeIn = (shape: readonly number[]): Size => ({ width: shape[2] ?? 0, height: shape[1] ?? 0 })

/** The measurement of one sample, and the truth unless the input is itself the measurement. */
export async function measureInput(
  input: Input,
  options: RestoreOptions,
  prior: Prior,
  operator: ShownOperator,
  noise: Noise,
): Promise<Measured> {
  const shape = pictureShape(prior)
  if (options.measured !== true) {
    const crop = options.fit === 'crop'
    const { x: truth, notes } = fit(input, shape, { what: `the prior '${prior.name}' is for`, crop })
    return {
      y: await settled(truth.device, () => measure(operator, noise, truth, measurementKey(options.seed))),
      truth,
      notes: [
        ...notes,
        ...(input.content.kind === 'picture' ? [] : await beyondRange(truth, input.record.file)),
      ],
    }
  }
  const { outShape } = operator
  const { content, record } = input
  // Numbers picked out of a picture: where the whole picture is given, what the operator hides is not looked at.
  const picked =
    !isPicture(outShape) &&
    (content.kind === 'picture' || (hasShape(content.array, shape) && !hasShape(content.array, outShape)))
  if (!picked) {
    const { x: y, notes } = fit(input, outShape, {
      what: `a measurement by '${options.operator}' is`,
      crop: false,
    })
    return { y, truth: undefined, notes }
  }
  const what = `a measurement by '${options.operator}' is shown in`
  const { x, notes } = fit(input, shape, { what, crop: false })
  const y = scope(() => operator.forward(x))
  x.dispose()
  return {
    y,
    truth: undefined,
    notes: [...notes, `of ${record.file} only what '${options.operator}' measures is used`],
  }
}

/** A word on numbers that are no picture in the range [−1, 1], such as bytes. */
async function beyondRange(x: Tensor, file: string): Promise<string[]> {
  let [low, high] = [Infinity, -Infinity]
  for (const value of await x.data()) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  return low >= -1 && high <= 1
    ? []
    : [`${file} goes from ${low} to ${high}; priors know pictures in [−1, 1]`]
}
