import { digitSettings } from '@tweedie/calibration'
import type { AnyMethod, Described, Info, Prior } from '@tweedie/solvers'
import { formatSpec, noiseFromSpec, noises, operatorFromSpec, operators, splitSpec } from '@tweedie/solvers'
import { scope, TweedieError } from '@tweedie/tensor'
import type { MethodEntry, OptionEntry } from '../../../worker/methods.ts'
import { methodEntries, optionEntries } from '../../../worker/methods.ts'
import { side } from '../pixels.ts'
import type { DigitsProblem } from './problem.ts'
import { operatorOf } from './problem.ts'

/** An operator or a law of noise, as a picker shows it. */
export interface KindEntry {
  readonly name: string
  readonly summary: string
  /** `name:key=value,…` that it begins with. */
  readonly suggested: string
  /** Why it is not for digits. */
  readonly unfit?: string
  readonly options: readonly OptionEntry[]
}

interface Kind extends Described {
  readonly info: Info & { readonly summary: string }
}

/** The kinds of a catalog with their examples; `make` throws where one does not fit. */
const kindEntries = (kind: string, entries: Iterable<Kind>, make: (text: string) => void): KindEntry[] =>
  [...entries].map(({ info }) => {
    const { name, summary, example = name, options } = info
    const suggested = formatSpec(name, splitSpec(kind, example, info).settings)
    const unfit = reasonOf(() => make(suggested))
    return {
      name,
      summary,
      suggested,
      ...(unfit !== undefined && { unfit }),
      options: optionEntries(options),
    }
  })

function reasonOf(work: () => void): string | undefined {
  try {
    work()
  } catch (error) {
    if (error instanceof TweedieError) return error.message
    throw error
  }
  return undefined
}

/** Every operator of the registry, for pictures of a shape; of a digit where left out. */
export const operatorEntries = (shape: readonly number[] = [1, side, side]): KindEntry[] =>
  kindEntries('operator', operators, (text) => void operatorFromSpec(text, shape))

/** Every law of noise. */
export const noiseEntries = (): KindEntry[] =>
  kindEntries('noise', noises, (text) => void noiseFromSpec(text))

/** Steps that nobody waits for too long: on a digit, and on a photograph of many times its pixels. */
const mostSteps = { digit: 100, photo: 20 } as const

/** A method with settings that restore digits, or the ones of its own for other pictures; in few steps. */
export function suggestedMethod(
  { info: { name, options } }: AnyMethod,
  of: keyof typeof mostSteps = 'digit',
): string {
  const own = options['steps']?.default
  const steps = typeof own === 'number' && own > mostSteps[of] ? { steps: mostSteps[of] } : {}
  return formatSpec(name, { ...steps, ...(of === 'digit' ? digitSettings[name] : {}) })
}

/** Every method of the registry, with what a problem lacks for it. @throws {OptionError} for words that are wrong. */
export const methodsFor = (
  problem: Pick<DigitsProblem, 'operator' | 'mask' | 'noise' | 'photo'>,
  prior: Prior,
): MethodEntry[] =>
  scope(() =>
    methodEntries({ operator: operatorOf(problem), noise: noiseFromSpec(problem.noise) }, prior, {
      begin: (method) => suggestedMethod(method, problem.photo === undefined ? 'digit' : 'photo'),
    }),
  )
