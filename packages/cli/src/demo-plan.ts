/** What `tweedie demo` does when nothing else is asked for, as plain data. */

/** Standard deviation of the measurement noise, in units of the data range [−1, 1]. */
export const demoNoise = 0.05

export interface DemoTask {
  readonly title: string
  readonly operator: string
}

/** The inverse problems by their name in `--tasks`. */
export const demoTasks: Readonly<Record<string, DemoTask>> = {
  inpaint: { title: 'Box inpainting', operator: 'inpaint:box=14' },
  sr: { title: '×4 super-resolution', operator: 'sr:4' },
  blur: { title: 'Gaussian deblurring', operator: 'blur:size=9,std=1.5' },
}

/** The methods, with the options that the demo gives them. */
export const demoMethods: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  dps: { steps: 100 },
  ddrm: { steps: 20 },
  'red-diff': { steps: 100 },
}
