import { vjp } from '@tweedie/autograd'
import { dps, epsilonPrior, gaussianNoise, inpaint, run, vpLinear } from '@tweedie/solvers'
import type { Shape, Tensor } from '@tweedie/tensor'
import {
  conv2d,
  fromData,
  groupNorm,
  matmul,
  normal,
  randomKey,
  scaledDotProductAttention,
  scope,
  silu,
  softmax,
} from '@tweedie/tensor'
import type { AdmConfig, Network } from '@tweedie/unet'
import { admConfig, admForward, initAdm, predictor } from '@tweedie/unet'

// What is measured on a graphics processor. Runs in Node and in a page.

/** Something to time on a device. */
export interface Job {
  readonly name: string
  /** Makes what it works on. */
  prepare(device: string): Promise<Work>
}

export interface Work {
  /** Does it once; the caller owns the results. */
  run(): readonly Tensor[] | Promise<readonly Tensor[]>
}

/** The shipped network on a device, as Node or a page reads it. */
export type ReadDigits = (device: string) => Promise<Network>

/** Standard normal numbers, the same on every device. */
function drawn(name: string, shape: Shape, device: string): Tensor {
  const x = normal(randomKey(1).fold(name), shape, { device: 'wasm' })
  try {
    return fromData(x.dataSync(), shape, { device })
  } finally {
    x.dispose()
  }
}

/** An op over inputs, and its gradient in all of them. */
function kernel(name: string, shapes: readonly Shape[], op: (...inputs: Tensor[]) => Tensor): readonly Job[] {
  const inputs = (device: string) => shapes.map((shape, i) => drawn(`${name} ${i}`, shape, device))
  return [
    {
      name,
      prepare: async (device) => {
        const x = inputs(device)
        return { run: () => [scope(() => op(...x))] }
      },
    },
    {
      name: `${name} + VJP`,
      prepare: async (device) => {
        const x = inputs(device)
        return {
          run: () =>
            scope(() => {
              const [y, pullback] = vjp(op, ...x)
              return [y, ...pullback(y)]
            }),
        }
      },
    },
  ]
}

const conv = (channels: number, extent: number): readonly Job[] =>
  kernel(
    `conv 3×3 ${channels}→${channels} @${extent}²`,
    [
      [1, channels, extent, extent],
      [channels, channels, 3, 3],
    ],
    (x, w) => conv2d(x!, w!, { padding: 1 }),
  )

const kernels: readonly Job[] = [
  ...conv(64, 64),
  ...conv(128, 32),
  ...conv(256, 16),
  ...kernel(
    'matmul 512',
    [
      [512, 512],
      [512, 512],
    ],
    (a, b) => matmul(a!, b!),
  ),
  ...kernel('groupNorm+SiLU 128 @64²', [[1, 128, 64, 64], [128], [128]], (x, w, b) =>
    groupNorm(x!, w!, b!, { groups: 32, eps: 1e-5, silu: true }),
  ),
  ...kernel('softmax 1024²', [[1024, 1024]], (x) => softmax(x!)),
  ...kernel('attention 4×64 256 tokens', new Array<Shape>(3).fill([4, 256, 64]), (q, k, v) =>
    scaledDotProductAttention(q!, k!, v!),
  ),
  ...kernel('chain silu(x) · y 1M', [[2 ** 20], [2 ** 20]], (x, y) => silu(x!).mul(y!)),
]

type Predict = (x: Tensor, t: number) => Tensor

/** A network on one picture, and its gradient in that picture. */
function network(name: string, shape: Shape, make: (device: string) => Promise<Predict>): readonly Job[] {
  const x = (device: string) => drawn(name, [1, ...shape], device)
  return [
    {
      name: `${name} forward`,
      prepare: async (device) => {
        const [predict, xt] = [await make(device), x(device)]
        return { run: () => [scope(() => predict(xt, 500))] }
      },
    },
    {
      name: `${name} forward + VJP`,
      prepare: async (device) => {
        const [predict, xt] = [await make(device), x(device)]
        return {
          run: () =>
            scope(() => {
              const [y, pullback] = vjp((at: Tensor) => predict(at, 500), xt)
              return [y, ...pullback(y)]
            }),
        }
      },
    },
  ]
}

/** 64 channels, multipliers (1, 2, 2), two blocks per level, attention at 16² and 8² with heads of 64. */
const adm: AdmConfig = admConfig({
  ...{ imageSize: 32, modelChannels: 64, channelMult: [1, 2, 2], numResBlocks: 2 },
  ...{ attentionResolutions: [2, 4], numHeadChannels: 64, useScaleShiftNorm: true },
})

/** Fresh parameters plus noise, as the last layers of fresh ones are 0. */
async function admPredict(device: string): Promise<Predict> {
  const key = randomKey(7)
  const params = Object.fromEntries(
    Object.entries(initAdm(adm, key, { device: 'wasm' })).map(([name, start]) => {
      const values = scope(() =>
        start.add(normal(key.fold(name), start.shape, { device: 'wasm' }).mul(0.02)),
      ).dataSync()
      return [name, fromData(values, start.shape, { device })]
    }),
  )
  return (x, t) => admForward(params, adm, x, fromData([t], [1], { device }))
}

/** Steps of DPS that are measured end to end. */
export const dpsSteps = 10

function dpsOn(predict: Predict, device: string): Work {
  const prior = epsilonPrior({
    ...{ name: 'digits', shape: [1, 28, 28], schedule: vpLinear(), clip: [-1, 1] as const },
    predictNoise: predict,
  })
  const operator = inpaint(prior.shape, { box: 10 })
  const noise = gaussianNoise(0.05)
  // An O: of noise as a picture, two roundings would soon have little in common.
  const ring = Float32Array.from({ length: 784 }, (_, i) =>
    Math.abs(Math.hypot(Math.floor(i / 28) - 14, (i % 28) - 14) - 8) < 2 ? 1 : -1,
  )
  const truth = fromData(ring, [1, 1, 28, 28], { device })
  const y = noise.sample([randomKey(3)], operator.forward(truth))
  return {
    run: async () => [await run(dps({ operator, noise, y }, prior, { steps: dpsSteps, scale: 3, seed: 1 }))],
  }
}

/** Kernels, two networks, a method. */
export function allJobs(digits: ReadDigits): readonly Job[] {
  const predict = async (device: string): Promise<Predict> => predictor(await digits(device))
  return [
    ...kernels,
    ...network('digits prior @28²', [1, 28, 28], predict),
    ...network('ADM U-Net 64·(1,2,2) @32²', [3, 32, 32], admPredict),
    {
      name: `DPS on a digit, ${dpsSteps} steps`,
      prepare: async (device) => dpsOn(await predict(device), device),
    },
  ]
}
