import type { Shape, Tensor } from '@tweedie/tensor'
import { randomKey } from '@tweedie/tensor'
import type { Params } from '@tweedie/unet'
import { ddpmConfig, ddpmForward, initDdpm } from '@tweedie/unet'
import { loadShippedPrior } from '@tweedie/unet/node'
import type { BenchCase, NetworkName, NetworkTask } from './case.ts'

/** A network ready to run, with what another engine needs to build the same one. */
export interface Network {
  readonly params: Params
  /** As JSON, for engines in another process. */
  readonly config: object & { readonly architecture: string }
  forward(params: Params, x: Tensor, t: Tensor): Tensor
}

/** 64 channels, multipliers (1, 2, 2), two blocks per level, attention at 16² and 8² with heads of 64. */
const config64 = ddpmConfig({
  sampleSize: 32,
  inChannels: 3,
  blockOutChannels: [64, 128, 128],
  layersPerBlock: 2,
  downAttention: [false, true, true],
  upAttention: [true, true, false],
  attentionHeadDim: 64,
  normGroups: 32,
})

/** Builds a network on a device; random weights where none ship. */
export const networks: Readonly<Record<NetworkName, (device: string) => Network>> = {
  adm: (device) => ({
    params: initDdpm(config64, randomKey(7), { device }),
    config: config64,
    forward: (params, x, t) => ddpmForward(params, config64, x, t),
  }),
  digits: (device) => {
    const { config, params } = loadShippedPrior('digits', { device })
    return { params, config, forward: (p, x, t) => ddpmForward(p, config, x, t) }
  },
}

/** Names and images [C, H, W] of the networks. */
const labels: Readonly<Record<NetworkName, readonly [label: string, image: Shape]>> = {
  adm: ['U-Net 64·(1,2,2) @32²', [3, 32, 32]],
  digits: ['digits prior @28²', [1, 28, 28]],
}

function networkCase(network: NetworkName, task: NetworkTask, batch: number): BenchCase {
  const [label, image] = labels[network]
  const x: Shape = [batch, ...image]
  return {
    name: `${label} ×${batch} ${task}`,
    op: { kind: 'network', network, task },
    wrt: task === 'forward + VJP' ? ['x'] : [],
    inputs: {
      x,
      ...(task === 'forward + VJP' ? { dy: x } : {}),
      ...(task === 'training step' ? { noise: x } : {}),
    },
    cost: null,
  }
}

/** The times the images of a batch are at: spread over the schedule. */
export const timesOf = (batch: number): Float32Array =>
  Float32Array.from({ length: batch }, (_, i) => Math.floor(((i + 0.5) / batch) * 1000))

/** What {@link NetworkTask} 'training step' minimises with: Adam's settings, the clip and the average's decay. */
export const trainingSettings = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  clipNorm: 1,
  emaDecay: 0.995,
} as const

/** The network suite. */
export const networkCases: readonly BenchCase[] = [
  ...(['adm', 'digits'] as const).flatMap((network) =>
    [1, 4].flatMap((batch) =>
      (['forward', 'forward + VJP'] as const).map((task) => networkCase(network, task, batch)),
    ),
  ),
  networkCase('digits', 'training step', 32),
]
