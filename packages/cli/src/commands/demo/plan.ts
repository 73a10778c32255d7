/** What `tweedie demo` does when nothing else is asked for, as plain data. */

/** Options of methods, by method. */
type Settings = Readonly<Record<string, Readonly<Record<string, number | string>>>>

/** Standard deviation of the measurement noise, in units of the data range [−1, 1]. */
export const demoNoise = 0.05

export interface DemoTask {
  readonly title: string
  readonly operator: string
  /** What differs from {@link demoMethods} for this task. */
  readonly settings?: Settings
}

/** The inverse problems by their name in `--tasks`. */
export const demoTasks: Readonly<Record<string, DemoTask>> = {
  inpaint: { title: 'Box inpainting', operator: 'inpaint:box=14' },
  sr: { title: '×4 super-resolution', operator: 'sr:4' },
  blur: {
    title: 'Gaussian deblurring',
    operator: 'blur:size=9,std=1.5',
    // The pseudo-inverse of a blur is mostly amplified noise: no place to start from.
    settings: { 'red-diff': { init: 'adjoint' }, ddrm: { eta: 0.85 } },
  },
}

/**
 * The methods, with the options that the demo gives them; all others are the methods' own defaults. They were
 * chosen so that the residual ends near that of the noise (misfit 1) and all tasks together stay within three
 * minutes on two slow cores: fewer steps than in the papers, so DPS needs a larger ζ, and DDRM gains from
 * fresh noise (η = 1) where the measurement says nothing.
 */
export const demoMethods: Settings = {
  dps: { steps: 150, scale: 1.2 },
  ddrm: { steps: 100, eta: 1 },
  'red-diff': { steps: 200 },
}
