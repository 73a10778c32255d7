import type { TypedArray } from '../dtype.ts'
import type { PrimitiveName, PrimitiveParams } from '../primitives.ts'
import { dilated } from '../rules/conv2d.ts'
import { sizeOf } from '../shape.ts'
import type { ReferenceKernel } from './host.ts'
import { packed } from './host.ts'

/** The element of the undilated input that lies at `at` of the dilated one, or −1 where there is a zero. */
function undilated(at: number, dilation: number, extent: number): number {
  if (at < 0 || at >= dilated(extent, dilation) || at % dilation !== 0) return -1
  return at / dilation
}

/**
 * out = left·right of an m×k and a k×n matrix, each in its row-major order. Four columns at a time, whose sums do not wait for
 * each other; each is taken over l in its order.
 */
function product(left: TypedArray, right: TypedArray, out: TypedArray, [m, k, n]: readonly number[]): void {
  for (let i = 0; i < m!; i++) {
    const row = i * k!
    let j = 0
    for (; j + 4 <= n!; j += 4) {
      let [p, q, r, s] = [0, 0, 0, 0]
      for (let l = 0, at = j; l < k!; l++, at += n!) {
        const factor = left[row + l]!
        p += factor * right[at]!
        q += factor * right[at + 1]!
        r += factor * right[at + 2]!
        s += factor * right[at + 3]!
      }
      const at = i * n! + j
      out[at] = p
      out[at + 1] = q
      out[at + 2] = r
      out[at + 3] = s
    }
    for (; j < n!; j++) {
      let total = 0
      for (let l = 0, at = j; l < k!; l++, at += n!) total += left[row + l]! * right[at]!
      out[i * n! + j] = total
    }
  }
}

/** Matrix product and convolution as plain loops that accumulate in double precision. */
export const contractKernels = {
  matmul: ([a, b], _params, out) => {
    const [m, k] = a!.shape.slice(-2) as [number, number]
    const n = b!.shape.at(-1)!
    const left = packed(a!)
    const right = packed(b!)
    const batch = sizeOf(a!.shape.slice(0, -2))
    for (let s = 0; s < batch; s++) {
      const of = (array: TypedArray, size: number) => array.subarray(s * size, (s + 1) * size)
      product(of(left, m * k), of(right, k * n), of(out.data, m * n), [m, k, n])
    }
  },
  conv2d: ([x, w], params: PrimitiveParams['conv2d'], out) => {
    const [n, channels, height, width] = x!.shape as [number, number, number, number]
    const [outChannels, perGroup, kernelHeight, kernelWidth] = w!.shape as [number, number, number, number]
    const [outHeight, outWidth] = out.shape.slice(2) as [number, number]
    const { stride, padding, lhsDilation, rhsDilation, groups } = params
    const input = packed(x!)
    const weight = packed(w!)
    let at = 0
    for (let s = 0; s < n; s++) {
      for (let o = 0; o < outChannels; o++) {
        const firstChannel = Math.floor(o / (outChannels / groups)) * perGroup
        for (let p = 0; p < outHeight; p++) {
          for (let q = 0; q < outWidth; q++) {
            let total = 0
            for (let u = 0; u < kernelHeight; u++) {
              const row = undilated(
                p * stride[0] + u * rhsDilation[0] - padding[0][0],
                lhsDilation[0],
                height,
              )
              if (row < 0) continue
              for (let v = 0; v < kernelWidth; v++) {
                const column = undilated(
                  q * stride[1] + v * rhsDilation[1] - padding[1][0],
                  lhsDilation[1],
                  width,
                )
                if (column < 0) continue
                for (let c = 0; c < perGroup; c++) {
                  total +=
                    input[((s * channels + firstChannel + c) * height + row) * width + column]! *
                    weight[((o * perGroup + c) * kernelHeight + u) * kernelWidth + v]!
                }
              }
            }
            out.data[at++] = total
          }
        }
      }
    }
  },
} satisfies { [P in PrimitiveName]?: ReferenceKernel<P> }
