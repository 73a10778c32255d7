import type { Shape, Tensor } from '@tweedie/tensor'
import { fromData, normal, randomKey, scope } from '@tweedie/tensor'

/** Something to time on a device. */
export interface Job {
  readonly name: string
  /** Whether a renderer on the processor gets through it in a minute or so. */
  readonly few: boolean
  /** Greatest difference from wasm over the greatest magnitude, where it is not that of a single network. */
  readonly tolerance?: number
  /** Makes what it works on. */
  prepare(device: string): Promise<Work>
  /** The same, run as its definition says; that is what counts operations and says which results are right. */
  truth?(device: string): Promise<Work>
  /** Its inputs on the host by name, for a peer to compute the same; none where no peer has the like. */
  given?(): Promise<Arrays>
}

/** Numbers on the host, with their shape. */
export interface HostArray {
  readonly shape: Shape
  readonly values: Float32Array<ArrayBuffer>
}

/** Arrays on the host by name. */
export type Arrays = Readonly<Record<string, HostArray>>

export interface Work {
  /** Does it once; the caller owns the results. */
  run(): readonly Tensor[] | Promise<readonly Tensor[]>
  /** Launches of a run, where the device does not count them. */
  readonly launches?: number | undefined
  /** What a recorded program is run by, or why not as a whole. */
  readonly executor?: string
  free?(): Promise<void>
}

/** Standard normal numbers, the same on every device. */
export const drawn = (name: string, shape: Shape): HostArray =>
  hostArray(() => normal(randomKey(1).fold(name), shape, { device: 'wasm' }))

/** What a function makes on `wasm`, on the host. */
export function hostArray(make: () => Tensor): HostArray {
  using x = scope(make)
  return { shape: x.shape, values: Float32Array.from(x.dataSync()) }
}

/** Inputs of a job by their names: {@link drawn}, one for each shape. */
export const givenInputs = (name: string, shapes: readonly Shape[]): Arrays =>
  Object.fromEntries(shapes.map((shape, i) => [`${name} ${i}`, drawn(`${name} ${i}`, shape)]))

/** An array on a device. */
export const placed = ({ shape, values }: HostArray, device: string): Tensor =>
  fromData(values, shape, { device })

/** A job that gave no row, and why. */
export interface Failure {
  readonly name: string
  readonly why: string
}
