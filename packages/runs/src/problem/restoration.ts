import type { WeightType } from '@tweedie/unet'

/** A restoration as it is asked for: the words and numbers that a command line, a form or a saved run holds. */
export interface Restoration {
  readonly method: string
  /** A preset of the method, such as `dps/ffhq-sr4`: its settings hold where no other are given. */
  readonly preset?: string | undefined
  /** Such as `inpaint:box=14`. */
  readonly operator: string
  /** σ_y in units of the data range [−1, 1], or a law of the noise in words. */
  readonly noise: number | string
  readonly prior: string
  /** What the weights of a prior from files are kept as in memory; float32 where it is left out. */
  readonly weights?: WeightType | undefined
  /** Steps of the method; its own default where they are left out. */
  readonly steps?: number | undefined
  /** How many restorations are drawn for the one measurement. */
  readonly samples: number
  /** Seed of the measurement's noise and of the method. */
  readonly seed: number
  /** Options of the method. */
  readonly set?: Readonly<Record<string, string>> | undefined
  /** Whether what is given is the measurement itself, not the truth. */
  readonly measured?: boolean | undefined
  /** Where to compute. */
  readonly device: string
}
