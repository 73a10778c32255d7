import { existsSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import type { Prior } from '@tweedie/solvers'
import type { Shape } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import type { NetworkConfig } from '@tweedie/unet'
import { architectureOf, architectures, modelLimits } from '@tweedie/unet'
import { findModel, inferConfig, loadNetwork, loadShippedPrior, shippedPriors } from '@tweedie/unet/node'
import type { Io } from './io.ts'
import { checkMemory, checkNetwork, priorOf } from './network.ts'
import { absolute } from './write.ts'

/** A prior as `tweedie priors` shows it. */
export interface PriorInfo {
  readonly name: string
  /** [C, H, W] of a picture. */
  readonly shape: readonly number[]
  readonly title: string
  readonly parameters?: number
}

const own = (io: Io, name: string) =>
  io.priors !== undefined && Object.hasOwn(io.priors, name) ? io.priors[name] : undefined

/** What `--prior` takes by name. */
export async function listPriors(io: Io): Promise<PriorInfo[]> {
  const shipped = shippedPriors().map((name) => {
    const { config, params, record } = loadShippedPrior(name)
    for (const tensor of Object.values(params)) tensor.dispose()
    return {
      name,
      shape: architectureOf(config).sampleShape(config),
      title: `trained on ${record.trainingImages} images: ${record.data}`,
      parameters: record.parameters,
    }
  })
  const added = Object.entries(io.priors ?? {}).map(async ([name, load]) => {
    const { shape } = await load()
    return { name, shape, title: 'added by the caller' }
  })
  return [...shipped, ...(await Promise.all(added))]
}

/**
 * The prior of a name, or of a folder or file with a network in it: what `tweedie train` wrote, a pipeline of diffusers
 * or its `unet/`, or a network of guided-diffusion. `NAME@SIDE` or `NAME@HEIGHTxWIDTH` runs the network on pictures of
 * another size than it was trained on: its layers know none. What was chosen rather than said is noted on stderr.
 * @throws {OptionError} for a name that is none, listing those that are, or a size or network that does not fit.
 * @throws {FileFormatError} where its files are damaged or ask for what is not supported.
 */
export async function loadPrior(io: Io, given: string, option = '--prior'): Promise<Prior> {
  const load = own(io, given)
  if (load !== undefined) return load()
  const { name, size } = parseName(io, given, option)
  if (shippedPriors().includes(name)) {
    const prior = loadShippedPrior(name)
    const shape = shapeAt(prior.config, size, option)
    checkMemory(prior.config, shape, option)
    return priorOf(given, shape, prior, prior.trainedOn)
  }
  const { config, directory, weights, training } = openModel(io, name, option)
  const shape = shapeAt(config, size, option)
  checkNetwork(config, training.trainedOn, name, option)
  checkMemory(config, shape, option)
  const loaded = loadNetwork(directory, weights === undefined ? {} : { weights })
  for (const note of [...training.notes, ...loaded.notes]) io.err(`Note: ${note}.\n`)
  return priorOf(basename(given), shape, loaded, training.trainedOn)
}

/** A name, and [height, width] where `@SIDE` or `@HEIGHTxWIDTH` follows it and is no part of a path. */
function parseName(
  io: Io,
  given: string,
  option: string,
): { name: string; size?: readonly [number, number] } {
  const [, name, height, width = height] = /^(.+)@(\d+)(?:x(\d+))?$/.exec(given) ?? []
  if (name === undefined || existsSync(absolute(io.cwd, given))) return { name: given }
  const size = [Number(height), Number(width)] as const
  const wrong = size.find((side) => !(side >= 1 && side <= modelLimits.side))
  if (wrong === undefined) return { name, size }
  throw new OptionError(option, `a side must be a whole number from 1 to ${modelLimits.side}, got ${wrong}`)
}

/** The model of a folder or file, and what it was trained on. */
function openModel(io: Io, name: string, option: string) {
  const path = absolute(io.cwd, name)
  const model = findModel(path)
  if (model === undefined) throw new OptionError(option, noModel(io, name, path))
  const { training } = model
  if (training !== undefined) return { ...model, training }
  throw new OptionError(
    option,
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
function noModel(io: Io, name: string, path: string): string {
  const known = [...shippedPriors(), ...Object.keys(io.priors ?? {})].join(', ') || 'none here'
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

/** What config.json should say beside a file of weights, as far as names and shapes tell. */
function noConfig(name: string, path: string): string {
  const told = inferConfig(path)
  const need = `'${name}' has no config.json beside it`
  if (told === undefined)
    return `${need}; write that of ${architectures.map(({ title }) => title).join(' or ')} there`
  return `${need}; its weights tell ${JSON.stringify(told.fields)}, so it need only say ${told.untold}`
}

/** The shape of a network's pictures, at another size where one is given: its layers know none. */
function shapeAt(
  config: NetworkConfig,
  size: readonly [height: number, width: number] | undefined,
  option: string,
): Shape {
  const { sampleShape, divisor } = architectureOf(config)
  if (size === undefined) return sampleShape(config)
  const factor = divisor(config)
  const odd = size.find((side) => side % factor !== 0)
  if (odd === undefined) return [config.inChannels, ...size]
  throw new OptionError(
    option,
    `the network halves its pictures: a side of ${odd} is no multiple of ${factor}`,
  )
}
