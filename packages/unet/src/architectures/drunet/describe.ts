import { show } from '../../fields.ts'
import type { NamedShapes, SpecDifference } from '../../param-source.ts'
import type { DrunetConfig } from './config.ts'
import { inferDrunet } from './infer.ts'

const told = {
  map: 'a map of the noise level',
  gain: 'told the noise level by gains',
  blind: 'not told the noise level',
} as const

/** Channels, widths and how the noise level is told, from names and shapes of a `drunet` network. */
export function describeDrunet(shapes: NamedShapes): string {
  const found = inferDrunet(shapes)
  if (found === undefined) return 'not in order'
  const { inChannels, outChannels, widths, numBlocks, bias, conditioning } = found
  return `${inChannels} → ${outChannels} channels, widths ${widths.join(', ')}, ${numBlocks} blocks a level, ${told[conditioning]}${bias ? '' : ', bias-free'}`
}

/** The most basic field first. */
const fields = ['inChannels', 'outChannels', 'conditioning', 'bias', 'widths', 'numBlocks'] as const

/** Names the fields of a configuration that would explain how a file differs from it, where that can be told. */
export const explainDrunet =
  (config: DrunetConfig) =>
  ({ file }: SpecDifference): string | undefined => {
    const found = inferDrunet(file)
    if (found === undefined) return undefined
    const wrong = fields.filter((name) => show(found[name]) !== show(config[name]))
    if (wrong.length === 0) return undefined
    return wrong
      .map((name) => `${name} would have to be ${show(found[name])} (it is ${show(config[name])})`)
      .join(', ')
  }
