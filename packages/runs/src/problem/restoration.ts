import type { WeightType } from '@tweedie/unet'

/** A network laid over a picture: all that makes the same prior again. */
export interface LaidOver {
  /** The prior as it was asked for. */
  readonly prior: string
  /** [C, H, W] of the picture. */
  readonly shape: readonly number[]
  /** [height, width] of what the network was given at once. */
  readonly window: readonly [height: number, width: number]
  readonly overlap: number
}

/** A classifier of noisy pictures that guides the prior. */
export interface ClassifierChoice {
  /** Its weights, as guided-diffusion saves them. */
  readonly file: string
  /** A class 0, 1, … */
  readonly label: number
  /** The factor of ∇ log p(class | x_t). */
  readonly scale: number
}

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
  readonly classifier?: ClassifierChoice | undefined
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
  /** What is done where the network cannot take the sides of a picture: it is continued by reflection, or cropped. */
  readonly fit?: 'pad' | 'crop' | undefined
  /** What is done where the prior has other channels than the picture: the picture is converted, or the prior adapted. */
  readonly channels?: 'convert' | 'keep' | undefined
  /** Side of the windows that the network is given, where it is not given the whole picture. */
  readonly tile?: number | undefined
  /** Pixels that neighbouring windows share. */
  readonly overlap?: number | undefined
  /** Bits of a sample of the PNGs that are written. */
  readonly depth?: 8 | 16 | undefined
  /** How the network was laid over the picture, once that is settled. */
  readonly laid?: LaidOver | undefined
  /** Where to compute. */
  readonly device: string
}
