import { existsSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import type { Prior } from '@tweedie/solvers'
import type { Shape } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import { modelLimits } from '@tweedie/unet'
import {
  findModel,
  inferAdmGuided,
  loadAdm,
  loadDdpm,
  loadShippedPrior,
  readWeights,
  shippedPriors,
} from '@tweedie/unet/node'
import type { Io } from './io.ts'
import type { NetworkConfig } from './network.ts'
import {
  checkMemory,
  checkNetwork,
  describeScheduler,
  halvings,
  linearTraining,
  priorOf,
  shapeOf,
  trainingOf,
} from './network.ts'
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
      shape: shapeOf(config),
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
    const { config, params, record } = loadShippedPrior(name)
    const shape = shapeAt(config, size, option)
    checkMemory(config, shape, option)
    return priorOf(given, shape, { config, params }, linearTraining(record.config.timesteps))
  }
  const { model, training, notes } = openModel(io, name, option)
  const { config, directory, weights } = model
  const shape = shapeAt(config, size, option)
  checkNetwork(config, training, name, option)
  checkMemory(config, shape, option)
  const loaded = (config.architecture === 'adm' ? loadAdm : loadDdpm)(
    directory,
    weights === undefined ? {} : { weights },
  )
  for (const note of [...notes, ...loaded.notes]) io.err(`Note: ${note}.\n`)
  return priorOf(basename(given), shape, loaded, training)
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

/** The model of a folder or file, and what it was trained on, with sentences on what was chosen. */
function openModel(io: Io, name: string, option: string) {
  const path = absolute(io.cwd, name)
  const model = findModel(path)
  if (model === undefined) throw new OptionError(option, noModel(io, name, path))
  const { schedule } = model
  if (schedule !== undefined) {
    const notes = schedule.kind === 'scheduler' ? [describeScheduler(schedule)] : []
    return { model, training: trainingOf(schedule), notes }
  }
  if (model.config.architecture === 'adm') {
    const note = `${name} does not say its schedule: taken is guided-diffusion's default, linear βs, T = 1000, predicts epsilon; a scheduler_config.json beside it would say another`
    return { model, training: linearTraining(1000), notes: [note] }
  }
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
  const told = inferAdmGuided(readWeights(path), path)
  const need = `'${name}' has no config.json beside it`
  if (told === undefined) return `${need}; write that of diffusers or guided-diffusion there`
  return `${need}; its weights tell ${JSON.stringify(told)}, so it need only say image_size, num_heads or num_head_channels and, where it is so, use_new_attention_order`
}

/** The shape of a network's pictures, at another size where one is given: its layers know none. */
function shapeAt(
  config: NetworkConfig,
  size: readonly [height: number, width: number] | undefined,
  option: string,
): Shape {
  if (size === undefined) return shapeOf(config)
  const factor = halvings(config)
  const odd = size.find((side) => side % factor !== 0)
  if (odd === undefined) return [config.inChannels, ...size]
  throw new OptionError(
    option,
    `the network halves its pictures: a side of ${odd} is no multiple of ${factor}`,
  )
}
