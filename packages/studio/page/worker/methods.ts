import { smallSettings } from '@tweedie/calibration'
import { methodFacts } from '@tweedie/runs'
import type { AnyMethod, Control, OptionSpec, Prior, Problem } from '@tweedie/solvers'
import { formatSpec, formatValue, lackOf, methods, presetsOf } from '@tweedie/solvers'

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

/** Options that a page sets itself, or that no text stands for. */
const notShown = new Set(['seed', 'firstSample', 'resume'])

function entryOf(method: AnyMethod, name: string, spec: OptionSpec<unknown>): OptionEntry {
  const { doc, range, control } = spec
  const sources = presetsOf(method).flatMap(({ name: preset, settings, from }) =>
    Object.hasOwn(settings, name) ? [`${formatValue(settings[name])} in '${preset}': ${from}`] : [],
  )
  const otherwise = 'default' in spec ? formatValue(spec.default) : (spec.otherwise ?? 'none')
  return { name, doc, range, control, otherwise, sources: sources.slice(0, 3) }
}

function paperOf({ info: { paper } }: AnyMethod): string {
  if (paper === undefined) return ''
  const where = paper.arxiv === undefined ? (paper.url ?? '') : `arXiv ${paper.arxiv}`
  return [paper.authors, where, paper.algorithm].filter((part) => part !== '').join(', ')
}

/** Whether a method moves weighted particles for each of its samples: it shows them in its steps. */
const hasPopulation = ({ info }: AnyMethod): boolean =>
  'particles' in info.options && 'resampler' in info.options

/** What suits a problem of a few numbers: settings that are known to, and no more than 100 steps. */
export function suggestedFor({ info }: AnyMethod): string {
  const settings = { ...smallSettings[info.name]?.settings }
  const steps = info.options['steps']?.default
  const many = typeof steps === 'number' && steps > 100 && !Object.hasOwn(settings, 'steps')
  return formatSpec(info.name, many ? { steps: 100, ...settings } : settings)
}

/** Every method of the registry, with what a problem and a prior lack for it. */
export function methodEntries(
  problem: Pick<Problem, 'operator' | 'noise'>,
  prior: Prior,
  suggest: (method: AnyMethod) => string = ({ info }) => info.name,
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
      suggested: suggest(method),
      options: Object.entries(info.options)
        .filter(
          ([name, { control }]) =>
            !notShown.has(name) && control.kind !== 'object' && control.kind !== 'array',
        )
        .map(([name, spec]) => entryOf(method, name, spec)),
    }
  })
}
