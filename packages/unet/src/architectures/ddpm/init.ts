import type { Key } from '@tweedie/tensor'
import type { InitOptions } from '../../init.ts'
import { initParams } from '../../init.ts'
import type { Params } from '../../params.ts'
import type { DdpmConfig } from './config.ts'
import { ddpmSpec } from './spec.ts'

/**
 * Fresh parameters from a random key: weights and biases of convolutions and linear layers uniform within
 * ±1/√(fan-in) (PyTorch's default), norms 1 and 0. Each parameter draws from a stream named after it.
 */
export const initDdpm = (config: DdpmConfig, key: Key, options: InitOptions = {}): Params =>
  initParams(ddpmSpec(config), key, options)
