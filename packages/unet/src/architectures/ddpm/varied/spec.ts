import type { Shape } from '@tweedie/tensor'
import type { ParamSpec } from '../../../params.ts'
import { specOf } from '../plain-spec.ts'
import type { DdpmConfig } from '../types.ts'
import type { VariedLevel } from './plan.ts'
import { pyramidChannels, variedPlan } from './plan.ts'
import { variantOf } from './variant.ts'

/** Names and shapes of all parameters of any configuration. */
export function variedSpec(config: DdpmConfig): ParamSpec {
  const { timeEmbedding, timesteps, scaleShift, numClasses, classEmbedding } = variantOf(config)
  const plan = variedPlan(config)
  const base = config.blockOutChannels[0]!
  const { timeDim } = plan
  const timeInputs = timeEmbedding === 'fourier' ? 2 * base : base
  const spec: Record<string, Shape> = {
    ...specOf(config, plan),
    ...Object.assign({}, ...[...plan.down, ...plan.up].map(pyramidRows)),
    'time_embedding.linear_1.weight': [timeDim, timeInputs],
  }
  if (scaleShift) doubleTimeRows(spec)
  for (const { attention, attentionGroups } of plan.mid) {
    if (attention === undefined || attentionGroups !== null) continue
    delete spec[`${attention}.group_norm.weight`]
    delete spec[`${attention}.group_norm.bias`]
  }
  if (timeEmbedding === 'fourier') spec['time_proj.weight'] = [base]
  if (timeEmbedding === 'learned') spec['time_proj.weight'] = [timesteps ?? 0, base]
  if (numClasses !== null) spec['class_embedding.weight'] = [numClasses, timeDim]
  if (classEmbedding === 'timestep')
    Object.assign(
      spec,
      affine('class_embedding.linear_1', timeDim, timeInputs),
      affine('class_embedding.linear_2', timeDim, timeDim),
    )
  return spec
}

/** Each residual block is told a scale and a shift for each channel, in the place of a shift. */
function doubleTimeRows(spec: Record<string, Shape>): void {
  for (const [name, [rows = 0, ...rest]] of Object.entries(spec))
    if (name.includes('.time_emb_proj.')) spec[name] = [2 * rows, ...rest]
}

/** What joins the pyramid of images and a level of kind `skip`. */
function pyramidRows({ kind, ending, prefix, channels }: VariedLevel): ParamSpec {
  if (kind !== 'skip' || ending === undefined) return {}
  if (ending.change === 'fir-down') return affine(`${prefix}.skip_conv`, channels, pyramidChannels, 1, 1)
  return {
    ...affine(`${prefix}.skip_conv`, pyramidChannels, channels, 3, 3),
    ...affine(`${prefix}.skip_norm`, channels),
  }
}

const affine = (name: string, out: number, ...rest: readonly number[]): ParamSpec => ({
  [`${name}.weight`]: [out, ...rest],
  [`${name}.bias`]: [out],
})
