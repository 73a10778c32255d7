import type { NetworkFormat } from '../format.ts'
import type { BfCnnConfig, DncnnConfig } from './config.ts'
import { explainBfCnn, explainDncnn } from './describe.ts'
import { isBfCnn, isDncnn, parseBfCnn, parseDncnn } from './fields.ts'
import { bfCnnNames, withoutCounters } from './names.ts'
import { bfCnnSpec, dncnnSpec } from './spec.ts'

/** The files of DnCNN, with KAIR's names. */
export const dncnnFormat: NetworkFormat<DncnnConfig> = {
  name: 'dncnn',
  title: "KAIR's DnCNN and FDnCNN",
  landmarks: ['model.0.weight', 'model.2.weight'],
  detect: isDncnn,
  parse: parseDncnn,
  spec: dncnnSpec,
  rename: withoutCounters,
  explain: explainDncnn,
}

/** The files of BF_CNN, with the names of universal_inverse_problem or of bias_free_denoising. */
export const bfCnnFormat: NetworkFormat<BfCnnConfig> = {
  name: 'bf_cnn',
  title: 'the BF_CNN of universal_inverse_problem',
  landmarks: ['conv_layers.0.weight', 'conv_layers.1.weight'],
  detect: isBfCnn,
  parse: parseBfCnn,
  spec: bfCnnSpec,
  rename: bfCnnNames,
  explain: explainBfCnn,
}
