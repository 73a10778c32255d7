import { methodFacts } from '@tweedie/runs'
import type { AnyMethod, Control, OptionSpec, Prior, Problem, Settings, Specs } from '@tweedie/solvers'
import { formatValue, lackOf, methods, presetsOf } from '@tweedie/solvers'

/** An option as a control shows it. */
export interface OptionEntry {
  readonly name: string
  readonly doc: string
  /** What fits, in words. */
  readonly range: string
  readonly control: Control
  /** What holds where it is left out, as text. */
  readonly otherwise: string
  /** Who has which value, and where that is written. */
  readonly sources: readonly string[]
}

/** A method as a picker shows it. */
export interface MethodEntry {
  readonly name: string
  readonly title: string
  readonly family: string
  readonly paper: string
  readonly limits: string
  /** Its cost in letters. */
  readonly cost: string
  /** Why it cannot take the problem; undefined where it can. */
  readonly unfit?: string
  /** Whether it moves weighted particles for each sample. */
  readonly population: boolean
  /** `name:key=value,…` with what suits the room over the method's own defaults. */
  readonly suggested: string
  readonly options: readonly OptionEntry[]
}

/** Options of methods that a page sets itself. */
const notShown = new Set(['seed', 'firstSample', 'resume'])

const isShown = ([name, { control }]: [string, OptionSpec<unknown>]): boolean =>
  !notShown.has(name) && control.kind !== 'object' && control.kind !== 'array'

/**
 * Options as controls show them, but for those that no text stands for.
 * @param standing - Settings that are taken for defaults.
 * @param sources - Who has which value of an option.
 */
export const optionEntries = (
  specs: Specs,
  standing: Settings = {},
  sources: (name: string) => readonly string[] = () => [],
): OptionEntry[] =>
  Object.entries(specs)
    .filter(isShown)
    .map(([name, spec]) => {
      const { doc, range, control } = spec
      const stands = standing[name] ?? spec.default
      const otherwise = stands === undefined ? (spec.otherwise ?? 'none') : formatValue(stands)
      return { name, doc, range, control, otherwise, sources: sources(name) }
    })

/** Presets that have a value of an option. */
const sourcesIn = (method: AnyMethod) => (name: string) =>
  presetsOf(method)
    .flatMap(({ name: preset, settings, from }) =>
      Object.hasOwn(settings, name) ? [`${formatValue(settings[name])} in '${preset}': ${from}`] : [],
    )
    .slice(0, 3)

function paperOf({ info: { paper } }: AnyMethod): string {
  if (paper === undefined) return ''
  const where = paper.arxiv === undefined ? (paper.url ?? '') : `arXiv ${paper.arxiv}`
  return [paper.authors, where, paper.algorithm].filter((part) => part !== '').join(', ')
}

/** Whether a method moves weighted particles for each of its samples: it shows them in its steps. */
const hasPopulation = ({ info }: AnyMethod): boolean =>
  'particles' in info.options && 'resampler' in info.options

/** What a room has to say of methods. */
export interface Suggestions {
  /** `name:key=value,…` that a method begins with when it is chosen; its name where left out. */
  readonly begin?: (method: AnyMethod) => string
  /** Settings that the room takes for a method's defaults. */
  readonly standing?: (method: AnyMethod) => Settings
}

/** Every method of the registry, with what a problem and a prior lack for it. */
export function methodEntries(
  problem: Pick<Problem, 'operator' | 'noise'>,
  prior: Prior,
  { begin = ({ info }) => info.name, standing = () => ({}) }: Suggestions = {},
): MethodEntry[] {
  return [...methods].map((method) => {
    const { info } = method
    const unfit = lackOf(info, problem, prior)?.why
    return {
      name: info.name,
      title: info.title,
      family: info.family,
      paper: paperOf(method),
      limits: info.limits ?? '',
      cost: methodFacts(info).cost,
      ...(unfit !== undefined && { unfit }),
      population: hasPopulation(method),
      suggested: begin(method),
      options: optionEntries(info.options, standing(method), sourcesIn(method)),
    }
  })
}
