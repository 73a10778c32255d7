import { show } from '../../fields.ts'
import type { NamedShapes, SpecDifference } from '../../param-source.ts'
import type { BfCnnConfig, DncnnConfig } from './config.ts'
import { inferBfCnn, inferDncnn } from './infer.ts'

const chain = (found: { inChannels: number; outChannels: number; width: number; depth: number }): string =>
  `${found.inChannels} → ${found.outChannels} channels, ${found.depth} convolutions of ${found.width}`

/** Channels, depth and width, from names and shapes of a `dncnn` network. */
export function describeDncnn(shapes: NamedShapes): string {
  const found = inferDncnn(shapes)
  if (found === undefined) return 'not in order'
  const norm = found.norm ? ', with batch norms' : ''
  return `${chain(found)}${norm}${found.conditioning === 'map' ? ', a map of the noise level' : ', not told the noise level'}`
}

/** Channels, depth and width, from names and shapes of a `bf_cnn` network. */
export function describeBfCnn(shapes: NamedShapes): string {
  const found = inferBfCnn(shapes)
  return found === undefined ? 'not in order' : `${chain(found)}, not told the noise level`
}

/** The fields that differ from what a file tells, in words; undefined for none. */
function differences<C extends object>(config: C, found: Partial<C> | undefined): string | undefined {
  const wrong = (Object.keys(found ?? {}) as (keyof C & string)[]).filter(
    (name) => show(found?.[name]) !== show(config[name]),
  )
  if (wrong.length === 0) return undefined
  return wrong
    .map((name) => `${name} would have to be ${show(found?.[name])} (it is ${show(config[name])})`)
    .join(', ')
}

/** Names the fields of a configuration that would explain how a file differs from it, where that can be told. */
export const explainDncnn =
  (config: DncnnConfig) =>
  ({ file }: SpecDifference): string | undefined =>
    differences(config, inferDncnn(file))

/** As {@link explainDncnn}. */
export const explainBfCnn =
  (config: BfCnnConfig) =>
  ({ file }: SpecDifference): string | undefined =>
    differences(config, inferBfCnn(file))
