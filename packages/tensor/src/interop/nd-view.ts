import type { DataType, NdArray } from 'ndarray'
import type { TypedArray } from '../dtype.ts'

const nameOf = (data: TypedArray): string => data.constructor.name.replace('Array', '').toLowerCase()

/**
 * A strided view of a typed array with the members of the npm package `ndarray`, whose modules take it as one of
 * theirs. The package itself writes its classes as text and compiles them, which a page with a content security
 * policy forbids.
 */
export class NdView implements NdArray<TypedArray> {
  readonly data: TypedArray
  readonly shape: number[]
  readonly stride: number[]
  readonly offset: number
  readonly dtype: DataType<TypedArray>

  constructor(data: TypedArray, shape: readonly number[], stride: readonly number[], offset: number) {
    this.data = data
    this.shape = [...shape]
    this.stride = [...stride]
    this.offset = offset
    this.dtype = nameOf(data) as DataType<TypedArray>
  }

  get dimension(): number {
    return this.shape.length
  }

  get size(): number {
    return this.shape.reduce((product, extent) => product * extent, 1)
  }

  /** Axes by stride, the shortest first. */
  get order(): number[] {
    const length = (axis: number) => Math.abs(this.stride[axis] ?? 0)
    return this.shape.map((_, axis) => axis).sort((a, b) => length(a) - length(b))
  }

  get T(): NdView {
    return this.transpose(...this.shape.map((_, axis) => axis).reverse())
  }

  index(...at: number[]): number {
    return this.stride.reduce((place, stride, axis) => place + stride * (at[axis] ?? 0), this.offset)
  }

  get(...at: number[]): number {
    return this.data[this.index(...at)] as number
  }

  set(...args: number[]): number {
    const value = args[this.dimension] ?? Number.NaN
    this.data[this.index(...args)] = value
    return value
  }

  /** Without the first elements of each axis. */
  lo(...from: (number | null)[]): NdView {
    const skip = this.shape.map((_, axis) => Math.max(0, from[axis] ?? 0))
    const shape = this.shape.map((extent, axis) => extent - (skip[axis] ?? 0))
    return new NdView(this.data, shape, this.stride, this.index(...skip))
  }

  /** The first elements of each axis. */
  hi(...to: (number | null)[]): NdView {
    const shape = this.shape.map((extent, axis) => {
      const end = to[axis] ?? -1
      return end < 0 ? extent : Math.trunc(end)
    })
    return new NdView(this.data, shape, this.stride, this.offset)
  }

  /** Every n-th element of each axis, from its end where n is negative. */
  step(...by: (number | null)[]): NdView {
    const steps = this.shape.map((_, axis) => Math.trunc(by[axis] ?? 1))
    const first = this.shape.map((extent, axis) => ((steps[axis] ?? 1) < 0 ? extent - 1 : 0))
    const shape = this.shape.map((extent, axis) => Math.ceil(extent / Math.abs(steps[axis] ?? 1)))
    const stride = this.stride.map((each, axis) => each * (steps[axis] ?? 1))
    return new NdView(this.data, shape, stride, this.index(...first))
  }

  transpose(...axes: number[]): NdView {
    const from = this.shape.map((_, axis) => axes[axis] ?? axis)
    const pick = (values: readonly number[]) => from.map((axis) => values[axis] ?? 0)
    return new NdView(this.data, pick(this.shape), pick(this.stride), this.offset)
  }

  /** One place on some axes, which go; null keeps an axis. */
  pick(...at: (number | null)[]): NdView {
    const kept = (_: unknown, axis: number) => (at[axis] ?? -1) < 0
    const place = this.shape.map((_, axis) => Math.max(0, at[axis] ?? 0))
    return new NdView(this.data, this.shape.filter(kept), this.stride.filter(kept), this.index(...place))
  }
}
