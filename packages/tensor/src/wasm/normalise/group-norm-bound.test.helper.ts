import type { GroupNormParams } from '../../primitives.ts'
import type { HostView } from '../../reference/host.ts'
import { packed } from '../../reference/host.ts'
import { sizeOf } from '../../shape.ts'

/** Unit roundoff of float32. */
const u = 2 ** -24
/** Error of a slope of SiLU and, relative, of SiLU itself: `math.test.ts` and `tolerances.ts` (3 ulp) hold them to it. */
const [slopeError, siluError] = [4 * u, 6 * u]
/** Largest slope of SiLU, and of its slope. */
const [steepest, bend] = [1.1, 0.5]
/** For products of two errors, and for all that is done in float64. */
const secondOrder = 1.01

/** Most roundings of a sum of `n` elements in four float32 lanes, which go to float64 every 512 elements. */
const roundingsOf = (n: number): number => Math.min(128, Math.ceil(n / 4))

const slopeOf = (z: number): number => {
  const s = 1 / (1 + Math.exp(-z))
  return s * (1 + z * (1 - s))
}

/** Bounds of the errors of every group normalisation of one input, in the order of the primitives' results. */
export interface GroupNormBounds {
  readonly groupNorm: Float64Array
  readonly groupNormGradInput: Float64Array
  readonly groupNormGradAffine: Float64Array
  readonly groupNormGrad: Float64Array
}

/**
 * How far each element may be from the exact one, rounded to float32. The statistics are sums in float64, so that the
 * scale s = 1/√(variance + ε) has the error of one rounding, and m, the mean as a float32, leaves a rest of up to u·|mean|
 * that is taken off after. Every step of `group-norm-loops.ts` adds its roundings to the errors of what it takes:
 *
 * - n = s·(x − m) − s·rest: 4 roundings of s·D, D = |x − mean| + 2u·|mean|;
 * - z = n·weight + bias, in the forward kernel with s·weight first: 5 of |weight|·s·D, 2 of |bias|;
 * - SiLU: {@link steepest} times the error of z and its own; dz = dy·slope(z): |dy|·({@link bend}·error of z + its own);
 * - sums over a channel: {@link roundingsOf} them; a = −s·mean(h·n), h = dz·weight;
 * - dx = s·(h + a·(x − m) − mean(h) − a·rest): 4 of |h| + |a|·D + |mean(h)|, once more for s.
 */
export function groupNormBounds(
  [x, weight, bias, dy]: readonly [HostView, HostView, HostView, HostView],
  { groups, eps, silu }: GroupNormParams,
): GroupNormBounds {
  const channels = x.shape[1]!
  const pixels = sizeOf(x.shape.slice(2))
  const [xs, ws, bs, dys] = [packed(x), packed(weight), packed(bias), packed(dy)]
  const size = sizeOf(x.shape)
  const [forward, input, affine] = [
    new Float64Array(size),
    new Float64Array(size),
    new Float64Array(2 * channels),
  ]
  const totals = new Float64Array(2 * channels)
  const perGroup = channels / groups
  const count = perGroup * pixels
  const own = roundingsOf(pixels)
  for (let first = 0; count > 0 && first < size; first += count) {
    const group = Array.from({ length: count }, (_, i) => first + i)
    const channelOf = (at: number) => Math.floor(at / pixels) % channels
    const mean = group.reduce((sum, at) => sum + xs[at]!, 0) / count
    const variance = group.reduce((sum, at) => sum + (xs[at]! - mean) ** 2, 0) / count
    const s = 1 / Math.sqrt(variance + eps)
    const elements = group.map((at) => {
      const [w, b, grad] = [ws[channelOf(at)]!, bs[channelOf(at)]!, dys[at]!]
      const reach = Math.abs(xs[at]! - mean) + 2 * u * Math.abs(mean)
      const n = (xs[at]! - mean) * s
      const z = n * w + b
      const nError = 4 * u * s * reach
      const zError = Math.abs(w) * nError + 2 * u * (Math.abs(w) * s * reach + Math.abs(b))
      const slope = silu ? slopeOf(z) : 1
      const dz = grad * slope
      const dzError = silu ? Math.abs(grad) * (bend * zError + slopeError) + u * Math.abs(dz) : 0
      const y = silu ? z / (1 + Math.exp(-z)) : z
      const affineError = 5 * u * Math.abs(w) * s * reach + 2 * u * Math.abs(b)
      const yError = silu ? steepest * affineError + siluError * Math.abs(y) + 1e-35 : affineError
      forward[at] = secondOrder * (yError + u * Math.abs(y))
      return { at, channel: channelOf(at), w, reach, n, nError, dz, dzError }
    })
    let [meanH, meanHn, meanHError, meanHnError] = [0, 0, 0, 0]
    for (const { channel, w, n, nError, dz, dzError } of elements) {
      const plain = dzError + own * u * Math.abs(dz)
      const product = dzError * Math.abs(n) + Math.abs(dz) * nError + (own + 1) * u * Math.abs(dz * n)
      totals[channel]! += dz * n
      totals[channels + channel]! += dz
      affine[channel]! += product
      affine[channels + channel]! += plain
      meanH += (w * dz) / count
      meanHn += (w * dz * n) / count
      meanHError += (Math.abs(w) * plain) / count
      meanHnError += (Math.abs(w) * product) / count
    }
    meanHError += u * Math.abs(meanH)
    const a = s * Math.abs(meanHn)
    const aError = s * (meanHnError + u * Math.abs(meanHn)) + 2 * u * a
    for (const { at, w, reach, dz, dzError } of elements) {
      const level = Math.abs(w * dz) + a * reach + Math.abs(meanH)
      const inner = reach * aError + Math.abs(w) * dzError + meanHError + 4 * u * level
      input[at] = secondOrder * s * (inner + 4 * u * level)
    }
  }
  const sums = affine.map((error, i) => secondOrder * (error + 2 * u * Math.abs(totals[i]!)))
  return {
    groupNorm: forward,
    groupNormGradInput: input,
    groupNormGradAffine: sums,
    groupNormGrad: Float64Array.from([...input, ...sums]),
  }
}
