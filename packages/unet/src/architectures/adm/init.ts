import type { Key } from '@tweedie/tensor'
import { full, normal } from '@tweedie/tensor'
import type { InitOptions } from '../../init.ts'
import { initParams } from '../../init.ts'
import type { Params } from '../../params.ts'
import type { AdmConfig } from './config.ts'
import { admSpec } from './spec.ts'

/** Layers that start at 0, so that every residual block starts as its shortcut and the output at 0. */
const zero = /(\.out_layers\.3|\.proj_out|^out\.2)\.(weight|bias)$/

/**
 * Fresh parameters from a random key, as arXiv 2105.05233's code starts: the last layer of every residual
 * branch and of the network 0, norms 1 and 0, class embeddings N(0, 1), all else uniform within
 * ±1/√(fan-in) (PyTorch's default). Each parameter draws from a stream named after it.
 */
export const initAdm = (config: AdmConfig, key: Key, options: InitOptions = {}): Params =>
  initParams(admSpec(config), key, options, (name, shape) => {
    if (zero.test(name)) return full(shape, 0, options)
    if (name === 'label_emb.weight') return normal(key.fold(name), shape, options)
    return undefined
  })
