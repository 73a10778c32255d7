import { objectOf } from '../../fields.ts'
import type { NetworkFormat } from '../format.ts'
import { edmConfigFromFields } from './fields.ts'
import { edmConfigFromKwargs, isEdm } from './kwargs.ts'
import { edmNames } from './names.ts'
import { edmSpec } from './spec.ts'
import type { EdmConfig } from './types.ts'

/** The files of EDM's networks, read without the explanations that `edm` has. */
export const edmFormat: NetworkFormat<EdmConfig> = {
  name: 'edm',
  title: 'SongUNet or DhariwalUNet of EDM',
  landmarks: ['map_layer0.weight', 'map_layer1.weight'],
  detect: isEdm,
  parse: (json, file, shapes) => {
    const fields = objectOf(file, json)
    return fields['architecture'] === 'edm'
      ? edmConfigFromFields(fields, file)
      : edmConfigFromKwargs(json, file, shapes)
  },
  spec: edmSpec,
  rename: edmNames,
}
