import { rules } from '@tweedie/autograd'
import type { Conv2dParams, Shape, Tensor } from '@tweedie/tensor'
import { dispatch, matmul, normal, randomKey } from '@tweedie/tensor'

/** A convolution to time: all extents of x [N, Cin, H, W] and w [Cout, Cin, k, k], "same" padding. */
export interface ConvSize {
  readonly batch: number
  readonly inChannels: number
  readonly outChannels: number
  readonly extent: number
  readonly kernel: number
  readonly stride: number
}

/** What one kernel case computes; every engine gets the same. */
export type KernelWork =
  | { readonly kind: 'matmul'; readonly m: number; readonly k: number; readonly n: number }
  | ({ readonly kind: 'conv forward' | 'conv input gradient' | 'conv weight gradient' } & ConvSize)

export interface KernelCase {
  readonly name: string
  readonly work: KernelWork
  /** Floating-point operations, a multiply-add counting two. */
  readonly flops: number
}

const square = (n: number): KernelCase => ({
  name: `matmul ${n}`,
  work: { kind: 'matmul', m: n, k: n, n },
  flops: 2 * n ** 3,
})

export const outExtent = ({ extent, stride }: ConvSize): number => Math.ceil(extent / stride)

function convolution(size: ConvSize): KernelCase[] {
  const { batch, inChannels, outChannels, extent, kernel } = size
  const flops = 2 * batch * inChannels * outChannels * kernel ** 2 * outExtent(size) ** 2
  const label = `conv ${kernel}×${kernel} ${inChannels}→${outChannels} @${extent}²${batch > 1 ? ` ×${batch}` : ''}`
  const kinds = ['conv forward', 'conv input gradient', 'conv weight gradient'] as const
  return kinds.map((kind) => ({ name: `${label} ${kind.slice(5)}`, work: { kind, ...size }, flops }))
}

const conv3x3 = (batch: number, inChannels: number, outChannels: number, extent: number): ConvSize => ({
  batch,
  inChannels,
  outChannels,
  extent,
  kernel: 3,
  stride: 1,
})

/** The kernel suite: products and convolutions, the latter with both gradients, at three sizes each. */
export const kernelCases: readonly KernelCase[] = [
  ...[256, 512, 1024].map(square),
  ...convolution(conv3x3(16, 32, 32, 28)),
  ...convolution(conv3x3(1, 64, 64, 64)),
  ...convolution(conv3x3(1, 128, 128, 32)),
]

/** Zeros on each side that keep the extent at stride 1. */
export const samePadding = (size: ConvSize): number => (size.kernel - 1) / 2

const draw = (name: string, shape: Shape, device: string): Tensor =>
  normal(randomKey(1).fold(name), shape, { device })

/** A case ready to run on one of our devices: the function runs it once, `free` gives up its inputs. */
export interface Prepared {
  /** Runs once; a promise where the device works in the background. */
  run(): unknown
  free(): void
}

/** Sets a case up on a device; float32, data in place before the clock runs. */
export function prepare({ work }: KernelCase, device: string): Prepared {
  if (work.kind === 'matmul') {
    const [a, b] = [draw('a', [work.m, work.k], device), draw('b', [work.k, work.n], device)]
    return { run: () => finish(matmul(a, b)), free: () => [a, b].forEach((x) => x.dispose()) }
  }
  const out = outExtent(work)
  const x = draw('x', [work.batch, work.inChannels, work.extent, work.extent], device)
  const w = draw('w', [work.outChannels, work.inChannels, work.kernel, work.kernel], device)
  const dy = draw('dy', [work.batch, work.outChannels, out, out], device)
  const sides = [samePadding(work), samePadding(work)] as const
  const params: Conv2dParams = {
    stride: [work.stride, work.stride],
    padding: [sides, sides],
    lhsDilation: [1, 1],
    rhsDilation: [1, 1],
    groups: 1,
  }
  const rule = rules.conv2d
  if (rule.kind !== 'vjp') throw new TypeError('conv2d has no rule of its own')
  const context = {
    dy,
    x: (i: number) => [x, w][i]!,
    y: dy,
    params,
    shapes: [x.shape, w.shape],
    shared: (make: () => Tensor) => make(),
  }
  const runs = {
    'conv forward': () => dispatch('conv2d', [x, w], params),
    'conv input gradient': () => rule.input(0, params)!.grad(context),
    'conv weight gradient': () => rule.input(1, params)!.grad(context),
  }
  const run = runs[work.kind]
  return { run: () => finish(run()), free: () => [x, w, dy].forEach((t) => t.dispose()) }
}

/** Frees a result; where the device works in the background, waits for it first. */
function finish(result: Tensor): unknown {
  if (result.device.hostView !== undefined) return result.dispose()
  return result.data().then(() => result.dispose())
}
