import type { Shape, Tensor } from '@tweedie/tensor'
import { OptionError, ShapeError, sameShape, scope, sizeOf } from '@tweedie/tensor'
import type { AxisTransform, Parts } from './dft-axis.ts'
import { dftAlong } from './dft-axis.ts'

/**
 * The orthonormal discrete Fourier transform of images of one size. Complex images are real tensors
 * [… , 2, H, W], re before im; the leading axes are anyone's. All four maps are made of products and moves: they
 * run on every device, in the element type of their input, and are differentiable to any order.
 */
export interface Dft2 {
  /** F z, [… , 2, H, W] to the same: unitary. */
  forward(z: Tensor): Tensor
  /** F⁻¹z = F*z. */
  inverse(z: Tensor): Tensor
  /** F x of real images, [… , H, W] to [… , 2, H, W], at little more than half the cost. */
  forwardReal(x: Tensor): Tensor
  /** Re F*z, [… , 2, H, W] to [… , H, W]: the adjoint of `forwardReal`, and its inverse on the spectra of real images. */
  inverseReal(z: Tensor): Tensor
}

/** Options of {@link dft2}. */
export interface Dft2Options {
  /**
   * Which pixel and which frequency is 0: the first (default), or the middle one, ⌊H/2⌋ and ⌊W/2⌋, which is
   * fftshift ∘ F ∘ ifftshift of other libraries, and costs nothing more.
   */
  origin?: 'corner' | 'centre'
}

/** The index that is called 0 along an axis of n. */
export function originOf(n: number, { origin = 'corner' }: Dft2Options): number {
  if (origin !== 'corner' && origin !== 'centre')
    throw new OptionError('origin', `must be corner or centre, got ${String(origin)}`)
  return origin === 'centre' ? Math.floor(n / 2) : 0
}

function checkSide(name: string, n: number): void {
  if (!Number.isInteger(n) || n < 1) throw new OptionError(name, `must be an integer of at least 1, got ${n}`)
}

/**
 * The 2-D DFT of height×width images,
 *
 *     X[k, l] = (HW)^{−½} Σ_{p,q} x[p, q] e^{−2πi(pk/H + ql/W)},
 *
 * for any size, fastest where H and W have a divisor near their square root (`docs/adr/0020-fourier.md`). What it needs
 * is worked out once and kept with the returned maps.
 *
 * @throws {OptionError} for sides that are no positive integers. The maps throw a ShapeError for other images.
 * @example
 * ```ts
 * import { dft2 } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const fourier = dft2(1, 4)
 * const spectrum = fourier.forwardReal(tensor([[0, 1, 0, 0]]))
 * spectrum.dataSync() // ≈ [0.5, 0, -0.5, 0, 0, -0.5, 0, 0.5]
 * fourier.inverseReal(spectrum).dataSync() // ≈ [0, 1, 0, 0]
 * ```
 */
export function dft2(height: number, width: number, options: Dft2Options = {}): Dft2 {
  checkSide('height', height)
  checkSide('width', width)
  const along = (n: number, sign: 1 | -1, from: Parts, to: Parts) => {
    const transform: AxisTransform = { n, sign, origin: originOf(n, options), from, to }
    // Most users need one or two of the four maps.
    let made: ((x: Tensor) => Tensor) | undefined
    return (x: Tensor) => (made ??= dftAlong(transform))(x)
  }
  const map = (op: string, sign: 1 | -1, from: Parts, to: Parts) => {
    const plane = from === 1 ? [height, width] : [2, height, width]
    const rows = along(height, sign, from, 2)
    const columns = along(width, sign, 2, to)
    return (x: Tensor) => {
      const lead = leading(op, x, plane)
      return scope(() => {
        const both = columns(rows(x.reshape([sizeOf(lead), from, height, width])))
        return both.reshape([...lead, ...(to === 1 ? [] : [2]), height, width])
      })
    }
  }
  return {
    forward: map('dft2.forward', -1, 2, 2),
    inverse: map('dft2.inverse', 1, 2, 2),
    forwardReal: map('dft2.forwardReal', -1, 1, 2),
    inverseReal: map('dft2.inverseReal', 1, 2, 1),
  }
}

/** The axes before those of one image. */
function leading(op: string, x: Tensor, plane: Shape): Shape {
  const lead = x.shape.slice(0, x.shape.length - plane.length)
  if (!sameShape(x.shape.slice(lead.length), plane))
    throw new ShapeError(op, `takes [… , ${plane.join(', ')}]`, [x.shape])
  return lead
}
