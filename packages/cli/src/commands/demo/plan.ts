/** What `tweedie demo` does when nothing else is asked for, as plain data. */
import type { Picture } from '@tweedie/runs'

/** A picture to be degraded and restored, with what it is called beside it. */
export interface LabelledPicture {
  readonly label: string
  readonly picture: Picture
}

/** Options of methods, by method. */
type Settings = Readonly<Record<string, Readonly<Record<string, number | string>>>>

export interface DemoTask {
  readonly title: string
  readonly operator: string
  /** What differs from {@link demoMethods} for this task. */
  readonly settings?: Settings
}

/** What the digits are put through, by the name in `--tasks`. */
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
 * The methods for digits, with the options that the demo gives them; all others are the methods' own defaults. They were
 * chosen so that the residual ends near that of the noise (misfit 1) and all tasks together stay within three
 * minutes on two slow cores: fewer steps than in the papers, so DPS needs a larger ζ, and DDRM gains from
 * fresh noise (η = 1) where the measurement says nothing.
 */
export const demoMethods: Settings = {
  dps: { steps: 150, scale: 1.2 },
  ddrm: { steps: 100, eta: 1 },
  'red-diff': { steps: 200 },
}

/** What photographs are put through. */
const photographTasks: Readonly<Record<string, DemoTask>> = {
  inpaint: { title: 'Photographs, half of the pixels lost', operator: 'inpaint:random=0.5' },
  sr: { title: 'Photographs, ×4 super-resolution', operator: 'sr:4,filter=bicubic' },
  blur: { title: 'Photographs, Gaussian deblurring', operator: 'blur:size=15,std=2' },
}

/** The methods for photographs: few steps, since each looks at 65,536 pixels. */
const photographMethods: Settings = {
  diffpir: { steps: 15, zeta: 1 },
  ddrm: { steps: 15 },
}

/** Pictures of one kind: the prior that knows them, and what is done to them. */
export interface DemoSet {
  /** As `--prior` takes it. */
  readonly prior: string
  /** Standard deviation of the measurement noise, in units of the data range [−1, 1]. */
  readonly noise: number
  readonly tasks: Readonly<Record<string, DemoTask>>
  readonly methods: Settings
}

/** The kinds of pictures by their name in `--pictures`. */
export const demoSets = {
  digits: { prior: 'digits', noise: 0.05, tasks: demoTasks, methods: demoMethods },
  photographs: { prior: 'photos@256', noise: 0.02, tasks: photographTasks, methods: photographMethods },
} as const satisfies Readonly<Record<string, DemoSet>>

export type DemoPictures = keyof typeof demoSets
