import type { Shape } from '@tweedie/tensor'
import type { Filled, Given, Info, Settings, Specs } from '../options/index.ts'
import { fill } from '../options/index.ts'
import type { LinearOf, LinearParts, Parts, ShownOf, ShownOperator } from './parts.ts'
import { linearOperator, shownOperator } from './parts.ts'

/** What an operator says of itself, for tables and the command line. */
export interface OperatorInfo<S extends Specs = Specs> extends Info {
  readonly summary: string
  /** A text to copy, for `tweedie restore --operator`. */
  readonly example: string
  readonly options: S
  readonly positional?: keyof S & string
}

/** An operator as a catalog has it. */
export interface OperatorEntry<O extends ShownOperator = ShownOperator> {
  readonly info: OperatorInfo & { readonly linear: boolean }
  /**
   * The operator for samples of a shape and options known at run time, such as those that a catalog has read from
   * a text.
   *
   * @param shape - Of one sample: [C, H, W] of an image.
   * @throws {OptionError} for unknown options, values out of range, or values that do not fit the shape.
   * @throws {ShapeError} for a shape that it cannot have.
   */
  make(shape: Shape, settings?: Settings): O
}

/** An operator by its options: call it with the shape of a sample, or read of it what it is. */
export interface OperatorKind<O extends ShownOperator, S extends Specs> extends OperatorEntry<O> {
  /** As `make`, with the options in its type. */
  (shape: Shape, options?: Given<S>): O
  readonly info: OperatorInfo<S> & { readonly linear: boolean }
}

/** What is written of an operator: its name and options, and its parts for a shape. */
export interface OperatorDefinition<S extends Specs, P extends Parts> extends OperatorInfo<S> {
  /** May throw an OptionError for what depends on the shape; the range of each option is checked before. */
  build(shape: Shape, options: Filled<S>): P
}

function kindOf<O extends ShownOperator>(
  { build, ...info }: OperatorDefinition<Specs, Parts>,
  linear: boolean,
  make: (shape: Shape, options: Filled<Specs>) => O,
): OperatorKind<O, Specs> {
  const filled = (shape: Shape, given: Settings = {}) => make(shape, fill(info.name, info.options, given))
  return Object.assign((shape: Shape, given?: Settings) => filled(shape, given), {
    info: { ...info, linear },
    make: filled,
  })
}

/**
 * Defines a linear operator. Only `forward` must be written: the adjoint is its VJP unless given; the
 * pseudo-inverse and the maps of the singular value decomposition come from `spectrum`, and the type of the
 * operator has `pinv` and `svd` where the parts give them.
 *
 * @example
 * ```ts
 * import { defineLinear, integer } from '@tweedie/solvers'
 * import { ones } from '@tweedie/tensor'
 * const rows = defineLinear({
 *   name: 'rows',
 *   summary: 'rows of an image at a distance',
 *   example: 'rows:2',
 *   positional: 'every',
 *   options: { every: integer('distance of the rows', { default: 2, min: 1 }) },
 *   build: ([c = 1, h = 1, w = 1], { every }) => ({
 *     inShape: [c, h, w],
 *     outShape: [c, Math.ceil(h / every), w],
 *     forward: (x) => x.slice(null, null, [0, null, every]),
 *   }),
 * })
 * const operator = rows([1, 4, 1], { every: 3 })
 * operator.outShape // => [1, 2, 1]
 * operator.adjoint(ones([1, 1, 2, 1])).dataSync() // => [1, 0, 0, 1]
 * ```
 */
export function defineLinear<S extends Specs, const P extends LinearParts>(
  definition: OperatorDefinition<S, P>,
): OperatorKind<LinearOf<P>, S>
export function defineLinear(
  definition: OperatorDefinition<Specs, LinearParts>,
): OperatorKind<ShownOperator, Specs> {
  const { name, build } = definition
  return kindOf(definition, true, (shape, options) => linearOperator(name, build(shape, options)))
}

/**
 * Defines an operator that need not be linear.
 * @example
 * ```ts
 * import { defineOperator, number } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const clip = defineOperator({
 *   name: 'clip',
 *   summary: 'values times a gain, cut off where they leave the data range',
 *   example: 'clip:2',
 *   positional: 'gain',
 *   options: { gain: number('factor before the cut', { default: 2, above: 0 }) },
 *   build: (shape, { gain }) => ({ inShape: shape, outShape: shape, forward: (x) => x.mul(gain).clamp(-1, 1) }),
 * })
 * clip([2]).forward(tensor([[0.25, 0.75]])).dataSync() // => [0.5, 1]
 * ```
 */
export function defineOperator<S extends Specs, const P extends Parts>(
  definition: OperatorDefinition<S, P>,
): OperatorKind<ShownOf<P>, S>
export function defineOperator(
  definition: OperatorDefinition<Specs, Parts>,
): OperatorKind<ShownOperator, Specs> {
  const { name, build } = definition
  return kindOf(definition, false, (shape, options) => shownOperator(name, build(shape, options)))
}
