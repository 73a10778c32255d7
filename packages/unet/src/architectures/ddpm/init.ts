import type { Key } from '@tweedie/tensor'
import { normal } from '@tweedie/tensor'
import type { InitOptions } from '../../init.ts'
import { initParams } from '../../init.ts'
import type { Params } from '../../params.ts'
import { ddpmSpec } from './spec.ts'
import type { DdpmConfig } from './types.ts'

/** Standard deviation of the random multiples of the time embedding `fourier`, as in diffusers. */
const fourierScale = 16

/**
 * Fresh parameters from a random key: weights and biases of convolutions and linear layers uniform within
 * ±1/√(fan-in) (PyTorch's default), norms 1 and 0, tables of classes and times N(0, 1), and the multiples of `fourier`
 * N(0, 16²). Each parameter draws from a stream named after it.
 */
export const initDdpm = (config: DdpmConfig, key: Key, options: InitOptions = {}): Params =>
  initParams(ddpmSpec(config), key, options, (name, shape) => {
    if (name !== 'time_proj.weight' && name !== 'class_embedding.weight') return undefined
    const drawn = normal(key.fold(name), shape, options)
    return shape.length === 1 ? drawn.mul(fourierScale) : drawn
  })
