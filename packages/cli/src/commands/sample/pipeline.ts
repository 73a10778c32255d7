import type { PipelineGrid, PipelineOptions, Prior, Spacing } from '@tweedie/solvers'
import { withLimit } from '@tweedie/solvers'
import { OptionError } from '@tweedie/tensor'
import { naming } from '../../resolve.ts'
import type { SampleOptions } from './options.ts'

type GridSpacing = PipelineGrid['spacing']
const spacings: readonly GridSpacing[] = ['leading', 'trailing', 'linspace']
const isGridSpacing = (spacing: Spacing): spacing is GridSpacing =>
  (spacings as readonly Spacing[]).includes(spacing)

/** How the pipeline of a prior samples, with what the options change of it. */
export interface ChosenPipeline {
  readonly grid: PipelineGrid
  /** The sampler of diffusers with its settings; undefined for one of ours, which takes the times alone. */
  readonly own?: Required<Pick<PipelineOptions, 'sampler' | 'eta' | 'variance'>>
}

/**
 * How the pipeline that a prior came with samples by the options of a command line; undefined for a prior without one, and
 * for times that no pipeline has.
 * @throws {OptionError} for an option that then changes nothing.
 */
export function chosenPipeline(prior: Prior, options: SampleOptions): ChosenPipeline | undefined {
  const { spacing, stepsOffset: offset, lastStep: last, variance, sampler, eta } = options
  const { pipeline } = prior
  const unused = (option: string, value: unknown, why: string) => {
    if (value !== undefined) throw new OptionError(option, why)
  }
  if (pipeline === undefined || (spacing !== undefined && !isGridSpacing(spacing))) {
    const why =
      pipeline === undefined
        ? `is for a prior that came with a pipeline; '${prior.name}' did not`
        : `is for times of a pipeline: ${spacings.join(', ')}`
    unused('--steps-offset', offset, why)
    unused('--last-step', last, why)
    unused('--variance', variance, why)
    return undefined
  }
  const grid = {
    spacing: spacing ?? pipeline.grid.spacing,
    offset: offset ?? pipeline.grid.offset,
    last: last ?? pipeline.grid.last,
  }
  if (grid.spacing !== 'leading') unused('--steps-offset', offset, `is for 'leading' times`)
  const by = sampler === 'ddpm' && eta === undefined ? 'ddpm' : 'ddim'
  const theirs = sampler === 'ddpm' || sampler === 'ddim'
  if (!theirs || by !== 'ddim') unused('--last-step', last, 'is for --sampler ddim')
  if (!theirs || by !== 'ddpm') unused('--variance', variance, 'is for --sampler ddpm without --eta')
  if (!theirs) return { grid }
  const ofDdim = { sampler: by, eta: eta ?? 0, variance: pipeline.variance } as const
  return {
    grid,
    own: by === 'ddim' ? ofDdim : { ...ofDdim, eta: 1, variance: variance ?? pipeline.variance },
  }
}

/** What is told of a run at the times of a pipeline. */
export function pipelineFacts({ grid, own }: ChosenPipeline): Readonly<Record<string, unknown>> {
  return {
    ...(grid.spacing === 'leading' && { stepsOffset: grid.offset }),
    ...(own?.sampler === 'ddim' && { sampler: own.sampler, lastStep: grid.last }),
    ...(own?.sampler === 'ddpm' && { sampler: own.sampler, variance: own.variance }),
  }
}

/** The prior with x̂₀ kept to the range that is asked for. @throws {OptionError} where it came without a pipeline. */
export const clippedPrior = (prior: Prior, clip: SampleOptions['clip']): Prior | Promise<Prior> =>
  clip === undefined
    ? prior
    : naming('--clip', 'limit', () => withLimit(prior, clip === 'none' ? undefined : clip))
