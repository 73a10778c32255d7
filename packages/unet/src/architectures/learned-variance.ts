import type { Tensor } from '@tweedie/tensor'
import { ShapeError, slice } from '@tweedie/tensor'

/**
 * The two halves of the channels of a network that learns its variance: output [N, 2C, H, W] as the noise ε
 * and v, both [N, C, H, W], as views. v is in units that put −1 at log β̃_t and 1 at log β_t: the variance of
 * the reverse step is exp(f·log β_t + (1 − f)·log β̃_t) with f = (v + 1)/2, where β̃_t is the variance of the
 * posterior q(x_{t−1} | x_t, x₀) (arXiv 2102.09672 eq. 15, with guided-diffusion's range of v). What
 * needs E[x₀ | x_t] alone uses ε and drops v.
 * @throws {ShapeError} where the output is not of that form.
 */
export function splitLearnedVariance(output: Tensor): { readonly epsilon: Tensor; readonly v: Tensor } {
  const channels = output.shape[1]
  if (output.rank !== 4 || channels === undefined || channels % 2 !== 0)
    throw new ShapeError('splitLearnedVariance', 'the output must be [N, 2C, H, W]', [output.shape])
  const half = channels / 2
  return { epsilon: slice(output, null, [0, half]), v: slice(output, null, [half]) }
}
