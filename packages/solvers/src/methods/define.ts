import type { Key, Shape, Tensor } from '@tweedie/tensor'
import { TweedieError } from '@tweedie/tensor'
import type { Guidance } from '../guidance/guided.ts'
import { keepingNoise } from '../guidance/guided.ts'
import type { Described, Filled, Given, Info, Settings, Specs } from '../options/index.ts'
import { fillSettings } from '../options/index.ts'
import type { Recurrence, SampleNumbers, Shows } from '../run/drive.ts'
import { iterate } from '../run/drive.ts'
import type { RunSpecs } from '../run/options.ts'
import { runSpecs } from '../run/options.ts'
import { noiseStreams } from '../run/streams.ts'
import type { Reverse } from '../samplers/ancestral.ts'
import { reverseBy } from '../samplers/ancestral.ts'
import type { Kernel } from '../samplers/kernel.ts'
import { noisedTo } from '../samplers/kernel.ts'
import type { Spacing } from '../schedules/respace.ts'
import { requireFiniteLevel, respace } from '../schedules/respace.ts'
import type { PathStep } from '../schedules/time-travel.ts'
import type { Fitted, GuidedStep, Need, Prior, Problem, Schedule, StateTree, Time } from '../types.ts'
import type { CommonNeed, NeedRule, WordOf } from './fit.ts'
import { checkFit, rulesOf } from './fit.ts'
import type { Cost, Preset } from './preset.ts'

/** All there is to know of a method. */
export interface MethodInfo<S extends Specs = Specs> extends Info {
  /** As in the literature. */
  readonly title: string
  /** The family of the survey arXiv 2410.00083. */
  readonly family: 'explicit' | 'variational' | 'csgm' | 'exact' | 'latent'
  /** Absent where there is none, as for one that is being tried. */
  readonly paper?: {
    readonly arxiv?: string
    /** Where it is, if not on arXiv, such as `openreview.net/forum?id=…`. */
    readonly url?: string
    readonly algorithm: string
    readonly authors: string
  }
  readonly needs: readonly Need[]
  /** The same, as what they ask of a problem. */
  readonly rules: readonly NeedRule[]
  /** When it fails or misleads, in a sentence or two. */
  readonly limits?: string
  /** What a step costs beside one call of the denoiser and what follows from its needs: `costOf` says all. */
  readonly cost: readonly Cost[]
  /** Settings for tasks, each with its source, that it was defined with; `presetsOf` knows those of this package too. */
  readonly presets: readonly Preset[]
  /** Its own and those of every run. */
  readonly options: S
  /**
   * What there is to say of settings before a run, such as a scale outside what was tried; nothing where all is well. It
   * refuses nothing and changes nothing.
   */
  advice(settings: Settings): readonly string[]
  /**
   * Calls of the denoiser (a batch counts once) in a run.
   * @param steps - Those of the run (`Step.steps`): a grid may take more or fewer than the option asks for.
   * @param settings - Options of the run, where its cost depends on them; defaults where left out.
   */
  evaluations(steps: number, settings?: Settings): number
  /**
   * Of a method for operators that can only be run: measurements of one sample in a run, by the method's own options, all of
   * them; `queriesOf` fills in the defaults.
   */
  queries?(steps: number, options: Settings): number
}

/** A method in a list, for options that are known at run time. */
export interface AnyMethod extends Described {
  readonly info: MethodInfo
  /** @throws {UnfitError | ShapeError | OptionError} before any work. */
  run(problem: Problem, prior: Prior, options?: Settings): AsyncGenerator<GuidedStep, Tensor>
}

/**
 * A method. Called with a problem it yields each step and returns the restoration [N, …shape], which the caller
 * owns; `info` describes it.
 */
export interface Method<S extends Specs = Specs, Shown extends GuidedStep = GuidedStep> extends AnyMethod {
  (problem: Problem, prior: Prior, options?: Given<S>): AsyncGenerator<Shown, Tensor>
  readonly info: MethodInfo<S>
  run(problem: Problem, prior: Prior, options?: Settings): AsyncGenerator<Shown, Tensor>
}

/** The options of a method, as a caller gives them. */
export type OptionsOf<M> = M extends Method<infer S, infer _> ? Given<S> : never
/** What a step of a method shows. */
export type StepOf<M> = M extends Method<infer _, infer Shown> ? Shown : never

/** What a method gets to plan a run with: everything checked and filled in. */
export interface Run<S extends Specs, N extends Need> {
  /** With what the method needs in its type. */
  readonly problem: Fitted<N>
  readonly prior: Prior
  /** The method's own options. */
  readonly options: Filled<S>
  /** The reverse steps, from noisy to clean, or the path that the method makes of them ({@link MethodSpec.path}). */
  readonly times: readonly PathStep[]
  /** The time of x_T, that of the first step. */
  readonly start: Time
  /** z ~ N(0, I) for step i and a purpose, [N, …shape]: a batch of samples, or of another shape where one is given. */
  z(i: number, purpose: string, shape?: Shape): Tensor
  /** A key for each sample, for step i and a purpose: for draws of another law, or of many numbers one after another. */
  keys(i: number, purpose: string): readonly Key[]
  /** x_T = σ_T·z. */
  noise(): Tensor
}

type Shown = { readonly x0hat: Tensor }
type Residual = { readonly residual: Tensor }

/** What {@link defineMethod} makes a method of. */
export interface MethodSpec<
  N extends CommonNeed | NeedRule,
  S extends Specs,
  X extends StateTree,
  T extends Shown,
  R extends SampleNumbers & Residual,
> extends Pick<MethodInfo, 'name' | 'title' | 'family' | 'paper' | 'example' | 'limits'> {
  /** Each a word, or, of a rare one, its rule: `needsOrthonormal`, `needsInverse`, `needsBlind`, `needsBlindSvd`. */
  readonly needs: readonly N[]
  /** {@link MethodInfo.cost}: 'vjp' follows from `denoiserVjp`, 'svd' from `svd` or `pinv`. */
  readonly cost?: readonly Cost[]
  readonly presets?: readonly Preset[]
  /** Its number of steps and its grid, where a caller says nothing. */
  readonly steps: number
  readonly spacing: Spacing
  /** Its own options. */
  readonly options: S
  /** {@link MethodInfo.evaluations}; one a step where left out. */
  evaluations?(steps: number, options: Filled<S>): number
  /** {@link MethodInfo.queries}. */
  queries?(steps: number, options: Filled<S>): number
  /** The grid of a run, in place of `respace`: where steps are no times, such as iterations, or lie between its indices. There may be any number. */
  grid?(schedule: Schedule, steps: number, spacing: Spacing): readonly PathStep[]
  /**
   * The steps of a run from those of its grid, where they are others: times gone through more than once, by
   * `travelPath` (the plan is then {@link travelling}, or goes up itself), or a grid of the method's own, which may follow
   * from the problem.
   */
  path?(
    times: readonly PathStep[],
    options: Filled<S>,
    schedule: Schedule,
    problem: Fitted<WordOf<N>>,
  ): readonly PathStep[]
  /**
   * Whether it divides by α_t, with these options: a grid that begins where α_t = 0, as a flow's can, is then refused. Left out,
   * it takes any.
   */
  finite?(options: Filled<S>): boolean
  /** {@link MethodInfo.advice}, of its own options. */
  advice?(options: Filled<S>, steps: number): readonly string[]
  /** The run as two functions; what is worked out once for all steps, or refused, comes before them. */
  plan(run: Run<S, WordOf<N>>): Recurrence<X, T, R>
}

/**
 * A method from its description, its options and its plan. Checks, defaults, times, randomness and the loop are the
 * same for all methods.
 *
 * @throws {TweedieError} where an option has the name of one that every run has.
 * @example
 * ```ts
 * import { ddim, defineMethod, gaussianNoise, gaussianPrior, guidedPlan, matrixOperator, number, run, sampleNorms } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * // The projected estimate x̂₀ + A⁺(y − A x̂₀) in place of x̂₀.
 * const project = defineMethod({
 *   name: 'project', title: 'Projection', family: 'explicit',
 *   paper: { arxiv: '2212.00490', algorithm: 'Algorithm 1', authors: 'Wang et al. 2022' },
 *   needs: ['pinv'], steps: 50, spacing: 'leading',
 *   options: { eta: number('η of the reverse step', { default: 0.85, min: 0, max: 1 }) },
 *   plan: (run) => guidedPlan(run, ddim(run.options.eta), {
 *     through: false,
 *     at: ({ x0hat }) => {
 *       const { operator, y } = run.problem
 *       const r = y.sub(operator.forward(x0hat))
 *       return { x0: x0hat.add(operator.pinv(r)), residual: sampleNorms(r) }
 *     },
 *   }),
 * })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0), y: tensor([[1]]) }
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const x = await run(project(problem, prior, { eta: 0.5 }))
 * x.dataSync()[0] // ≈ 1.0000
 * project.info.options.eta.range // => 'a number from 0 to 1'
 * ```
 */
export function defineMethod<
  const N extends CommonNeed | NeedRule,
  S extends Specs,
  X extends StateTree,
  T extends Shown,
  R extends SampleNumbers & Residual,
>(spec: MethodSpec<N, S, X, T, R>): Method<RunSpecs & S, Shows<T, R>>
export function defineMethod(
  spec: MethodSpec<CommonNeed | NeedRule, Specs, StateTree, Shown, SampleNumbers & Residual>,
): AnyMethod {
  const { steps, spacing, evaluations, grid = respace, path, plan, cost = [], presets = [], ...rest } = spec
  const { advice, finite, ...facts } = rest
  const { name } = facts
  const rules = rulesOf(spec.needs)
  const needs = rules.map(({ need }) => need)
  const common = runSpecs(steps, spacing)
  const taken = Object.keys(spec.options).find((option) => Object.hasOwn(common, option))
  if (taken !== undefined) throw new TweedieError(`${name}: every run has an option '${taken}' already`)
  const options = { ...common, ...spec.options }
  /** Checked settings with all defaults: the method's own, and those that every run has. */
  const filled = (given: Settings) => {
    const all = fillSettings(name, options, given)
    return { own: pick(all, spec.options), every: fillSettings(name, common, pick(all, common)) }
  }
  const info: MethodInfo = {
    ...facts,
    needs,
    rules,
    cost,
    presets,
    options,
    evaluations: (steps, settings = {}) => evaluations?.(steps, filled(settings).own) ?? steps,
    advice: (settings) => {
      const { own, every } = filled(settings)
      return advice?.(own, every.steps) ?? []
    },
  }
  for (const preset of presets) fillSettings(`${name}/${preset.name}`, options, preset.settings)

  function run(asked: Problem, prior: Prior, given: Settings = {}) {
    const problem = rules.reduce((seen, rule) => rule.shows?.(seen) ?? seen, asked)
    checkFit(info, problem, prior)
    const { own, every } = filled(given)
    const { steps, spacing, resume, seed, firstSample } = every
    const { y } = problem
    const through = grid(prior.schedule, steps, spacing)
    const times = path?.(through, own, prior.schedule, problem) ?? through
    if (finite?.(own) === true) requireFiniteLevel(prior.schedule, times[0]?.t, 'spacing', name)
    const streams = noiseStreams({
      seed,
      firstSample,
      count: y.shape[0] ?? 0,
      dtype: y.dtype,
      device: y.device,
    })
    const z = (i: number, purpose: string, shape = prior.shape) => streams.normal(i, purpose, shape)
    const keys = streams.keysOf
    const start = times[0]?.t ?? prior.schedule.noisiest
    const noise = () => z(0, 'start').mul(prior.schedule.sigma(start))
    return iterate({
      name,
      y,
      times,
      resume,
      ...plan({ problem, prior, options: own, times, start, z, keys, noise }),
    })
  }
  return Object.assign(run, { info, run })
}

/** The settings that are options of `specs`. */
const pick = (settings: Settings, specs: Specs): Settings =>
  Object.fromEntries(Object.keys(specs).map((name) => [name, settings[name]]))

/** A recurrence as it is; lets the compiler learn the state from `start` before it reads `step`. */
export const stepping = <X extends StateTree, T extends Shown, R extends SampleNumbers>(
  recurrence: Recurrence<X, T, R>,
): Recurrence<X, T, R> => recurrence

/** A plan along a path that travels (`travelPath`): where a step begins with a way up, x is noised up to t before it. */
export const travelling = <X extends StateTree, T extends Shown, R extends SampleNumbers>(
  { prior, z }: Pick<Run<Specs, never>, 'prior' | 'z'>,
  plan: Recurrence<X, T, R>,
): Recurrence<X, T, R> => ({
  ...plan,
  step: (state, at, i) => {
    const x = noisedTo(state.x, at, () => z(i, 'up'), prior.schedule)
    return plan.step({ ...state, x }, { t: at.t, s: at.s }, i)
  },
})

/** What a {@link guidedPlan} shows. */
export interface GuidedShown extends Shown {
  /** What the measurement did to the step, like x: see {@link Guided.guidance}. */
  readonly guidance: Tensor
}

/**
 * The plan of most explicit methods: from x_T = σ_T·z, look at the prior, let the measurement guide, step.
 *
 *     x_s = kernel(x_t, x₀, z) + shift,     (x₀, shift) = guidance(x_t, x̂₀)
 *
 * Where the guidance keeps the noise, the ε of the step is that of x̂₀, else that of x₀. Along a path that goes up as well it
 * is to be {@link travelling}.
 *
 * @param steps - A kernel, or reverse steps that look at the prior by themselves (`ancestralReverse`).
 * @throws {TweedieError} in a step that begins with a way up.
 */
export const guidedPlan = (
  { prior, noise, z }: Pick<Run<Specs, never>, 'prior' | 'noise' | 'z'>,
  steps: Kernel | Reverse,
  guidance: Guidance,
): Recurrence<{ readonly x: Tensor }, GuidedShown, Residual> => ({
  start: () => ({ x: noise() }),
  step: ({ x }, { t, s, from: below }, i) => {
    if (below !== undefined) throw new TweedieError('a guided plan goes down alone: take it `travelling`')
    const reverse = typeof steps === 'function' ? reverseBy(prior, steps) : steps
    const look = reverse.look(x, t, guidance.through)
    const {
      x0,
      shift,
      residual,
      guidance: shown,
    } = guidance.at(look, {
      i,
      s,
      z: (purpose, shape) => z(i, purpose, shape),
    })
    const from = guidance.keepsNoise === true ? keepingNoise(look, x0) : x
    const next = reverse.kernel(look)(from, x0, () => z(i, 'step'), { t, s, schedule: prior.schedule })
    return {
      state: { x: shift === undefined ? next : next.add(shift) },
      shown: { x0hat: look.x0hat, guidance: shown ?? shift ?? x0.sub(look.x0hat) },
      numbers: { residual },
    }
  },
})
