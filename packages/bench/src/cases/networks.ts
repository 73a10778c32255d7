import type { Shape, Tensor } from '@tweedie/tensor'
import { normal, randomKey, scope } from '@tweedie/tensor'
import type { AdmConfig, Params } from '@tweedie/unet'
import { admConfig, admForward, architectureOf, initAdm } from '@tweedie/unet'
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
const config64 = admConfig({
  imageSize: 32,
  modelChannels: 64,
  channelMult: [1, 2, 2],
  numResBlocks: 2,
  attentionResolutions: [2, 4],
  numHeadChannels: 64,
  useScaleShiftNorm: true,
})

/**
 * Of the FFHQ checkpoint of 256×256 pixels that most papers of the field restore with (arXiv 2209.14687): 128 channels,
 * multipliers (1, 1, 2, 2, 4, 4), a block per level, attention at 16², learned variance; 93.6 million parameters.
 */
export const config256 = admConfig({
  imageSize: 256,
  modelChannels: 128,
  outChannels: 6,
  channelMult: [1, 1, 2, 2, 4, 4],
  numResBlocks: 1,
  attentionResolutions: [16],
  numHeads: 4,
  numHeadChannels: 64,
  useScaleShiftNorm: true,
  resblockUpdown: true,
})

/**
 * Of the ImageNet checkpoint of 256×256 pixels without classes (arXiv 2105.05233): 256 channels, two blocks per level,
 * attention at 32², 16² and 8²; 552.8 million parameters.
 */
export const config553 = admConfig({
  ...config256,
  modelChannels: 256,
  numResBlocks: 2,
  attentionResolutions: [8, 16, 32],
})

/**
 * Fresh parameters plus N(0, 0.02²): at the start the last layers are 0, and every result and gradient with them,
 * so that there would be nothing to compare.
 */
function drawAdm(config: AdmConfig, device: string): Params {
  const key = randomKey(7)
  const fresh = initAdm(config, key, { device })
  const noise = key.fold('noise')
  return Object.fromEntries(
    Object.entries(fresh).map(([name, start]) => {
      const drawn = scope(() => start.add(normal(noise.fold(name), start.shape, { device }).mul(0.02)))
      start.dispose()
      return [name, drawn]
    }),
  )
}

const drawnAdm = (config: AdmConfig, device: string): Network => ({
  params: drawAdm(config, device),
  config,
  forward: (params, x, t) => admForward(params, config, x, t),
})

/** Builds a network on a device; random weights where none ship. */
export const networks: Readonly<Record<NetworkName, (device: string) => Network>> = {
  adm: (device) => drawnAdm(config64, device),
  adm256: (device) => drawnAdm(config256, device),
  adm553: (device) => drawnAdm(config553, device),
  digits: (device) => {
    const { config, params } = loadShippedPrior('digits', { device })
    const { forward } = architectureOf(config)
    return { params, config, forward: (p, x, t) => forward(p, config, x, t) }
  },
}

/** Names of the networks, the channels that go in and come out, and the side of their images. */
const labels: Readonly<
  Record<NetworkName, readonly [label: string, inputs: number, outputs: number, side: number]>
> = {
  adm: ['ADM U-Net 64·(1,2,2)', 3, 3, 32],
  adm256: ['ADM U-Net 93 M', 3, 6, 256],
  adm553: ['ADM U-Net 553 M', 3, 6, 256],
  digits: ['digits prior', 1, 1, 28],
}

/** A network on a batch of images, of the side it was trained on where none is given. */
export function networkCase(
  network: NetworkName,
  task: NetworkTask,
  batch: number,
  side = labels[network][3],
): BenchCase {
  const [label, inputs, outputs] = labels[network]
  const x: Shape = [batch, inputs, side, side]
  const dy: Shape = [batch, outputs, side, side]
  return {
    name: `${label} @${side}² ×${batch} ${task}`,
    op: { kind: 'network', network, task },
    wrt: task === 'forward + VJP' ? ['x'] : [],
    inputs: {
      x,
      ...(task === 'forward + VJP' ? { dy } : {}),
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
