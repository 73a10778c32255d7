import type { Shape } from '../../../shape.ts'
import type { Epilogue } from '../../product/epilogue.ts'
import type { WasmContext } from '../../runtime/kernel.ts'
import type { ConvCall } from '../plan.ts'
import { winogradForward } from './forward.ts'
import { tilingOf } from './tiles.ts'
import type { TileSize } from './transforms.ts'
import { winogradWeightGradient } from './weight.ts'

/**
 * What things cost on one thread, in nanoseconds: a multiply-add of the products, an element of a transform of input or
 * output, a transformed weight, and an element of the sums that weight gradients are made of. Measured over
 * 3 … 256 channels and extents 4 … 64; the choices it gives are within 10 % of the better one but for
 * single images of up to 8², where it spares larger batches F(2×2) (docs/adr/0008-winograd.md).
 */
const cost = { product: 1 / 22, transform: 0.33, weight: 0.15, sum: 0.4 } as const

/** Fewest tiles to reckon with per image: products have panels of eight. */
const fewestTiles = 6

/** Share of the direct time that Winograd must stay below, for the error it adds. */
const worthwhile = 0.85

const sizes: readonly TileSize[] = [4, 2]

/** Tiles of one plane. */
function tilesOf(size: TileSize, height: number, width: number): number {
  const { down, across } = tilingOf(size, height, width)
  return down * across
}

/** The size that costs least, or none where the direct way does or comes close. */
function cheapest(direct: number, costOf: (size: TileSize, xis: number) => number): TileSize | undefined {
  const [best] = sizes
    .map((size) => ({ size, time: costOf(size, (size + 2) ** 2) }))
    .sort((a, b) => a.time - b.time) as [{ size: TileSize; time: number }, unknown]
  return best.time < worthwhile * direct ? best.size : undefined
}

/**
 * The tile size for a convolution, by its channels and one image: an image's result must not depend on how many others
 * there are.
 */
function forwardSize({ inputs, shape }: ConvCall): TileSize | undefined {
  const [, rows, height, width] = shape as [number, number, number, number]
  const channels = inputs[1]!.shape[1]!
  const direct = 9 * channels * rows * height * width * cost.product
  return cheapest(direct, (size, xis) => {
    const tiles = Math.max(fewestTiles, tilesOf(size, height, width))
    const transforms = (channels + rows) * tiles * cost.transform
    return xis * (transforms + channels * rows * (tiles * cost.product + cost.weight))
  })
}

/** The tile size for a weight gradient: x [Cin, N, H, W], output gradients [Cout, N, Hout, Wout]. */
function weightSize({ inputs }: ConvCall): TileSize | undefined {
  const [rows, images, height, width] = inputs[1]!.shape as [number, number, number, number]
  const channels = inputs[0]!.shape[0]!
  const direct = 9 * channels * rows * images * height * width * cost.product
  return cheapest(direct, (size, xis) => {
    const tiles = images * tilesOf(size, height, width)
    const transforms = (channels + rows) * tiles * cost.transform
    return xis * (transforms + channels * rows * (tiles * cost.product + cost.sum))
  })
}

/**
 * Does a convolution of 3×3 taps at stride 1 by Winograd's algorithm where that is allowed and pays, else returns false.
 *
 * Errors, for unit normal inputs and weights, relative to the largest output, are bounded by (6 + 0.8·√C)·2⁻²⁴ for
 * F(2×2, 3×3) and (12 + 6·√C)·2⁻²⁴ for F(4×4, 3×3) with C = 8 … 512 input channels (`winograd.test.ts`; the direct sum
 * keeps 14·2⁻²⁴).
 */
export function winograd(call: ConvCall, out: number, context: WasmContext, epilogue?: Epilogue): boolean {
  if (!context.winograd || !isPlain(call, call.inputs[1]!.shape)) return false
  const size = forwardSize(call)
  if (size === undefined) return false
  winogradForward(call, out, context, size, epilogue)
  return true
}

/** The same for a weight gradient. */
export function winogradWeights(call: ConvCall, out: number, context: WasmContext): boolean {
  if (!context.winograd || !isPlain(call, call.shape)) return false
  const size = weightSize(call)
  if (size === undefined) return false
  winogradWeightGradient(call, out, context, size)
  return true
}

/** At stride 1, undilated, in one group, with weights of this shape 3×3; any padding. */
function isPlain({ params }: ConvCall, [, , height, width]: Shape): boolean {
  const { stride, lhsDilation, rhsDilation, groups } = params
  const unit = [...stride, ...lhsDilation, ...rhsDilation].every((n) => n === 1)
  return unit && groups === 1 && height === 3 && width === 3
}
