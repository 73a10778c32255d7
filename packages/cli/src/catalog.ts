import type { AnyMethod, OptionSpec, Prior, Problem, ShownOperator, Specs } from '@tweedie/solvers'
import {
  checkFit,
  fillSettings,
  methods,
  needRules,
  operatorFromSpec,
  operators,
  readSettings,
  takesNonlinear,
} from '@tweedie/solvers'
import { OptionError, type Shape } from '@tweedie/tensor'

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
export const findMethods = (names: readonly string[], option: string): AnyMethod[] =>
  naming(option, () => names.map((name) => methods.find(name)))

/** A value of a method's option, as run.json keeps it. */
export type Setting = number | string | readonly number[]

/**
 * A method's options from the texts of a command line, with its defaults filled in.
 * @throws {OptionError} for an option that the method does not have, or a value that does not fit.
 */
export function methodSettings(
  { info }: AnyMethod,
  given: Readonly<Record<string, string | number>>,
  option: string,
): Record<string, Setting> {
  return naming(option, () => {
    const filled = fillSettings(info.name, info.options, readSettings(info.name, info.options, given))
    return Object.fromEntries(
      Object.entries(filled).filter((entry): entry is [string, Setting] => entry[1] !== undefined),
    )
  })
}

/**
 * The operator of a description such as `inpaint:box=14` for pictures of a shape.
 * @throws {OptionError} naming what does not fit.
 */
export const buildOperator = (spec: string, shape: Shape, option: string): ShownOperator =>
  naming(option, () => operatorFromSpec(spec, shape))

/**
 * Makes sure, before any work, that a method can solve a problem with a prior.
 * @throws {OptionError} naming what the method lacks.
 */
export const checkFits = ({ info }: AnyMethod, problem: Problem, prior: Prior, option: string): void =>
  naming(option, () => checkFit(info, problem, prior))

const listOptions = (options: Specs) =>
  Object.entries(options)
    .filter(([, spec]) => spec.control.kind !== 'object')
    .map(([name, spec]) => ({
      name,
      doc: spec.doc,
      range: spec.range,
      default: spec.default ?? spec.otherwise,
    }))

/** The methods as plain data. */
export const listMethods = () =>
  Array.from(methods, ({ info: { name, title, family, paper, needs, options } }) => ({
    name,
    title,
    family,
    paper,
    needs: needs.map((need) => needRules[need].words),
    supports: [
      ...(takesNonlinear(needs) ? ['linear', 'nonlinear'] : ['linear']),
      needs.includes('sigma')
        ? 'Gaussian noise'
        : needs.includes('likelihood')
          ? 'noise of a known likelihood'
          : 'any noise',
    ],
    options: listOptions(options),
  }))

/** The operators as plain data. */
export const listOperators = () =>
  [...operators].map(({ info: { name, summary, example, positional, options } }) => ({
    name,
    summary,
    example,
    positional,
    options: Object.entries<OptionSpec<unknown>>(options)
      .filter(([, { control }]) => control.kind !== 'object')
      .map(([key, spec]) => ({
        name: key,
        summary: spec.doc,
        range: spec.range,
        default: spec.default ?? spec.otherwise,
      })),
  }))
