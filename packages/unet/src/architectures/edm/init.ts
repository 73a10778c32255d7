import type { Key, Shape, Tensor } from '@tweedie/tensor'
import { full, normal, uniform } from '@tweedie/tensor'
import type { InitOptions } from '../../init.ts'
import { initParams } from '../../init.ts'
import type { Params } from '../../params.ts'
import { edmSpec } from './spec.ts'
import type { EdmConfig } from './types.ts'

/** Layers that start at almost 0 (SongUNet) or at 0, so that every block starts as its shortcut. */
const last = /(\.conv1|\.proj|_aux_conv|^out_conv)\.(weight|bias)$/
const attention = /\.qkv\.weight$/

/**
 * Fresh parameters from a random key, as EDM's constructors draw them: for SongUNet uniform within ±√(6/(fan-in + fan-out)),
 * biases 0, the last layers of blocks and of the network 1e-5 of that; for DhariwalUNet uniform within ±1/√(fan-in) and those
 * 0; norms 1 and 0, Fourier frequencies N(0, 16²). Each parameter draws from a stream named after it.
 */
export function initEdm(config: EdmConfig, key: Key, options: InitOptions = {}): Params {
  const spec = edmSpec(config)
  const song = config.network === 'SongUNet'
  return initParams(spec, key, options, (name, shape) => {
    const draw = () => key.fold(name)
    if (name === 'map_noise.freqs') return normal(draw(), shape, options).mul(16)
    const weight = spec[name.replace(/\.bias$/, '.weight')]!
    if (weight.length === 1) return undefined
    if (song) return name.endsWith('.bias') ? full(shape, 0, options) : xavier(name, shape, draw(), options)
    if (name === 'map_label.weight') return normal(draw(), shape, options)
    return name === 'map_augment.weight' || last.test(name) ? full(shape, 0, options) : undefined
  })
}

function xavier(name: string, shape: Shape, key: Key, options: InitOptions): Tensor {
  const [out = 1, inputs = 1, ...kernel] = shape
  const area = kernel.reduce((product, extent) => product * extent, 1)
  const bound = Math.sqrt(6 / ((inputs + out) * area))
  const scale = last.test(name) ? 1e-5 : attention.test(name) ? Math.sqrt(0.2) : 1
  return uniform(key, shape, options)
    .mul(2 * bound * scale)
    .add(-bound * scale)
}
