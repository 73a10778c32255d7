import type { NetworkFormat } from '../format.ts'
import type { DrunetConfig } from './config.ts'
import { explainDrunet } from './describe.ts'
import { isDrunet, parseDrunet } from './fields.ts'
import { drunetSpec } from './spec.ts'

/** The files of DRUNet's family, with KAIR's names. */
export const drunetFormat: NetworkFormat<DrunetConfig> = {
  name: 'drunet',
  title: "KAIR's UNetRes, DRUNet",
  landmarks: ['m_head.weight', 'm_tail.weight'],
  detect: isDrunet,
  parse: parseDrunet,
  spec: drunetSpec,
  explain: explainDrunet,
}
