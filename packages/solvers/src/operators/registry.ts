import type { Shape } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import { averagePooling } from './average-pooling.ts'
import { boxInpainting } from './box-inpainting.ts'
import { colourToGrey, luma601 } from './colour-to-grey.ts'
import type { Boundary } from './gaussian-blur.ts'
import { boundaries, gaussianBlur } from './gaussian-blur.ts'
import { identity } from './identity.ts'
import type { OperatorOption, OptionValue } from './options.ts'
import { checkOptions, choiceOption, numberOption, pairOption } from './options.ts'
import { randomInpainting } from './random-inpainting.ts'
import type { ImageOperator } from './spectral-operator.ts'
import { imageExtents } from './spectral-operator.ts'

/** A kind of measurement that can be asked for by name. */
export interface OperatorEntry {
  readonly summary: string
  /** A spec to copy, for `tweedie restore --operator`. */
  readonly example: string
  readonly options: Readonly<Record<string, OperatorOption>>
  /** The option that a bare value stands for, as 4 in `sr:4`. */
  readonly positional?: string
  /**
   * The operator for images of `shape` [C, H, W].
   * @throws {OptionError} for unknown options or values out of range. @throws {ShapeError} where the shape does not fit.
   */
  make(shape: Shape, options?: Readonly<Record<string, OptionValue>>): ImageOperator
}

type Definition = Omit<OperatorEntry, 'make'> & {
  readonly build: (shape: Shape, options: Readonly<Record<string, OptionValue>>) => ImageOperator
}

/** Checks the options against the definition, fills in defaults that are no words about other things, builds. */
const entry = (name: string, { build, ...rest }: Definition): OperatorEntry => ({
  ...rest,
  make(shape, given = {}) {
    imageExtents(name, shape)
    checkOptions(name, rest.options, given)
    const defaults = Object.entries(rest.options)
      .filter(([, option]) => option.accepts(option.default))
      .map(([key, option]) => [key, option.default] as const)
    return build(shape, { ...Object.fromEntries(defaults), ...given })
  },
})

const within = (low: number, high: number) => (value: number) => value >= low && value <= high
const wholeFrom = (low: number) => (value: number) => Number.isInteger(value) && value >= low

function inpaint(shape: Shape, options: Readonly<Record<string, OptionValue>>): ImageOperator {
  const { box, at, random, seed } = options
  if (random !== undefined) {
    if (box !== undefined || at !== undefined) {
      throw new OptionError('operator', `'inpaint' hides a box or random pixels: give box (and at) or random`)
    }
    return randomInpainting({ shape, fraction: random as number, seed: (seed as number | undefined) ?? 0 })
  }
  if (seed !== undefined) throw new OptionError('operator', `'inpaint' uses seed with random only`)
  const [, height, width] = imageExtents('inpaint', shape)
  const half = [Math.ceil(height / 2), Math.ceil(width / 2)] as const
  return boxInpainting({
    shape,
    box: (box as number | readonly [number, number] | undefined) ?? half,
    ...(at === undefined ? {} : { at: at as readonly [number, number] }),
  })
}

/**
 * The measurements known by name, as `tweedie operators` prints them and {@link parseOperator} reads them.
 * @example
 * ```ts
 * import { operators } from '@tweedie/solvers'
 * operators.sr.make([3, 32, 32], { factor: 4 }).outShape // => [3, 8, 8]
 * ```
 */
export const operators = {
  denoise: entry('denoise', {
    summary: 'the image itself, with noise only',
    example: 'denoise',
    options: {},
    build: (shape) => identity({ shape }),
  }),
  inpaint: entry('inpaint', {
    summary: 'pixels hidden in all channels: a box, or some at random',
    example: 'inpaint:box=14',
    options: {
      box: pairOption(
        'side, or height x width, of the hidden box in pixels',
        '14 or 14x10, 1 to the image size',
        'half of each side',
        true,
      ),
      at: pairOption(
        'row x column of the top left pixel of the box',
        '0x0 to where the box still fits',
        'centred',
        false,
      ),
      random: numberOption(
        'part of the pixels that is hidden at random',
        '0 to 1, below 1',
        'none: a box',
        within(0, 1),
      ),
      seed: numberOption(
        'which random pixels',
        'a whole number from 0',
        '0 with random',
        (value) => Number.isSafeInteger(value) && value >= 0,
      ),
    },
    build: inpaint,
  }),
  sr: entry('sr', {
    summary: 'super-resolution: means of square blocks of pixels',
    example: 'sr:4',
    positional: 'factor',
    options: {
      factor: numberOption(
        'side of a block; divides height and width',
        'a whole number from 1',
        4,
        wholeFrom(1),
      ),
    },
    build: (shape, { factor }) => averagePooling({ shape, factor: factor as number }),
  }),
  blur: entry('blur', {
    summary: 'Gaussian blur',
    example: 'blur:size=9,std=1.5',
    options: {
      size: numberOption(
        'taps of the kernel per axis',
        'an odd number from 1',
        9,
        (value) => wholeFrom(1)(value) && value % 2 === 1,
      ),
      std: numberOption(
        'standard deviation in pixels',
        'above 0',
        1.5,
        (value) => value > 0 && value < Infinity,
      ),
      boundary: choiceOption('what lies beyond the border', boundaries),
    },
    build: (shape, { size, std, boundary }) =>
      gaussianBlur({ shape, size: size as number, std: std as number, boundary: boundary as Boundary }),
  }),
  grey: entry('grey', {
    summary: 'colourisation: one weighted sum of the channels',
    example: 'grey',
    options: {
      weights: choiceOption('all channels alike, or the luma of red, green and blue (BT.601)', [
        'mean',
        'luma',
      ]),
    },
    build: (shape, { weights }) =>
      colourToGrey({ shape, ...(weights === 'luma' ? { weights: luma601 } : {}) }),
  }),
} as const satisfies Readonly<Record<string, OperatorEntry>>

/** A name in {@link operators}. */
export type OperatorName = keyof typeof operators
