// One problem on latents for the tests of all latent methods: pictures of four numbers, latents of three, in the package's
// form and in plain numbers.
import type { Tensor } from '@tweedie/tensor'
import { matmul, tanh, tensor } from '@tweedie/tensor'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianPrior, linearAutoencoder, shiftedByClass } from '../../priors/index.ts'
import { noiseStreams } from '../../run/index.ts'
import { vpLinear } from '../../schedules/index.ts'
import type { Autoencoder, LatentPrior, Prior, Problem } from '../../types.ts'
import type { Levels, Network, Rows, Vector } from '../written-out.test.helper.ts'
import { linearBetas, plus, times, transposed, variancePreserving } from '../written-out.test.helper.ts'

export const float64 = { dtype: 'float64' } as const
export const list = (x: Tensor): number[] => Array.from(x.dataSync())
export const rows = (M: Rows): Tensor =>
  tensor(
    M.map((row) => [...row]),
    float64,
  )

/** Four numbers of three, with orthonormal columns: the reflection I − 2vvᵀ/‖v‖², v = (1, 2, 3, 4). */
export const W: Rows = [0, 1, 2, 3].map((i) =>
  [0, 1, 2].map((j) => Number(i === j) - (2 * (i + 1) * (j + 1)) / 30),
)
/** Another, of unequal columns that are not orthogonal, with an offset. */
export const skewed: Rows = [
  [1, 0.4, 0],
  [-0.3, 0.8, 0.2],
  [0.5, 0, 1.2],
  [0, 0.6, -0.7],
]
export const offset: Vector = [0.1, -0.2, 0.05, 0.3]

export const orthonormal: Autoencoder = linearAutoencoder(rows(W))
export const oblique: Autoencoder = linearAutoencoder(rows(skewed), { offset })

/** A decoder that is no linear map, D(z) = tanh(Wz), with the encoder E(x) = tanh(Bx). */
export const bent: Autoencoder = {
  name: 'bent',
  shape: [4],
  latentShape: [3],
  decode: (z) => tanh(matmul(z, rows(transposed(skewed)))),
  encode: (x) => tanh(matmul(x, rows(W))),
}
/** The same in plain numbers, with Jᵀv of each. */
const tanhOf = (M: Rows) => ({
  at: (v: Vector) => times(M, v).map(Math.tanh),
  back: (v: Vector, c: Vector) =>
    times(
      transposed(M),
      times(M, v).map((u, i) => (1 - Math.tanh(u) ** 2) * c[i]!),
    ),
})
export const bentDecoder = tanhOf(skewed)
export const bentEncoder = tanhOf(transposed(W))

/** A denoiser of latents that is no linear map. */
export const network: Network = {
  W: [
    [0.7, -0.3, 0.2],
    [0.4, 0.5, 0],
    [0, 0.3, -0.8],
  ],
  b: [0.1, -0.2, 0.3],
  scale: (t) => 1.2 - 0.0004 * t,
}
export const schedule = vpLinear()
export const levels: Levels = variancePreserving(linearBetas(1000))
export const bentPrior = (autoencoder: Autoencoder): LatentPrior => ({
  name: 'written out',
  shape: [3],
  schedule,
  denoise: (x, t) =>
    tanh(matmul(x, rows(transposed(network.W))).add(tensor([[...network.b]], float64))).mul(network.scale(t)),
  autoencoder,
})

export const A: Rows = [
  [1, -0.5, 0.3, 0.2],
  [0, 0.8, 0.4, -0.6],
]
export const y: Vector = [0.7, -0.4]
export const problemOf = (sigmaY: number, matrix: Rows = A): Problem => ({
  operator: matrixOperator(rows(matrix)),
  noise: gaussianNoise(sigmaY),
  y: rows([y]),
})

export const on = <P extends Prior>(prior: P, autoencoder: Autoencoder): P & LatentPrior => ({
  ...prior,
  autoencoder,
})

export const seed = 11
export const firstSample = 6
const streams = noiseStreams({ seed, firstSample, count: 1, dtype: 'float64' })
/** The draw of a step for a purpose. */
export const drawn = (i: number, name: string, n = 3): number[] => list(streams.normal(i, name, [n]))

/** A prior that is told a class, of a Gaussian whose mean the embedding c moves by M c. */
export const M: Rows = [
  [0.7, 0.2],
  [-0.4, 0.5],
  [0.1, -0.9],
]
export const classes = { first: [1, 0.5], second: [-0.3, 0.8] }
const covariance = [[1, 0.5, 0], [0.5, 0.8, -0.2], [0, -0.2, 0.5]] // biome-ignore format: a matrix
export const gaussian = gaussianPrior({ mean: [0.3, -0.2, 0.1], covariance })
export const told = shiftedByClass(gaussian, { classes, shift: rows(M) })
/** E[z₀ | z_t, c] in plain numbers: that of z_t − α_t·M c, moved by M c. */
export const denoised = (z: Vector, t: number, c: Vector): number[] => {
  const by = times(M, c)
  return plus([1, list(gaussian.denoise(rows([plus([1, z], [-levels.alpha(t), by])]), t))], [1, by])
}
