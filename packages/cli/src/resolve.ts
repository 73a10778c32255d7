import type { PresetFile } from '@tweedie/calibration'
import { parsePreset } from '@tweedie/calibration'
import type { InputRecord, OpenPrior } from '@tweedie/runs'
import { operatorFor, suggesting } from '@tweedie/runs'
import { openPrior } from '@tweedie/runs/node'
import type {
  AnyMethod,
  Catalog,
  Chosen,
  Described,
  Noise,
  OperatorEntry,
  Preset,
  Prior,
  Problem,
  Sampler,
  Settings,
  ShownOperator,
} from '@tweedie/solvers'
import {
  checkFit,
  fillSettings,
  formatSpec,
  madeFrom,
  methods,
  noiseFromSpec,
  noises,
  operators,
  presetOf,
  readSettings,
  samplers,
  specName,
  splitSpec,
  UnfitError,
} from '@tweedie/solvers'
import { OptionError, type Shape, ShapeError } from '@tweedie/tensor'
import type { WeightType } from '@tweedie/unet'
import { withArrays } from './files/arrays.ts'
import { readBytes } from './files/bytes.ts'
import { absolute } from './files/write.ts'
import type { Io } from './io.ts'
import { ownMethod, ownModule, ownOperator, ownPrior } from './own/index.ts'
import { isPresetFile, splitPreset } from './preset-text.ts'

/** Bytes of the largest preset that is read, with the record of how it was found. */
const largestPreset = 2 ** 24

// What the words of a command line stand for: one function each for methods, operators, noise and priors.

/**
 * Runs `work`; what it throws for an option, a shape or an unfit problem is made to name `option` of the command line.
 * @param kind - What `work` calls that option itself.
 */
export async function naming<T>(option: string, kind: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof OptionError)
      throw new OptionError(option, error.option === kind ? error.reason : error.message)
    if (error instanceof ShapeError || error instanceof UnfitError)
      throw new OptionError(option, error.message)
    throw error
  }
}

/**
 * The method of a text such as `dps`, `dps:steps=100,eta=0.5` or `./mine.ts`, with the options that the text gives it.
 * @throws {OptionError} for a name that is none, listing those that are, a module without a method, or an option that
 * does not fit.
 * @throws {FileFormatError} for a module that cannot be loaded.
 */
export const resolveMethod = (
  io: Pick<Io, 'cwd'>,
  text: string,
  option: string,
): Promise<Chosen<AnyMethod>> =>
  naming(option, 'method', async () => {
    const module = ownModule(text)
    if (module === undefined) return methods.parse(text)
    const entry = await ownMethod(io, module)
    return { entry, settings: ownSettings('method', entry, module.settings) }
  })

/** A method as a command line has it: the options of a preset, and over them those that the method's text gives. */
export interface ChosenMethod extends Chosen<AnyMethod> {
  readonly preset?: Preset | undefined
}

/**
 * The method of a text as {@link resolveMethod}, with a preset such as `dps/ffhq-sr4`.
 * @throws {OptionError} as `resolveMethod`; for a preset that the method does not have, listing those it has.
 */
export async function resolveWithPreset(
  io: Io,
  text: string,
  presetText: string | undefined,
): Promise<ChosenMethod> {
  if (presetText !== undefined && isPresetFile(presetText)) return resolveWithPresetFile(io, text, presetText)
  const wanted = presetText === undefined ? undefined : splitPreset(presetText)
  const { entry, settings } = await resolveMethod(io, text, wanted?.method === text ? '--preset' : '--method')
  if (wanted === undefined) return { entry, settings }
  const { name } = entry.info
  if (wanted.method !== undefined && wanted.method !== name && wanted.method !== text)
    throw new OptionError('--preset', `'${presetText}' is a preset of ${wanted.method}, not of ${name}`)
  const preset = await resolvePreset(entry, wanted.name)
  return { entry, settings: { ...preset.settings, ...settings }, preset }
}

/** The preset that a file holds. @throws {OptionError | FileFormatError} where there is none. */
async function readPreset(io: Io, file: string): Promise<PresetFile> {
  const bytes = await readBytes(absolute(io.cwd, file), {
    most: () => largestPreset,
    signal: io.signal,
  }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new OptionError('--preset', `there is no file '${file}'`) : error
  })
  return parsePreset(Buffer.from(bytes).toString('utf8'), file)
}

/** The method that a preset is of, where its text or its file says so. */
export const methodOfPreset = async (io: Io, text: string): Promise<string | undefined> =>
  isPresetFile(text) ? (await readPreset(io, text)).method : splitPreset(text).method

async function resolveWithPresetFile(io: Io, text: string, file: string): Promise<ChosenMethod> {
  const { entry, settings } = await resolveMethod(io, text, '--method')
  const { name } = entry.info
  const { method, record: _, ...preset } = await readPreset(io, file)
  if (method !== name) throw new OptionError('--preset', `'${file}' is a preset of ${method}, not of ${name}`)
  const own = await naming('--preset', 'method', () =>
    readSettings(name, entry.info.options, preset.settings),
  )
  return { entry, settings: { ...own, ...settings }, preset }
}

/**
 * A preset of a method by its name alone.
 * @throws {OptionError} listing those it has.
 */
export const resolvePreset = (method: AnyMethod, name: string): Promise<Preset> =>
  naming('--preset', 'preset', () => presetOf(method, name))

/** A text with all options of what it names; itself where it names nothing of ours. */
function inFull(catalog: Catalog<Described>, text: string): string {
  try {
    const { entry, settings } = catalog.parse(text)
    return formatSpec(entry.info.name, fillSettings(entry.info.name, entry.info.options, settings))
  } catch (error) {
    if (error instanceof OptionError) return text
    throw error
  }
}

const noiseText = (given: number | string): string =>
  Number.isFinite(Number(given)) ? `gaussian:${given}` : String(given)

/** A word on a preset that was made for another operator or noise than is given. */
export function presetNotes(
  { entry: { info }, preset }: ChosenMethod,
  { operator, noise }: { readonly operator: string; readonly noise: number | string },
): string[] {
  if (preset === undefined) return []
  const others = [
    ...(preset.operator === undefined || inFull(operators, preset.operator) === inFull(operators, operator)
      ? []
      : [[preset.operator, operator]]),
    ...(preset.noise === undefined || inFull(noises, preset.noise) === inFull(noises, noiseText(noise))
      ? []
      : [[preset.noise, noiseText(noise)]]),
  ]
  if (others.length === 0) return []
  const [madeFor, here] = [0, 1].map((i) => others.map((pair) => pair[i]).join(' with '))
  return [`the preset ${info.name}/${preset.name} was made for ${madeFor}, not for ${here}`]
}

/**
 * A method's options from the texts of a command line, with its defaults filled in.
 * @throws {OptionError} for an option that the method does not have, or a value that does not fit.
 */
export const resolveSettings = (
  { info: { name, options } }: AnyMethod,
  given: Settings,
  option: string,
): Promise<Settings> =>
  naming(option, 'method', () => {
    const filled = fillSettings(name, options, readSettings(name, options, given))
    return Object.fromEntries(Object.entries(filled).filter(([, value]) => value !== undefined))
  })

/** An operator, and the files of the user's that its options name. */
export interface ResolvedOperator {
  readonly operator: ShownOperator
  readonly inputs: readonly InputRecord[]
}

/**
 * The operator of a text such as `inpaint:box=14`, `inpaint:mask=hole.png` or `./camera.ts:gain=2`, for pictures of a
 * shape.
 * @throws {OptionError} naming what does not fit.
 * @throws {FileFormatError} for a module that cannot be loaded, or a file that cannot be read.
 */
export const resolveOperator = (
  io: Io,
  text: string,
  shape: Shape,
  option: string,
): Promise<ResolvedOperator> =>
  naming(option, 'operator', async () => {
    const module = ownModule(text)
    const entry = module === undefined ? operators.find(specName(text)) : await ownOperator(io, module)
    const { name, options } = entry.info
    const said = module === undefined ? text : withSettings(name, module.settings)
    const { settings, inputs } = await withArrays(
      io,
      options,
      splitSpec('operator', said, entry.info).settings,
    )
    return { operator: entry.make(shape, readSettings(name, options, settings)), inputs }
  })

/**
 * The kind of operator of a name, or of a module of the user's.
 * @throws {OptionError} for a name that is none, listing those that are, or a module without an operator.
 * @throws {FileFormatError} for a module that cannot be loaded.
 */
export const resolveOperatorKind = (io: Io, text: string, option: string): Promise<OperatorEntry> =>
  naming(option, 'operator', () => {
    const module = ownModule(text)
    return module === undefined ? operators.find(text) : ownOperator(io, module)
  })

/** The options that follow the name of a module. */
export function ownSettings(kind: string, { info }: Described, settings: string | undefined): Settings {
  const text = withSettings(info.name, settings)
  return readSettings(info.name, info.options, splitSpec(kind, text, info).settings)
}

const withSettings = (name: string, settings: string | undefined): string =>
  settings === undefined ? name : `${name}:${settings}`

/**
 * The noise of σ_y, or of a text.
 * @throws {OptionError} naming what does not fit.
 */
export const resolveNoise = (given: number | string, option: string): Promise<Noise> =>
  naming(option, 'noise', () => noiseFromSpec(String(given)))

/**
 * The sampler of a text such as `heun` or `ddim:0.5`.
 * @throws {OptionError} naming what does not fit.
 */
export const resolveSampler = (text: string, option: string): Promise<Sampler> =>
  naming(option, 'sampler', () => madeFrom(samplers, text))

/** What is chosen of a file of weights. */
export interface FileChoices {
  /** Which weights of it, such as `ema`. */
  readonly key?: string | undefined
  /** What the weights of a network are kept as in memory. */
  readonly weights?: WeightType | undefined
}

/**
 * The prior of a name, a folder, a file of weights or a module of the user's, with what sizes its network can be run at;
 * what was chosen rather than said is noted on stderr.
 * @throws {OptionError} for what is none, or does not fit.
 * @throws {FileFormatError} where its files are damaged, or ask for what is not supported.
 */
export const resolveOpenPrior = (
  io: Io,
  text: string,
  option = '--prior',
  { key, weights }: FileChoices = {},
): Promise<OpenPrior> =>
  naming(option, 'prior', async () => {
    const module = ownModule(text)
    if (module !== undefined && key !== undefined)
      throw new OptionError('--key', `is for files of weights; '${text}' is a module`)
    if (module !== undefined && weights === 'float16')
      throw new OptionError('weights', `float16 is for networks from files; '${text}' is a module`)
    if (module !== undefined && module.settings === undefined) return { prior: await ownPrior(io, module) }
    if (/\.[cm]?[jt]s[:@]/.test(text))
      throw new OptionError('prior', `'${text}': a module's prior takes no options, and has the size it says`)
    return openPrior(text, {
      cwd: io.cwd,
      key,
      weights,
      onNote: (note) => io.err(`Note: ${note}.\n`),
      ...(io.priors === undefined ? {} : { added: io.priors }),
    })
  })

/** The prior of {@link resolveOpenPrior}, at its own size. */
export const resolvePrior = async (
  io: Io,
  text: string,
  option?: string,
  choices?: FileChoices,
): Promise<Prior> => (await resolveOpenPrior(io, text, option, choices)).prior

/**
 * Makes sure, before any work, that a method can solve a problem with a prior.
 * @throws {OptionError} naming what the method lacks, and those that would do without it.
 */
export const requireFit = (
  { info }: AnyMethod,
  problem: Problem,
  prior: Prior,
  option: string,
): Promise<void> =>
  naming(option, 'method', () => {
    const posed = { ...problem, operator: operatorFor(info, problem.operator, prior) }
    return suggesting(methods, problem, () => checkFit(info, posed, prior), prior)
  })
