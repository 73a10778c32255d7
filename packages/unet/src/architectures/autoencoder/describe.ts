import type { NamedShapes, SpecDifference } from '../../param-source.ts'
import type { AutoencoderConfig } from './config.ts'

/** Channels of pictures and latents, and the classes that are told, from names and shapes. */
export function describeAutoencoder(shapes: NamedShapes): string {
  const extent = (name: string, axis: number) => shapes.get(name)?.[axis] ?? '?'
  const levels = new Set(
    [...shapes.keys()].flatMap((name) => /^encoder\.level\.(\d+)\.down\./.exec(name)?.[1] ?? []),
  ).size
  const classes = shapes.has('classifier.weight') ? `, tells ${extent('classifier.weight', 0)} classes` : ''
  return `${extent('encoder.conv_in.weight', 1)} input channels to ${extent('encoder.conv_out.weight', 0)} channels of latents, sides shorter by ${2 ** levels}${classes}`
}

/** Parameters of which an extent is a field of the configuration: the field, the name, the axis. */
const extents = [
  ['inChannels', 'encoder.conv_in.weight', 1],
  ['latentChannels', 'encoder.conv_out.weight', 0],
  ['numClasses', 'classifier.weight', 0],
] as const satisfies readonly (readonly [keyof AutoencoderConfig, string, number])[]

/** Names the field of a configuration that would explain how a file differs from it, where that can be told. */
export const explainAutoencoder =
  (config: AutoencoderConfig) =>
  ({ reshaped }: SpecDifference): string | undefined => {
    for (const [field, name, axis] of extents) {
      const found = reshaped.find((entry) => entry.name === name)?.found[axis]
      if (found !== undefined && found !== config[field])
        return `${field} would have to be ${found} (it is ${config[field]})`
    }
    return undefined
  }
