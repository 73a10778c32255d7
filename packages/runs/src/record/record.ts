/** A file that a run has read, so that it can be told apart from another of the same name. */
export interface InputRecord {
  /** As the user named it. */
  readonly file: string
  readonly bytes: number
  readonly sha256: string
}

/**
 * What a run leaves in run.json, as plain data: the report is drawn from it and from the pictures alone.
 * Numbers that are not finite are stored as null.
 */
export interface RunRecord {
  readonly tool: 'tweedie'
  /** Rises when a field changes its meaning. */
  readonly format: 1
  readonly command: string
  /** The command line as it was typed. */
  readonly argv: readonly string[]
  /** Every option, defaults filled in. */
  readonly options: Readonly<Record<string, unknown>>
  readonly seed: number
  readonly prior: { readonly name: string; readonly shape: readonly number[]; readonly schedule: string }
  readonly machine: Machine
  /** ISO 8601, UTC. */
  readonly started: string
  readonly seconds: number
  readonly samples: readonly string[]
  /** The files that the run read, with what tells them from others of the same name. */
  readonly inputs?: readonly InputRecord[]
  readonly tasks: readonly TaskRecord[]
  readonly notes: readonly string[]
  /** Every file of the folder, so that a later run knows what it may replace. */
  readonly files: readonly string[]
}

export interface Machine {
  readonly tweedie: string
  readonly node: string
  readonly platform: string
  readonly cpu: string
  readonly cores: number
  /** The device that computed, and what it says of itself. */
  readonly device: string
}

/** One inverse problem and what each method made of it. */
export interface TaskRecord {
  readonly title: string
  /** As given on the command line, such as `inpaint:box=14`. */
  readonly operator: string
  /** Standard deviation σ_y of Gaussian noise, in units of the data range [−1, 1]; absent for other laws. */
  readonly sigma?: number
  /** The law of the noise, such as `poisson:peak=30`; absent where σ_y says it all. */
  readonly noise?: string
  /** Numbers measured per sample, m. */
  readonly measured: number
  /** Its prior and samples, where a run has tasks of several kinds; those of the run elsewhere. */
  readonly prior?: RunRecord['prior']
  readonly samples?: readonly string[]
  /** The degraded picture that a method has to beat. */
  readonly input: {
    readonly from: 'measurement' | 'pseudo-inverse' | 'adjoint' | 'none'
    readonly scores: readonly Score[]
  }
  readonly runs: readonly MethodRecord[]
}

/**
 * The scores of one picture by the names of their metrics. Metrics that compare with the truth are left out where it
 * is not known. A record has `psnr` in dB for the range [−1, 1], `ssim`, `misfit`
 * ‖y − A(x)‖/(σ_y √m), and `unseen`, the part of the squared error that the operator cannot see.
 */
export type Score = Readonly<Record<string, number>>

/** How the residual of restorations compares with noise: no truth is needed for it. */
export interface ResidualCheck {
  /** χ² = ‖y − A(x)‖²/σ_y², a mean over the samples. */
  readonly chi2: number
  /** How many numbers were measured: what χ² of the truth is in the mean. */
  readonly measured: number
  /** Where χ² of the truth, and of a sample of the posterior, is in 95 of 100 measurements. */
  readonly low: number
  readonly high: number
  readonly verdict: 'too small' | 'as noise' | 'too large'
}

export interface MethodRecord {
  readonly method: string
  readonly options: Readonly<Record<string, unknown>>
  /** Calls of the prior's denoiser, a batch counting as one. */
  readonly nfe: number
  /** How many of them were also differentiated through. */
  readonly vjps: number
  readonly seconds: number
  /** The most bytes in tensors at once, above those before the run; absent where it did not finish. */
  readonly peakBytes?: number
  /** One per sample. */
  readonly scores: readonly Score[]
  /** Against what noise of σ_y leaves; absent where there is no such level. */
  readonly residual?: ResidualCheck
  /** Of the mean of the samples, where they are draws for one measurement. */
  readonly mean?: Score
  readonly trace: readonly TracePoint[]
  /** Set where the method did not finish. */
  readonly error?: string
}

/** One step: the scores of its denoised guess x̂₀, one number per sample. */
export interface TracePoint {
  readonly i: number
  readonly t: number
  /** ‖y − A(x̂₀)‖ */
  readonly residual: readonly number[]
  readonly psnr?: readonly number[] | undefined
}
