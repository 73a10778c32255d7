import { existsSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import type { Prior } from '@tweedie/solvers'
import { isLatent } from '@tweedie/solvers'
import type { Shape } from '@tweedie/tensor'
import { OptionError, sameShape } from '@tweedie/tensor'
import type { Network, NetworkConfig, WeightType } from '@tweedie/unet'
import { architectureOf, architectures, countParams, modelLimits } from '@tweedie/unet'
import { findModel, inferConfig, loadNetwork, loadShippedPrior, shippedPriors } from '@tweedie/unet/node'
import { checkMemory, checkNetwork, priorOf, shapeAt } from '../priors/network.ts'

/** Where priors are looked for. */
export interface PriorPlaces {
  /** The folder that paths start from; the process's own where it is left out. */
  readonly cwd?: string
  /** Priors beside the shipped ones, by name. */
  readonly added?: Readonly<Record<string, () => Promise<Prior>>>
  /** What the weights of a network from files are kept as in memory; default float32. */
  readonly weights?: WeightType
  /** Told what was chosen rather than said, in a sentence each. */
  onNote?(note: string): void
}

/** A prior that there is by name. */
export interface PriorInfo {
  readonly name: string
  /** [C, H, W] of a picture. */
  readonly shape: readonly number[]
  readonly title: string
  readonly parameters?: number
}

const own = ({ added = {} }: PriorPlaces, name: string) =>
  Object.hasOwn(added, name) ? added[name] : undefined

const pathOf = ({ cwd = '.' }: PriorPlaces, name: string) => resolve(cwd, name)

/** The priors that {@link loadPrior} knows by name. */
export async function listPriors({ added: others = {} }: PriorPlaces = {}): Promise<PriorInfo[]> {
  const shipped = shippedPriors().map((name) => {
    const { config, params, record, autoencoder } = loadShippedPrior(name)
    for (const network of [params, autoencoder?.params ?? {}])
      for (const tensor of Object.values(network)) tensor.dispose()
    const pictures = autoencoder?.config ?? config
    const what = autoencoder === undefined ? '' : 'latent, class-conditional, '
    return {
      name,
      shape: architectureOf(pictures).sampleShape(pictures),
      title: `${what}trained on ${record.trainingImages} images: ${record.data}`,
      parameters: record.parameters + countParams(autoencoder?.params ?? {}),
    }
  })
  const added = Object.entries(others).map(async ([name, load]) => {
    const { shape } = await load()
    return { name, shape, title: 'added by the caller' }
  })
  return [...shipped, ...(await Promise.all(added))]
}

/**
 * The prior of a name, or of a folder or file with a network in it: what `tweedie train` wrote, a pipeline of diffusers
 * or its `unet/`, or a network of guided-diffusion. `NAME@SIDE` or `NAME@HEIGHTxWIDTH` runs the network on pictures of
 * another size than it was trained on: its layers know none. `NAME+LATENT` puts the autoencoder of a prior on latents beside
 * one on pictures, for methods that ask for it. Errors name the option `prior`.
 * @throws {OptionError} for a name that is none, listing those that are, or a size or network that does not fit.
 * @throws {FileFormatError} where its files are damaged or ask for what is not supported.
 */
export async function loadPrior(given: string, places: PriorPlaces = {}): Promise<Prior> {
  const load = own(places, given)
  if (load !== undefined) return load()
  const [, pictures, latent] = /^([^+]+)\+([^+]+)$/.exec(given) ?? []
  if (pictures !== undefined && latent !== undefined && !existsSync(pathOf(places, given)))
    return besideCoder(await loadPrior(pictures, places), await loadPrior(latent, places))
  const { name, size } = parseName(given, places)
  if (shippedPriors().includes(name)) {
    if (places.weights === 'float16')
      throw new OptionError('weights', `float16 is for networks from files; '${name}' is shipped, and small`)
    const prior = loadShippedPrior(name)
    const shape = latentShapeAt(prior.config, size, prior.autoencoder)
    return priorOf(given, shape, prior, prior.trainedOn, prior.autoencoder)
  }
  const { config, directory, weights, training, autoencoder } = openModel(name, places)
  checkNetwork(config, training.trainedOn, name, { latent: autoencoder !== undefined })
  const as = places.weights === undefined ? {} : { weightsAs: places.weights }
  const coder = autoencoder === undefined ? undefined : loadNetwork(autoencoder, as)
  const shape = latentShapeAt(config, size, coder)
  const loaded = loadNetwork(directory, { ...as, ...(weights === undefined ? {} : { weights }) })
  for (const note of [...training.notes, ...loaded.notes, ...(coder?.notes ?? [])]) places.onNote?.(note)
  return priorOf(basename(given), shape, loaded, training.trainedOn, coder)
}

/** A prior on pictures with the autoencoder of another beside it. @throws {OptionError} where it has none of such pictures. */
function besideCoder(pictures: Prior, latent: Prior): Prior {
  if (!isLatent(latent))
    throw new OptionError('prior', `'${latent.name}' has no autoencoder to put beside '${pictures.name}'`)
  const { autoencoder } = latent
  if (isLatent(pictures) || !sameShape(autoencoder.shape, pictures.shape)) {
    const [coded, drawn] = [autoencoder.shape.join(', '), pictures.shape.join(', ')]
    const reason = `the autoencoder of '${latent.name}' is of pictures [${coded}], '${pictures.name}' of [${drawn}]`
    throw new OptionError('prior', reason)
  }
  return { ...pictures, name: `${pictures.name}+${latent.name}`, autoencoder }
}

/**
 * The shape of a network's samples for pictures of a size: that of their latents where there is an autoencoder.
 * @throws {OptionError} for a side that one of the networks cannot halve, or for more than memory holds.
 */
function latentShapeAt(
  config: NetworkConfig,
  size: readonly [number, number] | undefined,
  coder: Network | undefined,
): Shape {
  if (coder === undefined) {
    const shape = shapeAt(config, size)
    checkMemory(config, shape)
    return shape
  }
  const pictures = shapeAt(coder.config, size)
  checkMemory(coder.config, pictures)
  const factor = architectureOf(coder.config).divisor(coder.config)
  const [, height = 0, width = 0] = pictures
  const shape = shapeAt(config, size === undefined ? undefined : [height / factor, width / factor])
  checkMemory(config, shape)
  return shape
}

/** A name, and [height, width] where `@SIDE` or `@HEIGHTxWIDTH` follows it and is no part of a path. */
function parseName(given: string, places: PriorPlaces): { name: string; size?: readonly [number, number] } {
  const [, name, height, width = height] = /^(.+)@(\d+)(?:x(\d+))?$/.exec(given) ?? []
  if (name === undefined || existsSync(pathOf(places, given))) return { name: given }
  const size = [Number(height), Number(width)] as const
  const wrong = size.find((side) => !(side >= 1 && side <= modelLimits.side))
  if (wrong === undefined) return { name, size }
  throw new OptionError('prior', `a side must be a whole number from 1 to ${modelLimits.side}, got ${wrong}`)
}

/** The model of a folder or file, and what it was trained on. */
function openModel(name: string, places: PriorPlaces) {
  const path = pathOf(places, name)
  const model = findModel(path)
  if (model === undefined) throw new OptionError('prior', noModel(name, path, places))
  const { training } = model
  if (training !== undefined) return { ...model, training }
  throw new OptionError(
    'prior',
    `'${name}' does not say which schedule the network was trained on: there is neither record.json nor scheduler_config.json; write one beside its config.json, such as scheduler_config.json with ${exampleScheduler}`,
  )
}

const exampleScheduler = JSON.stringify({
  _class_name: 'DDPMScheduler',
  num_train_timesteps: 1000,
  beta_schedule: 'linear',
  beta_start: 0.0001,
  beta_end: 0.02,
  prediction_type: 'epsilon',
})

/** Why a name is no prior, and what would be one. */
function noModel(name: string, path: string, { added = {} }: PriorPlaces): string {
  const known = [...shippedPriors(), ...Object.keys(added)].join(', ') || 'none here'
  const file = statSync(path, { throwIfNoEntry: false })
  if (file?.isFile() === true) return noConfig(name, path)
  const what =
    file === undefined
      ? 'no prior'
      : file.isDirectory()
        ? 'a folder without config.json'
        : 'neither a folder nor a file'
  return `'${name}' is ${what}; there are ${known}, or name a folder written by tweedie train`
}

/** The message for weights without a config.json, with the fields that names and shapes tell. */
function noConfig(name: string, path: string): string {
  const told = inferConfig(path)
  const need = `'${name}' has no config.json beside it`
  if (told === undefined)
    return `${need}; write that of ${architectures.map(({ title }) => title).join(' or ')} there`
  return `${need}; its weights tell ${JSON.stringify(told.fields)}, so it need only say ${told.untold}`
}
