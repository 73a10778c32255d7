import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { exp } from '@tweedie/tensor'
import { sampleSize, sumPerSample } from '../linalg/per-sample.ts'
import { blindResidualAt } from '../run/residual.ts'
import type { Blind } from '../types.ts'
import type { LatentMap } from './generator.ts'

/**
 * f(z, ℓ) = (1/m)·‖y − A_φ(R(z))‖² of each sample, φ = normalise(exp ℓ), with its gradients in z and ℓ, the picture, φ and
 * ‖y − A_φ(x)‖.
 */
export const blindObjective =
  (blind: Blind, y: Tensor) => (generate: LatentMap, z: Tensor, logits: Tensor) => {
    const { x, pull } = generate(z)
    const [phi, backPhi] = vjp((of: Tensor) => blind.normalise(exp(of)), logits)
    const { r, norm, back } = blindResidualAt(blind, y, x, phi)
    const [forX, forPhi] = back(r.mul(-2 / sampleSize(y)))
    const value = sumPerSample(r.square()).div(sampleSize(y))
    return { x, phi, norm, value, forZ: pull(forX), forLogits: backPhi(forPhi)[0] }
  }
