import type { GroupNormParams, PrimitiveName } from '../primitives.ts'
import { sizeOf } from '../shape.ts'
import { sigmoid, siluSlope } from './elementwise.ts'
import type { HostView, ReferenceKernel } from './host.ts'
import { packed } from './host.ts'

interface Group {
  /** First element and number of elements of the group, and pixels per channel. */
  readonly start: number
  readonly count: number
  readonly pixels: number
  /** Channel of an element of the group by its position in it. */
  channel(i: number): number
  readonly mean: number
  /** 1/√(variance + ε). */
  readonly scale: number
}

/** Visits every group of every sample with its statistics. */
function forGroups(
  x: HostView,
  values: ArrayLike<number>,
  { groups, eps }: GroupNormParams,
  visit: (g: Group) => void,
): void {
  const [n, channels] = x.shape as readonly [number, number]
  const pixels = sizeOf(x.shape.slice(2))
  const perGroup = channels / groups
  const count = perGroup * pixels
  for (let s = 0; s < n; s++) {
    for (let g = 0; g < groups; g++) {
      const start = (s * channels + g * perGroup) * pixels
      let mean = 0
      for (let i = 0; i < count; i++) mean += values[start + i]! / count
      let variance = 0
      for (let i = 0; i < count; i++) variance += (values[start + i]! - mean) ** 2 / count
      const channel = (i: number) => g * perGroup + Math.floor(i / pixels)
      visit({ start, count, pixels, channel, mean, scale: 1 / Math.sqrt(variance + eps) })
    }
  }
}

/** Slope of the activation that follows, at its input. */
const slope = (silu: boolean, z: number): number => (silu ? siluSlope(z) : 1)

type Inputs = readonly HostView[]
type Write = (at: number, value: number) => void

/** Writes the gradient in x: with n the normalised x and h = dy·slope·weight, scale·(h − mean(h) − n·mean(h·n)). */
function gradInput([x, weight, bias, dy]: Inputs, params: GroupNormParams, write: Write): void {
  const values = packed(x!)
  const w = packed(weight!)
  const b = packed(bias!)
  const grad = packed(dy!)
  forGroups(x!, values, params, ({ start, count, channel, mean, scale }) => {
    const h = new Float64Array(count)
    let [meanH, meanHn] = [0, 0]
    for (let i = 0; i < count; i++) {
      const n = (values[start + i]! - mean) * scale
      const c = channel(i)
      h[i] = grad[start + i]! * slope(params.silu, n * w[c]! + b[c]!) * w[c]!
      meanH += h[i]! / count
      meanHn += (h[i]! * n) / count
    }
    for (let i = 0; i < count; i++) {
      const n = (values[start + i]! - mean) * scale
      write(start + i, scale * (h[i]! - meanH - n * meanHn))
    }
  })
}

/** Per channel Σ dz·n, the gradient in the weight, then per channel Σ dz, that in the bias; dz = dy·slope. */
function gradAffine([x, weight, bias, dy]: Inputs, params: GroupNormParams): Float64Array {
  const values = packed(x!)
  const w = packed(weight!)
  const b = packed(bias!)
  const grad = packed(dy!)
  const channels = x!.shape[1]!
  const totals = new Float64Array(2 * channels)
  forGroups(x!, values, params, ({ start, count, channel, mean, scale }) => {
    for (let i = 0; i < count; i++) {
      const n = (values[start + i]! - mean) * scale
      const c = channel(i)
      const dz = grad[start + i]! * slope(params.silu, n * w[c]! + b[c]!)
      totals[c]! += dz * n
      totals[channels + c]! += dz
    }
  })
  return totals
}

/** Group normalisation, with optional SiLU, and its gradients: in x, in weight and bias, and in all at once. */
export const groupNormKernels = {
  groupNorm: ([x, weight, bias], params: GroupNormParams, out) => {
    const values = packed(x!)
    const w = packed(weight!)
    const b = packed(bias!)
    forGroups(x!, values, params, ({ start, count, channel, mean, scale }) => {
      for (let i = 0; i < count; i++) {
        const z = (values[start + i]! - mean) * scale * w[channel(i)]! + b[channel(i)]!
        out.data[start + i] = params.silu ? z * sigmoid(z) : z
      }
    })
  },
  groupNormGradInput: (inputs, params: GroupNormParams, out) =>
    gradInput(inputs, params, (at, value) => (out.data[at] = value)),
  groupNormGradAffine: (inputs, params: GroupNormParams, out) => out.data.set(gradAffine(inputs, params)),
  groupNormGrad: (inputs, params: GroupNormParams, out) => {
    gradInput(inputs, params, (at, value) => (out.data[at] = value))
    out.data.set(gradAffine(inputs, params), sizeOf(inputs[0]!.shape))
  },
} satisfies { [P in PrimitiveName]?: ReferenceKernel<P> }
