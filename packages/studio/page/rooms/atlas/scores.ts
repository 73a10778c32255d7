/** A number of a cell that the colours of a map tell. */
export interface Score {
  readonly name: ScoreName
  readonly title: string
  readonly about: string
  /** Which values are good: great ones, small ones, or those near to a target. */
  readonly better: 'higher' | 'lower' | 'target'
  readonly target?: number
  readonly digits: number
}

export type ScoreName = 'psnr' | 'misfit' | 'crps' | 'sw' | 'spread' | 'coverage'

export const scores: Readonly<Record<ScoreName, Score>> = {
  psnr: {
    ...{ name: 'psnr', title: 'PSNR, dB', better: 'higher', digits: 1 },
    about:
      'How near the samples are to the picture that is sought, a mean. A plausible other answer counts as wrong here.',
  },
  misfit: {
    ...{ name: 'misfit', title: 'Misfit', better: 'target', target: 1, digits: 2 },
    about:
      '‖y − A(x)‖ over what the noise leaves, σ√m. At 1 the measurement is met; far below, its noise is fitted too.',
  },
  crps: {
    ...{ name: 'crps', title: 'CRPS', better: 'lower', digits: 3 },
    about:
      'The continuous ranked probability score of the pixels. It is least for the posterior, and wants more than one sample.',
  },
  sw: {
    ...{ name: 'sw', title: 'Distance', better: 'lower', digits: 3 },
    about:
      'Sliced Wasserstein distance to exact draws of the posterior. The floor is what as many exact draws have themselves.',
  },
  spread: {
    ...{ name: 'spread', title: 'Variance ratio', better: 'target', target: 1, digits: 2 },
    about:
      'The variance of the particles over that of the exact posterior. Below 1 a method claims to know more than y tells.',
  },
  coverage: {
    ...{ name: 'coverage', title: 'Coverage of 90 %', better: 'target', target: 0.9, digits: 2 },
    about:
      'The part of the particles in the region that holds 90 % of the exact posterior. Both less and more are wrong.',
  },
}

/** The numbers of a cell; what its problem does not give is left out. */
export type CellScores = Readonly<Partial<Record<ScoreName, number>>> & { readonly floor?: number }

/** How a value compares: 0 is the worst of the map and 1 the best (½ where all are alike), or, about a target, −1 … 1 with 0 the target. */
export function gradeOf({ better, target = 1 }: Score, value: number, all: readonly number[]): number {
  const known = all.filter(Number.isFinite)
  if (better === 'target') {
    const off = (v: number) => Math.log(Math.max(v, 1e-4) / target)
    // Off by half or by twice is full colour, unless all are nearer.
    const most = Math.max(Math.LN2 / 4, ...known.map((v) => Math.min(Math.LN2, Math.abs(off(v)))))
    return Math.max(-1, Math.min(1, off(value) / most))
  }
  const [low, high] = [Math.min(...known), Math.max(...known)]
  if (!(high > low)) return 0.5
  const part = (value - low) / (high - low)
  return better === 'higher' ? part : 1 - part
}

/** The colour of a grade, of the colours of both themes. */
export function colourOf(score: Score, grade: number): string {
  const mixed = (name: string, share: number) =>
    `color-mix(in srgb, var(--${name}) ${Math.round(100 * share)}%, var(--surface))`
  if (score.better === 'target') return mixed(grade < 0 ? 'b' : 'a', 0.85 * Math.abs(grade))
  return mixed('exact', 0.06 + 0.8 * grade)
}

/** The colour of a place that is not known yet and has that of another: paler. */
export const pale = (colour: string): string => `color-mix(in srgb, ${colour} 40%, var(--raised))`

/** How bad a value is, less is better. */
export const badness = ({ better, target = 1 }: Score, value: number): number =>
  better === 'higher'
    ? -value
    : better === 'lower'
      ? value
      : Math.abs(Math.log(Math.max(value, 1e-4) / target))
