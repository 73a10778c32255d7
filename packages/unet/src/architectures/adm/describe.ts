import type { NamedShapes } from '../../param-source.ts'
import { isClassifier } from './infer.ts'
import { inferAdmClassifier } from './infer-classifier.ts'

/** What guides by a classifier, where its configuration can be told. */
function classifierWords(shapes: NamedShapes): string {
  const config = inferAdmClassifier(shapes)
  if (config === undefined) return ''
  const { outChannels, inChannels, pool, imageSize, modelChannels } = config
  const side = pool === 'attention' ? ` of ${imageSize}×${imageSize}` : ''
  return ` of ${outChannels} classes, pool ${pool}, pictures${side} of ${inChannels} channels, base width ${modelChannels}`
}

/** Channels, base width, and what is learned besides, from names and shapes of an `adm` network. */
export function describeAdm(shapes: NamedShapes): string {
  if (isClassifier(shapes))
    return `its classifier (EncoderUNetModel)${classifierWords(shapes)}, which is no network of a prior: --classifier guides one by it`
  const [width, inputs = 0] = shapes.get('input_blocks.0.0.weight') ?? []
  const learned = shapes.get('out.2.weight')?.[0] === 2 * inputs ? ', learned variance' : ''
  const labels = shapes.get('label_emb.weight')
  const classes = labels === undefined ? '' : `, ${labels[0]} classes`
  return `${inputs} input channels, base width ${width}${learned}${classes}`
}
