// Devices on which bits are the same on every machine, and the priors and measurements of the cases.
import type { LinearOperator, Prior, Problem, Schedule } from '@tweedie/solvers'
import {
  epsilonPrior,
  gaussianMixturePrior,
  gaussianNoise,
  gaussianPrior,
  isLinear,
  matrixOperator,
  operatorFromSpec,
  vpLinear,
} from '@tweedie/solvers'
import type { DType, Tensor } from '@tweedie/tensor'
import {
  createWasmDevice,
  fromData,
  randomKey,
  registerDevice,
  setDefaultDevice,
  unscoped,
} from '@tweedie/tensor'
import { architectureOf, predictor } from '@tweedie/unet'
import { heldOutDigits, loadShippedPrior } from '@tweedie/unet/node'

// Whether products are fused with sums is the processor's affair, so here they never are. Winograd's algorithm is
// said, for an environment variable could turn it off; threads and tiles do not change results.
registerDevice('plain wasm', () => createWasmDevice({ relaxedSimd: false, winograd: true, threads: 1 }))

/** Where, and in which element type, a case is computed. */
export interface Arithmetic {
  readonly device: 'plain wasm' | 'reference'
  readonly dtype: DType
}

/** Runs `fn` with the device of an arithmetic as the default. */
export async function on<T>({ device }: Arithmetic, fn: () => Promise<T>): Promise<T> {
  const former = setDefaultDevice(device)
  try {
    return await fn()
  } finally {
    setDefaultDevice(former)
  }
}

const weights = [0.5, 0.3, 0.2]
const means = [
  [1, -0.5, 0.25, 0],
  [-1, 0.75, 0, 0.5],
  [0.2, 0.1, -1.5, -0.6],
]
const covariance = [
  [0.5, 0.2, -0.1, 0],
  [0.2, 0.4, 0.05, 0.1],
  [-0.1, 0.05, 0.3, 0],
  [0, 0.1, 0, 0.25],
]

/** Laws on ℝ⁴ by name. */
export const laws: Readonly<Record<'gaussian' | 'mixture', (schedule: Schedule) => Prior>> = {
  gaussian: (schedule) => gaussianPrior({ mean: means[0]!, covariance, schedule }),
  mixture: (schedule) => gaussianMixturePrior({ weights, means, covariances: covariance, schedule }),
}

const rows = [
  [1, 0.5, 0, -0.25],
  [0.3, -0.8, 0.6, 0.1],
]

/** Two measurements of each of three points, under a 2×4 matrix. */
export function matrixProblem(dtype: DType, sigma: number): Problem<LinearOperator> {
  const operator = matrixOperator(fromData(rows.flat(), [2, 4], { dtype }))
  const y = fromData([0.4, -0.3, 1.1, 0.2, -0.7, 0.9], [3, 2], { dtype })
  return { operator, noise: gaussianNoise(sigma), y }
}

/** The digits prior. */
export function digits({ dtype, device }: Arithmetic): Prior {
  const { config, params } = loadShippedPrior('digits', { device })
  if (config.architecture !== 'ddpm') throw new TypeError(`digits is a network of ${config.architecture}`)
  const cast =
    dtype === 'float32'
      ? params
      : Object.fromEntries(
          Object.entries(params).map(([name, x]) => [
            name,
            unscoped(() => fromData(x.dataSync(), x.shape, { dtype })),
          ]),
        )
  return epsilonPrior({
    name: 'digits',
    shape: architectureOf(config).sampleShape(config),
    schedule: vpLinear(),
    clip: [-1, 1],
    predictNoise: predictor({ config, params: cast }),
  })
}

/** The first digits that the prior was not trained on, degraded. */
export function digitProblem(spec: string, count: number, dtype: DType): Problem<LinearOperator> {
  const { images } = heldOutDigits()
  const pixels = Float64Array.from(images.pixels.subarray(0, count * 784), (v) => v / 127.5 - 1)
  const truth: Tensor = fromData(pixels, [count, 1, 28, 28], { dtype })
  const operator = operatorFromSpec(spec, [1, 28, 28])
  if (!isLinear(operator)) throw new Error(`${spec} is not linear`)
  const noise = gaussianNoise(0.05)
  const keys = Array.from({ length: count }, (_, i) => randomKey(7).fold(i))
  return { operator, noise, y: noise.sample(keys, operator.forward(truth)) }
}
