// What restorations by the prior of photographs are set beside: bicubic enlargement, and a Wiener filter.
import type { Picture } from '@tweedie/runs'
import { toPictures } from '@tweedie/runs'
import type { LinearOperator } from '@tweedie/solvers'
import { conjugateGradient, kernelBlur } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { fromData, scope } from '@tweedie/tensor'

/** Keys' cubic with a = −½. */
function cubic(x: number): number {
  const d = Math.abs(x)
  if (d < 1) return 1 - 2.5 * d ** 2 + 1.5 * d ** 3
  return d < 2 ? 2 - 4 * d + 2.5 * d ** 2 - 0.5 * d ** 3 : 0
}

/** Each pixel of a row of `n` numbers as `factor` pixels, values beyond the ends those of the ends. */
function stretch(
  row: (i: number) => number,
  n: number,
  factor: number,
  put: (i: number, v: number) => void,
): void {
  for (let i = 0; i < n * factor; i++) {
    const at = (i + 0.5) / factor - 0.5
    const first = Math.floor(at) - 1
    let value = 0
    for (let k = first; k < first + 4; k++) value += cubic(at - k) * row(Math.min(n - 1, Math.max(0, k)))
    put(i, value)
  }
}

/** A picture enlarged by bicubic interpolation. */
export function bicubic({ channels, width, height, data }: Picture, factor: number): Picture {
  const [w, h] = [width * factor, height * factor]
  const wide = new Float32Array(channels * height * w)
  for (let line = 0; line < channels * height; line++)
    stretch(
      (i) => data[line * width + i]!,
      width,
      factor,
      (i, v) => void (wide[line * w + i] = v),
    )
  const out = new Float32Array(channels * h * w)
  for (let c = 0; c < channels; c++)
    for (let x = 0; x < w; x++)
      stretch(
        (i) => wide[(c * height + i) * w + x]!,
        height,
        factor,
        (i, v) => void (out[(c * h + i) * w + x] = v),
      )
  return { channels, width: w, height: h, data: out }
}

/**
 * The minimum of ‖y − A x‖² + λ‖Δx‖² with the discrete Laplacian Δ, the λ of a grid that is best for the truth: a Wiener
 * filter for pictures whose spectrum falls with the fourth power, better tuned than anybody could who has no truth.
 */
export async function wiener(operator: LinearOperator, y: Tensor, truth: Tensor): Promise<Picture> {
  const kernel = fromData([0, 1, 0, 1, -4, 1, 0, 1, 0], [3, 3])
  const laplace = kernelBlur(operator.inShape, { kernel, sum: 'kept', boundary: 'circular' })
  let best: { x: Tensor; error: number } | undefined
  for (const lambda of [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1]) {
    const { x, error } = scope(() => {
      const normal = (v: Tensor) =>
        operator.adjoint(operator.forward(v)).add(laplace.adjoint(laplace.forward(v)).mul(lambda))
      const found = conjugateGradient(normal, operator.adjoint(y), { maxIterations: 200, tolerance: 1e-4 }).x
      return { x: found.clamp(-1, 1), error: found.sub(truth).square().mean().dataSync()[0] ?? Infinity }
    })
    if (best === undefined || error < best.error) {
      best?.x.dispose()
      best = { x, error }
    } else x.dispose()
  }
  const [picture] = await toPictures(best!.x)
  best!.x.dispose()
  return picture!
}
