import type { KernelCall } from '../../device.ts'
import type { Conv2dParams } from '../../primitives.ts'
import { times } from '../../times.ts'

/** A convolution, alone or with what follows it. */
export type ConvCall = KernelCall<'conv2d'> | KernelCall<'fusedConv2d'>

/** One element of the kernel along an axis, and where it reads relative to an output's position. */
interface Tap {
  readonly index: number
  readonly offset: number
}

/**
 * Outputs first, first + every, … along one axis, as an undilated convolution of their own: output number
 * t reads input `t·step + tap.offset`, which is zero outside the input. Dilating the input by l splits the
 * outputs into (up to) l such phases, each with the few taps that meet elements rather than zeros.
 */
export interface Phase {
  readonly first: number
  readonly every: number
  readonly count: number
  readonly step: number
  readonly taps: readonly Tap[]
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))

/**
 * The phases of an axis with `kernel` taps and `outputs` outputs. Where the input's `extent` is given, taps that meet nothing
 * but padding are left out, as two of three are where it is 1: zeros are neither packed nor multiplied.
 */
export function phasesOf(
  kernel: number,
  outputs: number,
  stride: number,
  padLow: number,
  lhsDilation: number,
  rhsDilation: number,
  extent?: number,
): Phase[] {
  const every = lhsDilation / gcd(lhsDilation, stride)
  const step = (every * stride) / lhsDilation
  return times(Math.min(every, outputs), (first) => {
    const taps: Tap[] = []
    for (let index = 0; index < kernel; index++) {
      const at = first * stride + index * rhsDilation - padLow
      const idle =
        extent !== undefined && (at + (outputs - 1) * stride < 0 || at > (extent - 1) * lhsDilation)
      if (at % lhsDilation === 0 && !idle) taps.push({ index, offset: at / lhsDilation })
    }
    return { first, every, count: Math.ceil((outputs - first) / every), step, taps }
  })
}

/** Both axes of a convolution: rows, then columns. */
export type Phases = readonly [readonly Phase[], readonly Phase[]]

export function convPhases(
  kernel: readonly [number, number],
  outputs: readonly [number, number],
  { stride, padding, lhsDilation, rhsDilation }: Conv2dParams,
  inputs?: readonly [number, number],
): Phases {
  const axis = (i: 0 | 1) =>
    phasesOf(kernel[i], outputs[i], stride[i], padding[i][0], lhsDilation[i], rhsDilation[i], inputs?.[i])
  return [axis(0), axis(1)]
}

/** First and last input position that any tap of any phase reads; an empty range where there is no tap. */
export function rangeOf(phases: readonly Phase[]): { low: number; high: number } {
  let [low, high] = [Infinity, -Infinity]
  for (const { taps, count, step } of phases) {
    for (const { offset } of taps) {
      low = Math.min(low, offset)
      high = Math.max(high, offset + (count - 1) * step)
    }
  }
  return low > high ? { low: 0, high: -1 } : { low, high }
}

/** Memory of a plane of input in which every read is inside and neighbouring outputs read neighbours. */
export interface PlaneLayout {
  readonly rows: { readonly low: number; readonly high: number }
  readonly columns: { readonly low: number; readonly high: number }
  readonly columnStep: number
  /** Floats per row: `columnStep` interleaved sub-rows of `subRow` floats. */
  readonly width: number
  readonly subRow: number
  readonly size: number
}

export function planeLayout(phases: Phases): PlaneLayout {
  const rows = rangeOf(phases[0])
  const columns = rangeOf(phases[1])
  const columnStep = phases[1][0]!.step
  const subRow = Math.ceil((columns.high - columns.low + 1) / columnStep)
  const width = subRow * columnStep
  return { rows, columns, columnStep, width, subRow, size: width * (rows.high - rows.low + 1) }
}

/** Place within a row of the layout of the input column `x`. */
export const columnAt = ({ columns, columnStep, subRow }: PlaneLayout, x: number): number =>
  ((x - columns.low) % columnStep) * subRow + Math.floor((x - columns.low) / columnStep)
