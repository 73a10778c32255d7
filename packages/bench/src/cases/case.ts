import type { Key, Shape } from '@tweedie/tensor'
import { normal, randomKey, scope } from '@tweedie/tensor'

/** What a case computes, in the words of every engine. All arrays are float32 and row-major; images are NCHW. */
export type Op =
  | { readonly kind: 'matmul' }
  | { readonly kind: 'conv2d'; readonly stride: number; readonly padding: number }
  | { readonly kind: 'groupNormSilu'; readonly groups: number; readonly eps: number }
  | { readonly kind: 'softmax' }
  | { readonly kind: 'attention' }
  /** The orthonormal transform of a complex image x [2, H, W], re and im. */
  | { readonly kind: 'dft' }
  | { readonly kind: 'chain'; readonly name: ChainName }
  | { readonly kind: 'network'; readonly network: NetworkName; readonly task: NetworkTask }
  | { readonly kind: 'operator'; readonly spec: string; readonly task: OperatorTask }

/** An op of one library's vocabulary, which other libraries may have as well. */
export type KernelOp = Exclude<Op, { kind: 'network' | 'operator' }>

/** Elementwise expressions over x, y [n]. */
export type ChainName = 'x + y' | 'x·y + x' | 'silu(x) · y' | 'exp(−x²)'
export type NetworkName = 'adm' | 'adm256' | 'adm553' | 'digits'
/** With the VJP: that of a linear operator is its adjoint. A DDRM step is all of one but the network and its draws. */
export type OperatorTask = 'forward' | 'forward + VJP' | 'DDRM step'
export type NetworkTask = 'forward' | 'forward + VJP' | 'training step'

/** One thing to time, the same for every engine. */
export interface BenchCase {
  readonly name: string
  readonly op: Op
  /**
   * Inputs whose gradients are computed, given a cotangent `dy`; none for the op itself. The op's own run is not
   * timed then, except for networks.
   */
  readonly wrt: readonly string[]
  /** Shapes of the inputs by name, `dy` among them where `wrt` is not empty. */
  readonly inputs: Readonly<Record<string, Shape>>
  /** Floating-point operations (a multiply-add counts two), or the bytes that must move at least. */
  readonly cost: { readonly flops: number } | { readonly bytes: number } | null
}

export interface HostArray {
  readonly shape: Shape
  readonly data: Float32Array
}

/** The inputs of a case: standard normal, the same for every engine and every run. */
export function drawInputs({ name, inputs }: BenchCase): Readonly<Record<string, HostArray>> {
  const key: Key = randomKey(1).fold(name)
  const draw = (input: string, shape: Shape): HostArray => ({
    shape,
    data: scope(() => normal(key.fold(input), shape, { device: 'wasm' }).dataSync()) as Float32Array,
  })
  return Object.fromEntries(Object.entries(inputs).map(([input, shape]) => [input, draw(input, shape)]))
}
