import type { InputRecord } from '@tweedie/runs'
import { loadPrior } from '@tweedie/runs/node'
import type {
  AnyMethod,
  Chosen,
  Described,
  Noise,
  OperatorEntry,
  Prior,
  Problem,
  Sampler,
  Settings,
  ShownOperator,
} from '@tweedie/solvers'
import {
  checkFit,
  fillSettings,
  madeFrom,
  methods,
  noiseFromSpec,
  operators,
  readSettings,
  samplers,
  specName,
  splitSpec,
  UnfitError,
} from '@tweedie/solvers'
import { OptionError, type Shape, ShapeError } from '@tweedie/tensor'
import { withArrays } from './files/arrays.ts'
import type { Io } from './io.ts'
import { ownMethod, ownModule, ownOperator, ownPrior } from './own/index.ts'

// What the words of a command line stand for: one function each for methods, operators, noise and priors.

/**
 * Runs `work`; what it throws for an option, a shape or an unfit problem is made to name `option` of the command line.
 * @param kind - What `work` calls that option itself.
 */
async function naming<T>(option: string, kind: string, work: () => T | Promise<T>): Promise<T> {
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
export const resolveMethod = (io: Io, text: string, option: string): Promise<Chosen<AnyMethod>> =>
  naming(option, 'method', async () => {
    const module = ownModule(text)
    if (module === undefined) return methods.parse(text)
    const entry = await ownMethod(io, module)
    return { entry, settings: ownSettings('method', entry, module.settings) }
  })

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

/**
 * The prior of a name, a folder, a file of weights or a module of the user's; what was chosen rather than said is noted on stderr.
 * @throws {OptionError} for what is none, or does not fit.
 * @throws {FileFormatError} where its files are damaged, or ask for what is not supported.
 */
export const resolvePrior = (io: Io, text: string, option = '--prior'): Promise<Prior> =>
  naming(option, 'prior', () => {
    const module = ownModule(text)
    if (module !== undefined && module.settings === undefined) return ownPrior(io, module)
    if (/\.[cm]?[jt]s[:@]/.test(text))
      throw new OptionError('prior', `'${text}': a module's prior takes no options, and has the size it says`)
    return loadPrior(text, {
      cwd: io.cwd,
      onNote: (note) => io.err(`Note: ${note}.\n`),
      ...(io.priors === undefined ? {} : { added: io.priors }),
    })
  })

/**
 * Makes sure, before any work, that a method can solve a problem with a prior.
 * @throws {OptionError} naming what the method lacks.
 */
export const requireFit = (
  { info }: AnyMethod,
  problem: Problem,
  prior: Prior,
  option: string,
): Promise<void> => naming(option, 'method', () => checkFit(info, problem, prior))
