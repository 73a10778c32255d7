import { existsSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Prior } from '@tweedie/solvers'
import { OptionError } from '@tweedie/tensor'
import type { DdpmConfig, Params } from '@tweedie/unet'
import type { Io } from './io.ts'
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
  const { loadShippedPrior, shippedPriors } = await import('@tweedie/unet/node')
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
 * The prior of a name, or of a folder that `tweedie train` wrote (or in the layout of diffusers): its network
 * as a denoiser, on the linear schedule, with x̂₀ clipped to the data range. `NAME@SIDE` runs the network on
 * pictures of another size than it was trained on: its layers know none.
 * @throws {OptionError} for a name that is none, listing those that are, or a side the network cannot halve.
 * @throws {FileFormatError} where its files are damaged.
 */
export async function loadPrior(io: Io, given: string, option = '--prior'): Promise<Prior> {
  const load = own(io, given)
  if (load !== undefined) return load()
  const [, base, digits] = /^(.+)@(\d+)$/.exec(given) ?? []
  const name = base ?? given
  const side = digits === undefined ? undefined : Number(digits)
  const { loadDdpm, loadShippedPrior, readRecord, shippedPriors } = await import('@tweedie/unet/node')
  if (shippedPriors().includes(name)) {
    const { config, params, record } = loadShippedPrior(name)
    return networkPrior(given, atSide(config, side, option), params, record.config.timesteps)
  }
  const folder = absolute(io.cwd, name)
  if (!existsSync(join(folder, 'config.json'))) {
    const known = [...shippedPriors(), ...Object.keys(io.priors ?? {})].join(', ') || 'none here'
    const what =
      existsSync(folder) && statSync(folder).isDirectory() ? 'a folder without config.json' : 'no prior'
    throw new OptionError(
      option,
      `'${name}' is ${what}; there are ${known}, or name a folder written by tweedie train`,
    )
  }
  const { config, params } = loadDdpm(folder)
  const record = join(folder, 'record.json')
  return networkPrior(
    basename(given),
    atSide(config, side, option),
    params,
    existsSync(record) ? readRecord(record).config.timesteps : 1000,
  )
}

/** The configuration for pictures of another side, all else alike. */
function atSide(config: DdpmConfig, side: number | undefined, option: string): DdpmConfig {
  if (side === undefined) return config
  const factor = 2 ** (config.blockOutChannels.length - 1)
  if (side > 0 && side % factor === 0) return { ...config, sampleSize: side }
  throw new OptionError(
    option,
    `the network halves its pictures: a side of ${side} is no multiple of ${factor}`,
  )
}

const shapeOf = (config: DdpmConfig) => [config.inChannels, config.sampleSize, config.sampleSize]

async function networkPrior(
  name: string,
  config: DdpmConfig,
  params: Params,
  timesteps: number,
): Promise<Prior> {
  const { epsilonPrior, vpLinear } = await import('@tweedie/solvers')
  const { ddpmForward } = await import('@tweedie/unet')
  return epsilonPrior({
    name,
    shape: shapeOf(config),
    schedule: vpLinear({ T: timesteps }),
    predictNoise: (xt, t) => ddpmForward(params, config, xt, t),
    clip: [-1, 1],
  })
}
