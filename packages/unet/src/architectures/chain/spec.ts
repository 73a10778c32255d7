import type { Shape } from '@tweedie/tensor'
import type { ParamSpec } from '../../params.ts'
import type { BfCnnConfig, DncnnConfig } from './config.ts'

/** One convolution of DnCNN by its name in the state dict, and the batch norm that follows it, where one does. */
export interface DncnnLayer {
  readonly name: string
  readonly norm: string | undefined
}

/**
 * The convolutions of a configuration: modules are numbered as they follow each other, ReLUs and batch norms counted.
 */
export function dncnnPlan({ depth, norm }: DncnnConfig): readonly DncnnLayer[] {
  const step = norm ? 3 : 2
  return Array.from({ length: depth }, (_, i) => {
    const at = i === 0 ? 0 : 2 + step * (i - 1)
    return {
      name: `model.${at}`,
      norm: norm && i > 0 && i < depth - 1 ? `model.${at + 1}` : undefined,
    }
  })
}

/** Inputs and outputs of convolution i of a chain. */
function extents(
  { inChannels, outChannels, width, depth }: DncnnConfig | BfCnnConfig,
  i: number,
  more = 0,
): readonly [out: number, from: number, height: number, width: number] {
  return [i === depth - 1 ? outChannels : width, i === 0 ? inChannels + more : width, 3, 3]
}

/** Names and shapes of all parameters of a DnCNN. */
export function dncnnSpec(config: DncnnConfig): ParamSpec {
  const spec: Record<string, Shape> = {}
  dncnnPlan(config).forEach(({ name, norm }, i) => {
    const shape = extents(config, i, config.conditioning === 'map' ? 1 : 0)
    spec[`${name}.weight`] = shape
    spec[`${name}.bias`] = [shape[0]]
    if (norm !== undefined)
      for (const part of ['weight', 'bias', 'running_mean', 'running_var'])
        spec[`${norm}.${part}`] = [config.width]
  })
  return spec
}

/** Names and shapes of all parameters of a BF_CNN. */
export function bfCnnSpec(config: BfCnnConfig): ParamSpec {
  const { depth, width } = config
  const spec: Record<string, Shape> = {}
  for (let i = 0; i < depth; i++) spec[`conv_layers.${i}.weight`] = extents(config, i)
  for (const part of ['running_sd', 'gammas'])
    for (let i = 0; i < depth - 2; i++) spec[`${part}.${i}`] = [1, width, 1, 1]
  return spec
}
