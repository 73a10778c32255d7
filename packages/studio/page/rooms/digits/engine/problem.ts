import { measure, measurementKey, toTensor } from '@tweedie/runs'
import type { Noise, Prior, ShownOperator } from '@tweedie/solvers'
import { inpaint, noiseFromSpec, operatorFromSpec } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import type { Params } from '@tweedie/unet'
import { parseIdx } from '@tweedie/unet'
import { painted } from '../fields.ts'
import { greyOfLevel, hiddenOf, levelsOf, side, size } from '../pixels.ts'
import { photoOf, planesOf } from './photos.ts'

/** All that a measurement depends on, beside its seed, in the words of the address. */
export interface DigitsProblem {
  /** Which of the held-out digits, where nothing was drawn. */
  readonly digit: number
  readonly drawn: string
  readonly operator: string
  /** Of the operator that is painted. */
  readonly mask: string
  readonly noise: string
  /** In place of a digit: a picture that was given, of a prior that was loaded. */
  readonly photo?: PhotoOf
}

/** A picture that was given, as a prior sees it. */
export interface PhotoOf {
  /** Its number. */
  readonly picture: number
  /** Of the prior that was loaded, which may be another the next time. */
  readonly prior: number
  readonly channels: 1 | 3
  readonly height: number
  readonly width: number
}

/** The shape [C, H, W] of the picture of a problem. */
export const shapeOf = ({ photo }: Pick<DigitsProblem, 'photo'>): readonly [1 | 3, number, number] =>
  photo === undefined ? [1, side, side] : [photo.channels, photo.height, photo.width]

/** The digits that the page has, a byte a pixel. */
export type HeldOut = readonly Uint8Array[]

/** The digits of an IDX file. */
export function heldOutOf(bytes: Uint8Array): HeldOut {
  const { shape, values } = parseIdx(bytes, 'held-out.idx')
  return Array.from({ length: shape[0] ?? 0 }, (_, k) => values.slice(k * size, (k + 1) * size))
}

/** The levels 0 … 255 of the picture that is measured, channel by channel. */
export function greysOf(
  { digit, drawn, photo }: Pick<DigitsProblem, 'digit' | 'drawn' | 'photo'>,
  heldOut: HeldOut,
): Uint8Array<ArrayBuffer> {
  if (photo !== undefined) return planesOf(photoOf(photo.picture), photo.channels)
  const levels = drawn === '' ? undefined : levelsOf(drawn)
  return levels === undefined ? Uint8Array.from(heldOut[digit] ?? []) : levels.map(greyOfLevel)
}

/** The last operator: many runs are of the same, and it holds tensors of its own. */
let latest: { readonly key: string; readonly operator: ShownOperator } | undefined

/** Leaves the last operator to the collector. */
export function forgetOperator(): void {
  latest = undefined
}

/** The operator of a problem. @throws {OptionError | ShapeError} for a text that is wrong. */
export function operatorOf(problem: Pick<DigitsProblem, 'operator' | 'mask' | 'photo'>): ShownOperator {
  const { operator, mask } = problem
  const shape = shapeOf(problem)
  const key = operator === painted ? `${operator} ${mask}` : `${operator} ${shape}`
  if (latest?.key !== key) latest = { key, operator: madeOf(operator, mask, shape) }
  return latest.operator
}

function madeOf(operator: string, mask: string, shape: readonly number[]): ShownOperator {
  if (operator !== painted) return operatorFromSpec(operator, shape)
  if (shape[1] !== side) throw new OptionError('operator', 'is a mask painted on a digit; choose another')
  const hidden = hiddenOf(mask)
  if (hidden === undefined) throw new OptionError('mask', 'is no mask of 28×28 pixels')
  return inpaint(shape, { mask: Array.from(hidden, (pixel) => 1 - pixel) })
}

/** A problem as the engine has it: the tensors [1, …] are the caller's. */
export interface PosedDigit {
  readonly operator: ShownOperator
  readonly noise: Noise
  readonly truth: Tensor
  readonly y: Tensor
}

/** Measures the picture as `tweedie restore` does, with the same numbers. @throws {OptionError} for words that are wrong. */
export function pose(problem: DigitsProblem, seed: number, heldOut: HeldOut): PosedDigit {
  const operator = operatorOf(problem)
  const noise = noiseFromSpec(problem.noise)
  const data = Float32Array.from(greysOf(problem, heldOut), (grey) => grey / 255)
  const [channels, height, width] = shapeOf(problem)
  const truth = toTensor([{ channels, height, width, data }])
  return { operator, noise, truth, y: measure(operator, noise, truth, measurementKey(seed)) }
}

/** What a run on digits stands on. */
export interface Ground {
  readonly prior: Prior
  readonly heldOut: HeldOut
  /** Of the prior's network, where they are to be freed with it. */
  readonly params?: Params
}
