import { FileFormatError, OptionError } from '@tweedie/tensor'
import { objectOf, show } from '../fields.ts'
import type { NamedShapes, ParamSource } from '../param-source.ts'
import { adm } from './adm/architecture.ts'
import type { Architecture } from './architecture.ts'
import { autoencoder } from './autoencoder/architecture.ts'
import { bfCnn, dncnn } from './chain/architecture.ts'
import { ddpm } from './ddpm/architecture.ts'
import { drunet } from './drunet/architecture.ts'
import { edm } from './edm/architecture.ts'
import { scoreSde } from './edm/score-sde.ts'
import type { ConfigOf } from './format.ts'
import { formatOfJson } from './format.ts'

// guided-diffusion's classifier is no network of a prior, and so no architecture.
export type { AdmClassifierConfig } from './adm/classifier.ts'
export { admClassifierSpec } from './adm/classifier.ts'
export { isClassifier } from './adm/infer.ts'
export type { UntoldOfClassifier } from './adm/infer-classifier.ts'
export { inferAdmClassifier } from './adm/infer-classifier.ts'

const list = [ddpm, edm, adm, autoencoder, drunet, dncnn, bfCnn] as const

/** The configuration of a network of any architecture here. */
export type NetworkConfig = ConfigOf<(typeof list)[number]>

/**
 * All architectures, in the order in which files are tried on them. A model that is given in our own form without
 * `architecture` is of the first.
 */
export const architectures: readonly [Architecture<NetworkConfig>, ...Architecture<NetworkConfig>[]] = list

const names = architectures.map(({ name }) => name).join(', ')

/**
 * The architecture of a configuration.
 * @throws {OptionError} for the name of none, listing those that are.
 * @example
 * ```ts
 * import { randomKey } from '@tweedie/tensor'
 * import { admConfig, architectureOf } from '@tweedie/unet'
 * const config = admConfig({ imageSize: 32, modelChannels: 64, channelMult: [1, 2, 2] })
 * architectureOf(config).sampleShape(config) // => [3, 32, 32]
 * ```
 */
export function architectureOf({
  architecture,
}: Pick<NetworkConfig, 'architecture'>): Architecture<NetworkConfig> {
  const found = architectures.find(({ name }) => name === architecture)
  if (found !== undefined) return found
  throw new OptionError('architecture', `there is no '${String(architecture)}'; there are ${names}`)
}

/**
 * The architecture that a `config.json` is of.
 * @throws {FileFormatError} where it is of none.
 */
export const architectureOfJson = (json: unknown, file: string): Architecture<NetworkConfig> =>
  formatOfJson(architectures, json, file)

/** The architecture that names of parameters are of; undefined for none. */
export const architectureOfShapes = (shapes: NamedShapes): Architecture<NetworkConfig> | undefined =>
  architectures.find(({ landmarks }) => landmarks.every((name) => shapes.has(name)))

/** The configuration of the network that a file of weights has in itself, as a `config.json` would have it. */
export const configurationIn = (source: ParamSource): unknown =>
  source.configuration ??
  architectures.map(({ configurationIn: told }) => told?.(source)).find((json) => json !== undefined)

/**
 * What network the names and shapes of a checkpoint belong to, in a sentence, with what they show of it, whatever wrappers put
 * before the names.
 * @example
 * ```ts
 * import { describeNetwork } from '@tweedie/unet'
 * describeNetwork(new Map([['weight', [3, 3]]])) // => 'not one of those known here (ddpm, edm, adm, autoencoder, drunet, dncnn, bf_cnn)'
 * ```
 */
export function describeNetwork(shapes: NamedShapes): string {
  for (const { name, title, landmarks, rename, describe } of architectures) {
    const { prefix, plain } = withoutWrapper(shapes, landmarks, rename)
    if (plain !== undefined)
      return `${name} (${title}): ${describe(plain)}${prefix === '' ? '' : `; its names begin with ${show(prefix)}`}`
  }
  const why = scoreSde(shapes)
  return `not one of those known here (${names})${why === undefined ? '' : `: ${why}`}`
}

/** The names that begin as one set of landmarks does, without that; nothing where there is no such set. */
function withoutWrapper(
  shapes: NamedShapes,
  landmarks: readonly [string, ...string[]],
  rename: ((source: ParamSource) => ParamSource) | undefined,
): { readonly prefix: string; readonly plain?: NamedShapes } {
  const file: ParamSource = {
    entries: [...shapes].map(([name, shape]) => ({ name, shape })),
    values: () => new Float32Array(0),
  }
  const { entries } = rename?.(file) ?? file
  const all = new Set(entries.map(({ name }) => name))
  const [first] = landmarks
  const prefix = [...all]
    .filter((name) => name === first || name.endsWith(`.${first}`))
    .map((name) => name.slice(0, name.length - first.length))
    .find((start) => landmarks.every((landmark) => all.has(start + landmark)))
  if (prefix === undefined) return { prefix: '' }
  const own = entries.filter(({ name }) => name.startsWith(prefix))
  return { prefix, plain: new Map(own.map(({ name, shape }) => [name.slice(prefix.length), shape])) }
}

/**
 * A configuration in our own form (the fields of the architecture that `architecture` names; those with a default may be
 * left out), or in that of any `config.json` known here.
 * @throws {FileFormatError} naming the field that does not fit.
 * @example
 * ```ts
 * import { networkConfig } from '@tweedie/unet'
 * networkConfig({ architecture: 'adm', imageSize: 8, modelChannels: 32 }, 'model.json').inChannels // => 3
 * networkConfig({ sampleSize: 8, blockOutChannels: [8, 16] }, 'model.json').architecture // => 'ddpm'
 * ```
 */
export function networkConfig(json: unknown, file: string): NetworkConfig {
  const detected = architectures.find(({ detect }) => detect(json))
  if (detected !== undefined) return detected.parse(json, file, () => new Map())
  const fields = objectOf(file, json)
  const name = fields['architecture'] ?? architectures[0].name
  const own = architectures.find((architecture) => architecture.name === name)
  if (own !== undefined) return own.configure(fields, file)
  throw new FileFormatError(file, `architecture: must be one of ${names}, got ${show(name)}`)
}
