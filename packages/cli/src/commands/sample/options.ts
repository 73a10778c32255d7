import type { PriorChoices } from '@tweedie/runs/node'
import type { Limit, PipelineGrid, PipelineVariance, Spacing } from '@tweedie/solvers'
import type { WeightType } from '@tweedie/unet'
import type { ClassifierFlags } from '../../classifier.ts'
import type { DeviceOptions } from '../../device.ts'

/** The options of `tweedie sample`, defaults filled in. */
export interface SampleOptions extends PriorChoices, ClassifierFlags, DeviceOptions {
  readonly out: string
  readonly prior: string
  /** Which weights of the prior's file. */
  readonly key?: string | undefined
  /** What the weights of its network are kept as. */
  readonly weights?: WeightType | undefined
  readonly guidance?: number
  readonly n: number
  /** Such as `ddpm` or `heun:churn=40`. */
  readonly sampler: string
  /** Left out: as the prior's pipeline does, or linspace. */
  readonly spacing?: Spacing
  readonly stepsOffset?: number
  readonly lastStep?: PipelineGrid['last']
  readonly variance?: PipelineVariance
  readonly clip?: Limit | 'none'
  readonly eta?: number
  readonly steps: number
  readonly seed: number
  readonly json?: boolean
}
