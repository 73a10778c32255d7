import { measure, measurementKey, toTensor } from '@tweedie/runs'
import type { Noise, Prior, ShownOperator } from '@tweedie/solvers'
import { inpaint, noiseFromSpec, operatorFromSpec } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import type { Params } from '@tweedie/unet'
import { parseIdx } from '@tweedie/unet'
import { painted } from '../fields.ts'
import { greyOfLevel, hiddenOf, levelsOf, side, size } from '../pixels.ts'

/** All that a measurement depends on, beside its seed, in the words of the address. */
export interface DigitsProblem {
  /** Which of the held-out digits, where nothing was drawn. */
  readonly digit: number
  readonly drawn: string
  readonly operator: string
  /** Of the operator that is painted. */
  readonly mask: string
  readonly noise: string
}

/** The problem of a state, without what does not count in it. */
export const problemIn = ({ digit, drawn, operator, mask, noise }: DigitsProblem): DigitsProblem => ({
  digit: drawn === '' ? digit : 0,
  drawn,
  operator,
  mask: operator === painted ? mask : '',
  noise,
})

/** The digits that the page has, a byte a pixel. */
export type HeldOut = readonly Uint8Array[]

/** The digits of an IDX file. */
export function heldOutOf(bytes: Uint8Array): HeldOut {
  const { shape, values } = parseIdx(bytes, 'held-out.idx')
  return Array.from({ length: shape[0] ?? 0 }, (_, k) => values.slice(k * size, (k + 1) * size))
}

/** The greys 0 … 255 of the picture that is measured. */
export function greysOf(
  { digit, drawn }: Pick<DigitsProblem, 'digit' | 'drawn'>,
  heldOut: HeldOut,
): Uint8Array<ArrayBuffer> {
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
export function operatorOf({ operator, mask }: Pick<DigitsProblem, 'operator' | 'mask'>): ShownOperator {
  const key = operator === painted ? `${operator} ${mask}` : operator
  if (latest?.key !== key) latest = { key, operator: madeOf(operator, mask) }
  return latest.operator
}

function madeOf(operator: string, mask: string): ShownOperator {
  const shape = [1, side, side]
  if (operator !== painted) return operatorFromSpec(operator, shape)
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
  const truth = toTensor([{ channels: 1, height: side, width: side, data }])
  return { operator, noise, truth, y: measure(operator, noise, truth, measurementKey(seed)) }
}

/** What a run on digits stands on. */
export interface Ground {
  readonly prior: Prior
  readonly heldOut: HeldOut
  /** Of the prior's network, where they are to be freed with it. */
  readonly params?: Params
}
