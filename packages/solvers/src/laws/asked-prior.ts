import type { Tensor } from '@tweedie/tensor'
import { fromData, matmul, sizeOf } from '@tweedie/tensor'
import type { HostMatrix } from '../linalg/host-matrix.ts'
import { buildMatrix } from '../linalg/host-matrix.ts'
import { gaussianMixturePrior, gaussianPrior } from '../priors/exact/exact-prior.ts'
import { linearAutoencoder } from '../priors/exact/linear-autoencoder.ts'
import { shiftedByClass } from '../priors/exact/shifted-by-class.ts'
import type { Need, Prior } from '../types.ts'

const asTensor = ({ data, rows, columns }: HostMatrix): Tensor =>
  fromData(data, [rows, columns], { dtype: 'float64' })

/** k orthonormal columns of n numbers, none of them zero: of the reflection I − 2vvᵀ/‖v‖² with v = (1, 2, …, n). */
export const reflection = (n: number, k: number): Tensor =>
  asTensor(
    buildMatrix(n, k, (i, j) => Number(i === j) - (12 * (i + 1) * (j + 1)) / (n * (n + 1) * (2 * n + 1))),
  )

/** Latents of pictures of n numbers, one fewer: a mixture, two classes, an orthonormal decoder after a reflection. */
function onLatents({ name, shape, schedule }: Prior): Prior {
  const k = sizeOf(shape) - 1
  const means = [Array.from({ length: k }, (_, i) => (i % 2 ? -0.5 : 1)), new Float64Array(k)]
  const mixture = gaussianMixturePrior({ weights: [1, 2], means, covariances: 0.2, schedule })
  const outer = linearAutoencoder(reflection(sizeOf(shape), k), { shape })
  const inner = reflection(k, k)
  const turn = (x: Tensor) => matmul(x, inner.cast(x.dtype)) // its own inverse
  const between = gaussianPrior({ mean: new Float64Array(k), covariance: 0.7, schedule })
  const [first, second] = [Array.from({ length: k }, () => 0.3), Array.from({ length: k }, () => -0.2)]
  const classes = { first: [1, 0], second: [0, 1] }
  const shift = asTensor(buildMatrix(k, 2, (i, j) => (j === 0 ? first : second)[i] ?? 0))
  return {
    ...shiftedByClass(mixture, {
      classes,
      shift,
      embedImage: (x) => matmul(outer.encode(x), shift.cast(x.dtype)),
    }),
    name,
    autoencoder: {
      ...outer,
      decode: (z) => outer.decode(turn(z)),
      encode: (x) => turn(outer.encode(x)),
      stages: [{ decode: turn }, { prior: between, decode: outer.decode }],
    },
  }
}

/** A prior as a method takes it, in place of one on pictures: of latents, or with an autoencoder beside. */
export function askedPrior(needs: readonly Need[], prior: Prior): Prior {
  const { shape } = prior
  const n = sizeOf(shape)
  if (needs.includes('autoencoder'))
    return { ...prior, autoencoder: linearAutoencoder(reflection(n, n - 1), { shape }) }
  return needs.includes('latent') || needs.includes('conditional') ? onLatents(prior) : prior
}

/** A prior with another denoiser, told a class or not, and among the stages of its decoder. */
export const denoisingBy = (prior: Prior, denoise: (xt: Tensor) => Tensor): Prior => ({
  ...prior,
  denoise,
  ...(prior.conditional && { conditional: { ...prior.conditional, denoise } }),
  ...(prior.autoencoder?.stages && {
    autoencoder: {
      ...prior.autoencoder,
      stages: prior.autoencoder.stages.map((stage) =>
        stage.prior ? { ...stage, prior: { ...stage.prior, denoise } } : stage,
      ),
    },
  }),
})
