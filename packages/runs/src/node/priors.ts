import { existsSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import type { EnsembleSize, Prior } from '@tweedie/solvers'
import { ensembleSizes, greyOf, isLatent, selfEnsemble } from '@tweedie/solvers'
import type { Shape } from '@tweedie/tensor'
import { OptionError, sameShape } from '@tweedie/tensor'
import type { Network, NetworkConfig, TrainedOn, WeightType } from '@tweedie/unet'
import { architectureOf, architectures, countParams, modelLimits } from '@tweedie/unet'
import type { ModelChoices } from '@tweedie/unet/node'
import {
  findModel,
  inferConfig,
  loadNetwork,
  loadShippedPrior,
  shippedPriors,
  toldScheduler,
} from '@tweedie/unet/node'
import { checkMemory, checkNetwork, priorOf, shapeAt } from '../priors/network.ts'
import type { OpenPrior, Size } from '../priors/sizes.ts'

/** Where priors are looked for. */
export interface PriorPlaces {
  /** The folder that paths start from; the process's own where it is left out. */
  readonly cwd?: string
  /** Priors beside the shipped ones, by name. */
  readonly added?: Readonly<Record<string, () => Promise<Prior>>>
  /** Which weights of a file that holds several sets, such as `ema`; left out, the moving average, or the only ones. */
  readonly key?: string | undefined
  /** What the weights of a network from files are kept as in memory; default float32. */
  readonly weights?: WeightType | undefined
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
 * another size than it was trained on: its layers know none. `NAME:grey` is a prior of colour that was trained on grey pictures
 * too, of these; a size follows it. `FOLDER:variant=fp16` chooses among its weights, and
 * `FOLDER:scheduler=FILE` (or `DDPMScheduler:num_train_timesteps=200,…`) tells what they were trained on; `NAME:ensemble=8`
 * averages so many mirrored and transposed views (`selfEnsemble`): {@link priorText} writes all three. `NAME+LATENT` puts the autoencoder of a prior on latents beside
 * one on pictures, for methods that ask for it. Errors name the option `prior`.
 * @throws {OptionError} for a name that is none, listing those that are, or a size or network that does not fit.
 * @throws {FileFormatError} where its files are damaged or ask for what is not supported.
 */
export const loadPrior = async (given: string, places: PriorPlaces = {}): Promise<Prior> =>
  (await openPrior(given, places)).prior

/**
 * As {@link loadPrior}, the network loaded once for pictures of all sizes, unless the name says one.
 * @throws {OptionError | FileFormatError} as `loadPrior` does.
 */
export async function openPrior(given: string, from: PriorPlaces = {}): Promise<OpenPrior> {
  const load = own(from, given)
  if (load !== undefined) return { prior: await load() }
  const { plain, ...choices } = parseChoices(given, from)
  const places = { ...from, key: choices.key ?? from.key }
  const { variant, scheduler, ensemble } = choices
  const added = own(from, plain)
  if (added !== undefined && priorText(plain, { ensemble }) === given)
    return { prior: selfEnsemble(await added(), ensemble ?? 1) }
  const [, pictures, latent] = /^([^+]+)\+([^+]+)$/.exec(plain) ?? []
  if (pictures !== undefined && latent !== undefined && !existsSync(pathOf(places, plain)))
    return {
      prior: besideCoder(
        await loadPrior(priorText(pictures, choices), places),
        await loadPrior(latent, places),
      ),
    }
  const { name, size, grey } = parseName(plain, places)
  if (shippedPriors().includes(name)) {
    if ([variant, scheduler, choices.key].some((chosen) => chosen !== undefined))
      throw new OptionError('prior', `'${name}' is shipped: it has one set of weights, and its own schedule`)
    if (places.weights === 'float16')
      throw new OptionError('weights', `float16 is for networks from files; '${name}' is shipped, and small`)
    const { trainedOn, autoencoder, ...network } = loadShippedPrior(name)
    return atSizes(given, { size, grey, ensemble }, network, trainedOn, autoencoder)
  }
  const told = scheduler === undefined ? undefined : toldScheduler(scheduler, pathOf(places, scheduler))
  const model = openModel(name, { variant, scheduler: told }, places)
  const { config, directory, weights, training, autoencoder } = model
  checkNetwork(config, training.trainedOn, name, { latent: autoencoder !== undefined })
  const as = { weightsAs: places.weights }
  const coder = autoencoder === undefined ? undefined : loadNetwork(autoencoder, as)
  latentShapeAt(config, size, coder)
  const loaded = loadNetwork(directory, {
    ...as,
    key: places.key,
    ...(weights === undefined ? { variant } : { weights }),
  })
  const notes = [...model.notes, ...training.notes, ...loaded.notes, ...(coder?.notes ?? [])]
  for (const note of notes) places.onNote?.(note)
  return atSizes(basename(plain), { size, grey, ensemble }, loaded, training.trainedOn, coder)
}

/** What is made of a network for its pictures. */
interface Looks {
  readonly size: Size | undefined
  readonly grey: boolean
  readonly ensemble: EnsembleSize | undefined
}

/**
 * A network at the size that was said, or at all; of grey pictures, and the mean of several views of them, where that is asked.
 * @throws {OptionError} where it was not trained on them, or they have no such views.
 */
function atSizes(
  name: string,
  { size, grey, ensemble = 1 }: Looks,
  network: Network,
  trainedOn: TrainedOn,
  coder: Network | undefined,
): OpenPrior {
  if (grey && trainedOn.grey !== true)
    throw new OptionError('prior', `'${name}' was not trained on grey pictures in colour; leave :grey away`)
  const one = (size: Size | undefined): Prior => {
    const prior = priorOf(name, latentShapeAt(network.config, size, coder), network, trainedOn, coder)
    return grey ? greyOf(prior) : prior
  }
  const at = (size: Size | undefined): Prior => {
    const prior = one(size)
    const [, height = 0, width = 0] = prior.shape
    return selfEnsemble(
      prior,
      ensemble,
      ensemble === 8 && height !== width ? { exchanged: one([width, height]) } : {},
    )
  }
  const prior = at(size)
  if (size !== undefined) return { prior }
  const divisorOf = ({ config }: Network) => architectureOf(config).divisor(config)
  const divisor = divisorOf(network) * (coder === undefined ? 1 : divisorOf(coder))
  return { prior, sizes: { divisor, latent: coder !== undefined, at } }
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

/** What is chosen of a folder, and made of its network: see {@link priorText}. */
export interface PriorChoices {
  /** Mirrored and transposed views of which the mean is taken, as `selfEnsemble` does; 1 where it is left out. */
  readonly ensemble?: EnsembleSize | undefined
  /** Of its weights, such as `fp16` or `non_ema`. */
  readonly variant?: string | undefined
  /** Of the sets of weights in its file, such as `ema`; in the place of {@link PriorPlaces.key}. */
  readonly key?: string | undefined
  /** The path of a `scheduler_config.json`, or a class and fields of one, such as `DDPMScheduler:num_train_timesteps=200`. */
  readonly scheduler?: string | undefined
}

/**
 * The text of a prior with what is chosen of its folder.
 * @example
 * ```ts
 * import { priorText } from '@tweedie/runs/node'
 * priorText('faces', { variant: 'fp16' }) // => 'faces:variant=fp16'
 * ```
 */
export function priorText(prior: string, { ensemble, variant, key, scheduler }: PriorChoices): string {
  const chosen = [
    ...(ensemble === undefined ? [] : [`ensemble=${ensemble}`]),
    ...(variant === undefined ? [] : [`variant=${variant}`]),
    ...(key === undefined ? [] : [`key=${key}`]),
    ...(scheduler === undefined ? [] : [`scheduler=${scheduler}`]),
  ]
  return chosen.length === 0 ? prior : `${prior}:${chosen.join(',')}`
}

const withChoices =
  /^(.+?):(?=ensemble=|variant=|key=|scheduler=)(?:ensemble=(\d+))?(?:,?variant=([\w.-]+))?(?:,?key=([^,]+))?(?:,?scheduler=(.+))?$/

/**
 * The text of a prior at another size.
 * @example
 * ```ts
 * import { priorTextAt } from '@tweedie/runs/node'
 * priorTextAt('photos:ensemble=8', [256, 384]) // => 'photos@256x384:ensemble=8'
 * ```
 */
export function priorTextAt(prior: string, [height, width]: Size): string {
  const [, plain = prior] = withChoices.exec(prior) ?? []
  const size = height === width ? `${height}` : `${height}x${width}`
  return `${plain}@${size}${prior.slice(plain.length)}`
}

/** What {@link priorText} has put together. */
function parseChoices(given: string, places: PriorPlaces): PriorChoices & { readonly plain: string } {
  const parts = withChoices.exec(given)
  if (parts === null || existsSync(pathOf(places, given))) return { plain: given }
  const [, plain = given, views, variant, key, scheduler] = parts
  const ensemble = ensembleSizes.find((size) => size === Number(views))
  if (views !== undefined && ensemble === undefined)
    throw new OptionError('prior', `ensemble must be ${ensembleSizes.join(', ')}, got ${views}`)
  return { plain, ensemble, variant, key, scheduler }
}

/** What a name of a prior says. */
interface Named {
  readonly name: string
  readonly size?: readonly [height: number, width: number]
  readonly grey: boolean
}

/** A name, whether `:grey` follows it, and [height, width] where `@SIDE` or `@HEIGHTxWIDTH` does and is no part of a path. */
function parseName(given: string, places: PriorPlaces): Named {
  if (existsSync(pathOf(places, given))) return { name: given, grey: false }
  const [, full = given, height, width = height] = /^(.+)@(\d+)(?:x(\d+))?$/.exec(given) ?? []
  const grey = full.endsWith(':grey') && !existsSync(pathOf(places, full))
  const name = grey ? full.slice(0, -':grey'.length) : full
  if (height === undefined) return { name, grey }
  const size = [Number(height), Number(width)] as const
  const wrong = size.find((side) => !(side >= 1 && side <= modelLimits.side))
  if (wrong === undefined) return { name, size, grey }
  throw new OptionError('prior', `a side must be a whole number from 1 to ${modelLimits.side}, got ${wrong}`)
}

/** The model of a folder or file, and what it was trained on. */
function openModel(name: string, choices: ModelChoices, places: PriorPlaces) {
  const path = pathOf(places, name)
  const model = findModel(path, { ...choices, key: places.key })
  if (model === undefined) throw new OptionError('prior', noModel(name, path, places))
  const { training } = model
  if (training !== undefined) return { ...model, training }
  throw new OptionError(
    'prior',
    `'${name}' does not say which schedule the network was trained on: there is neither record.json nor scheduler_config.json. Tell it with --scheduler (or ${name}:scheduler=…), a file or such as ${exampleScheduler}; or write scheduler_config.json beside its config.json`,
  )
}

const exampleScheduler =
  'DDPMScheduler:num_train_timesteps=1000,beta_schedule=linear,beta_start=0.0001,beta_end=0.02,prediction_type=epsilon'

/** Why a name is no prior, and what would be one. */
function noModel(name: string, path: string, { added = {}, key }: PriorPlaces): string {
  const known = [...shippedPriors(), ...Object.keys(added)].join(', ') || 'none here'
  const file = statSync(path, { throwIfNoEntry: false })
  if (file?.isFile() === true) return noConfig(name, path, key)
  const what =
    file === undefined
      ? 'no prior'
      : file.isDirectory()
        ? 'a folder without config.json'
        : 'neither a folder nor a file'
  return `'${name}' is ${what}; there are ${known}, or name a folder written by tweedie train`
}

/** The message for weights without a config.json, with the fields that names and shapes tell. */
function noConfig(name: string, path: string, key: string | undefined): string {
  const told = inferConfig(path, key)
  const need = `'${name}' has no config.json beside it`
  if (told === undefined)
    return `${need}; write that of ${architectures.map(({ title }) => title).join(' or ')} there`
  return `${need}; its weights tell ${JSON.stringify(told.fields)}, so it need only say ${told.untold}`
}
