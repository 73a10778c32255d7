import type { Shape } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import type { NamedShapes, ParamSource } from '../../param-source.ts'
import { edmConfig } from './config.ts'
import type { InferredEdm } from './infer.ts'
import { edmConfigToKwargs } from './kwargs.ts'
import { preconditionings } from './preconditioning.ts'
import type { Named } from './score-sde-names.ts'
import { placesOf } from './score-sde-names.ts'
import { structureOf } from './score-sde-structure.ts'

/** Weights of a network of score_sde in a file: its modules in their order, each with its tensors by their own names. */
interface ModuleSet {
  /** What stands before `all_modules`, or before the numbers of a list. */
  readonly prefix: string
  readonly modules: readonly NamedShapes[]
  /** The name in the file of a tensor of module m. */
  readonly stored: (m: number, own: string) => string
}

const inModules = /^(.*?)all_modules\.(0|[1-9]\d{0,4})\.(.+)$/s
const inList = /^(.*\bshadow_params\.)(0|[1-9]\d{0,6})$/s
/** Levels of noise, from the largest down, that a network keeps beside its parameters. */
const levels = /^(.*?)sigmas$/s

/** Layers of a module in the order in which it makes them. */
const order = [
  ...['GroupNorm_0', 'Conv_0', 'Conv2d_0', 'Dense_0', 'GroupNorm_1', 'Conv_1', 'Conv_2'],
  ...['NIN_0', 'NIN_1', 'NIN_2', 'NIN_3'],
]
const rank = (own: string) =>
  2 * order.indexOf(own.split('.')[0] ?? '') + (/(^|\.)b(ias)?$/.test(own) ? 1 : 0)

/** Every set of modules that are numbered without a gap, and the lists of moving averages beside one. */
function setsOf({ entries }: ParamSource): ModuleSet[] {
  const named = new Map<string, Map<string, Shape>[]>()
  const lists = new Map<string, Shape[]>()
  for (const { name, shape } of entries) {
    const [, prefix, number, own] = inModules.exec(name) ?? []
    if (prefix !== undefined && own !== undefined && Number(number) < entries.length) {
      const modules = named.get(prefix) ?? []
      named.set(prefix, modules)
      modules[Number(number)] ??= new Map()
      modules[Number(number)]?.set(own, shape)
    }
    const [, list, place] = inList.exec(name) ?? []
    if (list === undefined || Number(place) >= entries.length) continue
    const members = lists.get(list) ?? []
    lists.set(list, members)
    members[Number(place)] = shape
  }
  const whole = [...named]
    .filter(([, modules]) => Array.from(modules).every((module) => module !== undefined))
    .map(
      ([prefix, modules]): ModuleSet => ({
        prefix,
        modules,
        stored: (m, own) => `${prefix}all_modules.${m}.${own}`,
      }),
    )
  const [first] = whole
  const averages =
    first === undefined ? [] : [...lists].flatMap(([prefix, list]) => averaged(prefix, list, first))
  return [...whole, ...averages]
}

/**
 * A list of the averages of all parameters that are trained, in the order of PyTorch's `parameters()`: the frequencies of the
 * embedding, which are not, are those of the network beside it.
 */
function averaged(prefix: string, list: readonly Shape[], beside: ModuleSet): ModuleSet[] {
  const places = beside.modules.flatMap((module, m) =>
    [...module.keys()]
      .filter((own) => own !== 'W')
      .sort((a, b) => rank(a) - rank(b))
      .map((own) => ({ key: `${m} ${own}`, shape: module.get(own) })),
  )
  const fits = places.every(({ shape }, i) => shape?.join() === list[i]?.join())
  if (!fits || places.length !== list.length) return []
  const at = new Map(places.map(({ key }, i) => [key, `${prefix}${i}`]))
  return [{ ...beside, prefix, stored: (m, own) => at.get(`${m} ${own}`) ?? beside.stored(m, own) }]
}

/**
 * A file of score_sde (arXiv 2011.13456; yang-song/score_sde_pytorch) under the names of a SongUNet, which is the same network:
 * its NCSN++ and DDPM++ name their tensors by the number of their module. Any other file, and one of another network of
 * theirs, is returned as it is.
 * @param imageSize - Side of the images that the names of a SongUNet have in them; left out, what the attention tells.
 */
export function fromScoreSde(source: ParamSource, imageSize?: number): ParamSource {
  const sets = setsOf(source).flatMap((set) => {
    const found = structureOf(set.modules)
    const places = typeof found === 'string' ? undefined : placesOf(set.modules, at(found, imageSize))
    return places === undefined ? [] : [{ set, places }]
  })
  if (sets.length === 0) return source
  const byName = new Map<string, { readonly set: ModuleSet; readonly place: Named }>()
  for (const { set, places } of sets)
    for (const place of places) byName.set(set.prefix + place.name, { set, place })
  const prefixes = sets.map(({ set }) => set.prefix)
  const replaced = ({ name }: { readonly name: string }) =>
    [inModules, inList, levels].some((pattern) => prefixes.includes(pattern.exec(name)?.[1] ?? ' '))
  return {
    entries: [
      ...source.entries.filter((entry) => !replaced(entry)),
      ...Array.from(byName, ([name, { place }]) => ({ name, shape: place.shape })),
    ],
    values: (name, into) => {
      const found = byName.get(name)
      if (found === undefined) return source.values(name, into)
      const { set, place } = found
      return place.values((own, target) => source.values(set.stored(place.module, own), target), into)
    },
  }
}

/** The fields with the sides of another size of images. */
function at(found: InferredEdm, imageSize: number | undefined): InferredEdm & { readonly imageSize: number } {
  const { imageSize: guess = 1, attnResolutions = [] } = found
  if (imageSize === undefined) return { ...found, imageSize: guess }
  const sides = attnResolutions.map((side) => Math.floor(imageSize / (guess / side)))
  return { ...found, imageSize, attnResolutions: sides }
}

/**
 * The configuration of a network of score_sde, in the form of a `config.json`, as its file tells it: of Fourier features it is one
 * of the VE SDE, whose levels it keeps, else one of the VP SDE with the published β. Undefined for any other file.
 */
export function configurationOfScoreSde(source: ParamSource): unknown {
  const [set] = setsOf(source)
  const found = set === undefined ? undefined : structureOf(set.modules)
  if (set === undefined || found === undefined || typeof found === 'string') return undefined
  const { ve, vp } = preconditionings
  const name = `${set.prefix}sigmas`
  const has = source.entries.some((entry) => entry.name === name)
  // Of pictures in [0, 1]: twice as large in [−1, 1].
  const sigmas = has && found.embeddingType === 'fourier' ? Array.from(source.values(name), (s) => 2 * s) : []
  const range =
    sigmas.length < 2
      ? {}
      : {
          sigmaMin: sigmas.reduce((a, b) => Math.min(a, b)),
          sigmaMax: sigmas.reduce((a, b) => Math.max(a, b)),
        }
  try {
    const preconditioning = found.embeddingType === 'fourier' ? { ...ve, ...range } : vp
    return edmConfigToKwargs(edmConfig({ ...at(found, undefined), preconditioning }))
  } catch (error) {
    if (error instanceof OptionError) return undefined // Loading says what is wrong.
    throw error
  }
}

/** What is wrong with a file of score_sde that holds another network than a SongUNet; undefined for other files. */
export function scoreSde(shapes: NamedShapes): string | undefined {
  const source: ParamSource = {
    entries: [...shapes].map(([name, shape]) => ({ name, shape })),
    values: () => new Float32Array(0),
  }
  if (!source.entries.some(({ name }) => inModules.test(name))) return undefined
  const [set] = setsOf(source)
  const why = set === undefined ? 'some are missing' : structureOf(set.modules)
  return typeof why === 'string' ? `its names, all_modules.N, are those of score_sde, but ${why}` : undefined
}
