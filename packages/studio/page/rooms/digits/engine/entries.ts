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

/** Every operator of the registry. */
export const operatorEntries = (): KindEntry[] =>
  kindEntries('operator', operators, (text) => void operatorFromSpec(text, [1, side, side]))

/** Every law of noise. */
export const noiseEntries = (): KindEntry[] =>
  kindEntries('noise', noises, (text) => void noiseFromSpec(text))

/** Steps that nobody waits for too long. */
const mostSteps = 100

/** A method with settings that restore digits, in few steps. */
export function suggestedMethod({ info: { name, options } }: AnyMethod): string {
  const own = options['steps']?.default
  const steps = typeof own === 'number' && own > mostSteps ? { steps: mostSteps } : {}
  return formatSpec(name, { ...steps, ...digitSettings[name] })
}

/** Every method of the registry, with what a problem on digits lacks for it. @throws {OptionError} for words that are wrong. */
export const methodsFor = (
  problem: Pick<DigitsProblem, 'operator' | 'mask' | 'noise'>,
  prior: Prior,
): MethodEntry[] =>
  scope(() =>
    methodEntries({ operator: operatorOf(problem), noise: noiseFromSpec(problem.noise) }, prior, {
      begin: suggestedMethod,
    }),
  )
