import type { NamedShapes } from '../../param-source.ts'
import { isClassifier } from './infer.ts'

/** Channels, base width, and what is learned besides, from names and shapes of an `adm` network. */
export function describeAdm(shapes: NamedShapes): string {
  if (isClassifier(shapes))
    return 'its classifier (EncoderUNetModel), which is no network of a prior: admClassifierForward runs it'
  const [width, inputs = 0] = shapes.get('input_blocks.0.0.weight') ?? []
  const learned = shapes.get('out.2.weight')?.[0] === 2 * inputs ? ', learned variance' : ''
  const labels = shapes.get('label_emb.weight')
  const classes = labels === undefined ? '' : `, ${labels[0]} classes`
  return `${inputs} input channels, base width ${width}${learned}${classes}`
}
