import type {
  ImageOperator,
  MethodInfo,
  MethodOptionSpec,
  OperatorEntry,
  Prior,
  Problem,
} from '@tweedie/solvers'
import { checkFit, fillOptions, methods, operatorFromSpec, operators } from '@tweedie/solvers'
import { OptionError, type Shape } from '@tweedie/tensor'

const registry: Readonly<Record<string, MethodInfo>> = methods

/** Runs `fn`; what it throws for a wrong option or shape is made to name the option of the command line. */
function naming<T>(option: string, fn: () => T): T {
  try {
    return fn()
  } catch (error) {
    if (!(error instanceof Error)) throw error
    if (!['OptionError', 'ShapeError', 'UnfitError'].includes(error.name)) throw error
    throw new OptionError(option, error.message.replace(/^(operator|method): /, ''))
  }
}

/**
 * Methods by name, in the order asked for.
 * @throws {OptionError} for a name that is none, listing those that are.
 */
export function findMethods(names: readonly string[], option: string): MethodInfo[] {
  return names.map((name) => {
    if (Object.hasOwn(registry, name)) return registry[name]!
    throw new OptionError(option, `no method '${name}'; there are ${Object.keys(registry).join(', ')}`)
  })
}

/** A value of a method's option, as run.json keeps it. */
export type Setting = number | string

/**
 * A method's options from the texts of a command line, with its defaults filled in.
 * @throws {OptionError} for an option that the method does not have, or a value that does not fit.
 */
export function methodSettings(
  method: MethodInfo,
  given: Readonly<Record<string, string | number>>,
  option: string,
): Record<string, Setting> {
  return naming(option, () => {
    const typed = Object.entries(given).map(([name, value]) => {
      const spec = Object.hasOwn(method.options, name) ? method.options[name] : undefined
      if (spec?.kind === 'object') throw new OptionError(name, 'cannot be set from the command line')
      const numeric = spec?.kind === 'number' || spec?.kind === 'integer'
      return [name, numeric ? Number(value) : value] as const
    })
    const filled = fillOptions(method.name, method.options, Object.fromEntries(typed))
    return Object.fromEntries(
      Object.entries(filled).filter((entry): entry is [string, Setting] => entry[1] !== undefined),
    )
  })
}

/**
 * The operator of a description such as `inpaint:box=14` for pictures of a shape.
 * @throws {OptionError} naming what does not fit.
 */
export const buildOperator = (spec: string, shape: Shape, option: string): ImageOperator =>
  naming(option, () => operatorFromSpec(spec, shape))

/**
 * Makes sure, before any work, that a method can solve a problem with a prior.
 * @throws {OptionError} naming what the method lacks.
 */
export const checkFits = (method: MethodInfo, problem: Problem, prior: Prior, option: string): void =>
  naming(option, () => checkFit(method, problem, prior))

const listOptions = (options: Readonly<Record<string, MethodOptionSpec>>) =>
  Object.entries(options)
    .filter(([, spec]) => spec.kind !== 'object')
    .map(([name, spec]) => ({ name, ...spec }))

const inWords: Readonly<Record<string, string>> = {
  denoiserVjp: 'denoiser gradient',
  operatorVjp: 'operator gradient',
  svd: 'SVD',
  pinv: 'pseudo-inverse',
  sigma: 'σ_y',
}

/** The methods as plain data. */
export const listMethods = () =>
  Object.entries(registry).map(([name, { title, family, paper, needs, supports, options }]) => ({
    name,
    title,
    family,
    paper,
    needs: Object.entries(needs)
      .filter(([, needed]) => needed)
      .map(([need]) => inWords[need] ?? need),
    supports: [
      ...(supports.linear ? ['linear'] : []),
      ...(supports.nonlinear ? ['nonlinear'] : []),
      ...supports.noise.map((noise) => `${noise} noise`),
    ],
    options: listOptions(options),
  }))

/** The operators as plain data. */
export const listOperators = () =>
  Object.entries(operators).map(([name, entry]: [string, OperatorEntry]) => ({
    name,
    summary: entry.summary,
    example: entry.example,
    positional: entry.positional,
    options: Object.entries(entry.options).map(([key, { summary, range, default: fallback }]) => ({
      name: key,
      summary,
      range,
      default: fallback,
    })),
  }))
