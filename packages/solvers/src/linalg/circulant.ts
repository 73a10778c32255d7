import type { Tensor } from '@tweedie/tensor'
import { gather, scope } from '@tweedie/tensor'
import type { Svd } from '../types.ts'
import type { HostComplex } from './complex.ts'
import { complexFactor } from './complex.ts'
import { constant } from './constant.ts'
import { dft2 } from './dft.ts'
import { negatives, realFourierBasis } from './fourier-basis.ts'
import { hostDft2 } from './host-dft.ts'
import type { HostMatrix } from './host-matrix.ts'
import { batchOf } from './per-sample.ts'

/**
 * The transfer function T[k, l] = Σ_{a,b} kernel[a, b]·e^{−2πi((a−a₀)k/H + (b−b₀)l/W)} of a circular convolution of
 * H×W images, (k ∗ x)[p, q] = Σ kernel[a, b]·x[p − a + a₀, q − b + b₀], with the middle tap (a₀, b₀) =
 * (⌊rows/2⌋, ⌊columns/2⌋) on the pixel. The kernel may exceed the image, around which it then goes more than once.
 */
export function transferOf(kernel: HostMatrix, height: number, width: number): HostComplex {
  const { rows, columns, data } = kernel
  const around = (at: number, extent: number) => ((at % extent) + extent) % extent
  const tapped = new Float64Array(height * width)
  data.forEach((tap, i) => {
    const p = around(Math.floor(i / columns) - Math.floor(rows / 2), height)
    const q = around((i % columns) - Math.floor(columns / 2), width)
    tapped[p * width + q]! += tap
  })
  const { re, im } = hostDft2({ re: tapped, im: new Float64Array(height * width) }, height, width)
  const scale = Math.sqrt(height * width)
  return { re: re.map((value) => value * scale), im: im.map((value) => value * scale) }
}

/** A linear map of images to images of the same shape, of real elements, with its decomposition. */
export interface Circulant {
  /** A x = Re F*(T ⊙ F x), [N, C, H, W] to the same. */
  forward(x: Tensor): Tensor
  /** Aᵀy = Re F*(T̄ ⊙ F y). */
  adjoint(y: Tensor): Tensor
  /** A = U Σ Vᵀ: V the real Fourier basis, s = |T|, U = V turned by the phase of T. */
  svd(): Svd
}

/**
 * The circular convolution of every channel whose transfer function is T, F A F* = diag T, where T[−k] is the conjugate of
 * T[k]. In the coordinates of {@link realFourierBasis} it takes the pair (c, d) of k to |T|·(c cos φ − d sin φ,
 * c sin φ + d cos φ) with T[k] = |T|e^{iφ}, and the single coordinate of a k = −k to T[k]·c.
 *
 * @param shape - [C, H, W].
 * @param transfer - H·W numbers in row-major order, frequency 0 first; see {@link transferOf}.
 * @param cutoff - |T| up to this part of the largest counts as 0; the default, 2⁻⁴⁵, is what rounding leaves of a zero.
 */
export function circulant(
  shape: readonly [channels: number, height: number, width: number],
  transfer: HostComplex,
  cutoff = 2 ** -45,
): Circulant {
  const [, height, width] = shape
  const fourier = dft2(height, width)
  const factor = complexFactor(transfer, [height, width])
  return {
    forward: (x) => scope(() => fourier.inverseReal(factor.times(fourier.forwardReal(x)))),
    adjoint: (y) => scope(() => fourier.inverseReal(factor.timesConjugate(fourier.forwardReal(y)))),
    svd: () => circulantSvd(shape, transfer, cutoff),
  }
}

function circulantSvd(
  shape: readonly [channels: number, height: number, width: number],
  transfer: HostComplex,
  cutoff: number,
): Svd {
  const [channels, height, width] = shape
  const plane = height * width
  const { analysis, synthesis } = realFourierBasis(shape)
  const negative = negatives(height, width)
  // T[−k] is the conjugate of T[k] to the last bit, whatever rounding made of it.
  const re = transfer.re.map((_, i) => transfer.re[Math.min(i, negative[i]!)]!)
  const im = transfer.im.map((_, i) => Math.sign(negative[i]! - i) * transfer.im[Math.min(i, negative[i]!)]!)
  const size = re.map((value, i) => Math.hypot(value, im[i]!))
  const least = cutoff * size.reduce((top, value) => Math.max(top, value), 0)
  const s = size.map((value) => (value > least ? value : 0))
  // U's turn: coordinate i becomes cos·c_i + sin·c_{−i}; both 0 where A sees nothing.
  const cos = constant(
    re.map((value, i) => (s[i]! > 0 ? value / s[i]! : 0)),
    [plane],
  )
  const sin = constant(
    im.map((value, i) => (s[i]! > 0 ? -value / s[i]! : 0)),
    [plane],
  )
  const other = constant(negative, [plane])
  const turned = (c: Tensor, back: boolean) => {
    const planes = c.reshape([batchOf(c), channels, plane])
    const across = gather(planes, other(c), 2).mul(sin(c))
    const along = planes.mul(cos(c))
    return (back ? along.sub(across) : along.add(across)).reshape(c.shape)
  }
  return {
    singularValues: Float64Array.from({ length: channels * plane }, (_, i) => s[i % plane]!),
    vt: analysis,
    v: synthesis,
    ut: (y) => scope(() => turned(analysis(y), true)),
    u: (c) => scope(() => synthesis(turned(c, false))),
  }
}
