/** What a failure is told by: a number of the first method of its state. */
export const measures = {
  across: {
    title: 'Variance across the stripe:',
    wanted: 'times the exact one, which should be 1',
    target: 1,
    log: true,
  },
  spread: { title: 'Variance:', wanted: 'times the exact one, which should be 1', target: 1, log: true },
  coverage: {
    title: 'Coverage:',
    wanted: 'of the particles where there should be 0.90',
    target: 0.9,
    log: false,
  },
  misplaced: {
    title: 'Wrong mode:',
    wanted: 'of the particles, where there should be 0',
    target: 0,
    log: false,
  },
  ancestors: {
    title: 'Ancestors:',
    wanted: 'of 300 particles have descendants at the end',
    target: 300,
    log: true,
  },
  misfit: {
    title: 'Misfit:',
    wanted: 'times what the noise leaves, which should be 1',
    target: 1,
    log: true,
  },
  psnr: { title: 'PSNR:', wanted: 'dB; more is nearer', target: 40, log: false },
} as const

export type Measure = keyof typeof measures

/** A known failure: a state of another room, with the number that shows it. */
export interface Failure {
  readonly name: string
  readonly title: string
  /** What is seen, and why, in two sentences. */
  readonly says: string
  readonly room: 'plane' | 'digits' | 'code'
  /** The query of the state. Its second method is what it is seen beside; of a planted fault, the file as it is. */
  readonly state: string
  readonly measure: Measure
  /** Of the first method, or of the edited one, with the digits that are shown; the tests run the state and compare. */
  readonly value: string
  /** The second method in words, and its number. */
  readonly beside: { readonly words: string; readonly value: string }
}

/** The failures of the gallery. */
export const failures: readonly Failure[] = [
  {
    name: 'dps-narrow',
    title: 'DPS is too sure of what it measured',
    says: 'Its particles lie on the stripe, in a band far thinner than the noise of y allows. DPS takes x₀ given xₜ for a point, and steps along the residual whatever σ is.',
    room: 'plane',
    state: 'n=300&a=dps:steps=100&b=tmpd:steps=100',
    measure: 'across',
    value: '0.21',
    beside: { words: 'TMPD', value: '1.14' },
  },
  {
    name: 'dps-weak',
    title: 'DPS with a small ζ forgets the measurement',
    says: 'With a fifth of the guidance the particles spread across the stripe as if little had been measured. Nothing in the method ties ζ to the noise, so each problem wants its own.',
    room: 'plane',
    state: 'n=300&a=dps:steps=100,scale=0.02&b=tmpd:steps=100',
    measure: 'across',
    value: '3.57',
    beside: { words: 'TMPD', value: '1.14' },
  },
  {
    name: 'dps-few-steps',
    title: 'DPS in ten steps leaves the posterior',
    says: 'More than half of the particles end where the posterior has next to nothing. Ten steps are too few, for the prior and for the guidance.',
    room: 'plane',
    state: 'n=300&a=dps:steps=10&b=dps:steps=100',
    measure: 'coverage',
    value: '0.41',
    beside: { words: 'a hundred steps', value: '0.86' },
  },
  {
    name: 'dps-more-steps',
    title: 'More steps make DPS worse',
    says: 'With twice the steps and the same ζ the band has less than a third of the variance. Guidance is added once a step, so its sum grows with their number.',
    room: 'plane',
    state: 'n=300&a=dps:steps=200&b=dps:steps=100',
    measure: 'across',
    value: '0.06',
    beside: { words: 'a hundred steps', value: '0.21' },
  },
  {
    name: 'dps-noise',
    title: 'DPS does not look at σ',
    says: 'The noise is large here, and the particles are as near to the stripe as if there were none. The norm of the residual has no σ in it, so that more noise changes nothing in the step.',
    room: 'plane',
    state: 'n=300&sigma=0.6&a=dps:steps=100&b=dmps:steps=100',
    measure: 'across',
    value: '0.05',
    beside: { words: 'DMPS, which has σ', value: '0.46' },
  },
  {
    name: 'pigdm-round',
    title: 'ΠGDM takes every spread for a circle',
    says: 'On a bent ridge x₀ given xₜ is long and thin, and ΠGDM has r²I in its place. The band it draws is too thin by far; TMPD, which asks the network for the ellipse, is right there.',
    room: 'plane',
    state: 'n=300&prior=banana&a=pigdm:steps=100&b=tmpd:steps=100',
    measure: 'across',
    value: '0.17',
    beside: { words: 'TMPD', value: '1.06' },
  },
  {
    name: 'mcg-noise',
    title: 'MCG believes the noise',
    says: 'Every step projects onto y as it was measured, and so do the last ones. All particles are on the middle of the stripe, noise and all.',
    room: 'plane',
    state: 'n=300&a=mcg:steps=100&b=tmpd:steps=100',
    measure: 'across',
    value: '0.00',
    beside: { words: 'TMPD', value: '1.14' },
  },
  {
    name: 'likelihood-early',
    title: 'The likelihood of a guess is too wide',
    says: 'DPS by its theory, with 1/(2σ²) on the residual of x̂₀, leaves particles well outside of the stripe. It weighs x̂₀ as if it were x₀, and while it is not, steps overshoot.',
    room: 'plane',
    state: 'n=300&a=dps:steps=100,guidance=likelihood&b=tmpd:steps=100',
    measure: 'across',
    value: '4.07',
    beside: { words: 'TMPD', value: '1.14' },
  },
  {
    name: 'score-ald-rescaled',
    title: 'Score-ALD pulls as hard as its code says',
    says: 'The code of its authors makes the pull towards y as long as 0.3 of the score, whatever the residual and σ are. The band is four times as wide as it should be; with the pull of the paper, the same steps are right.',
    room: 'plane',
    state: 'n=300&a=score-ald:steps=100,guidance=rescaled&b=score-ald:steps=100',
    measure: 'across',
    value: '3.83',
    beside: { words: 'the pull of the paper', value: '1.06' },
  },
  {
    name: 'batch-norm',
    title: 'One norm for the whole batch',
    says: 'A fault that published code has: ‖y − A x̂₀‖ is taken over all particles at once, and not of each. What one particle does then hangs on how many others run with it, and with 300 of them the guidance is next to nothing.',
    room: 'code',
    state: 'method=dps:steps=100,scale=0.05&fault=dps-batch-norm&n=300',
    measure: 'across',
    value: '5.49',
    beside: { words: 'a norm of each', value: '1.29' },
  },
  {
    name: 'red-diff-mode',
    title: 'RED-diff looks for a mode',
    says: 'Its particles gather in clumps, with a quarter of the variance. It fits a point by descent, and many starts are not many samples.',
    room: 'plane',
    state: 'n=300&a=red-diff:steps=100&b=tmpd:steps=100',
    measure: 'spread',
    value: '0.25',
    beside: { words: 'TMPD', value: '0.94' },
  },
  {
    name: 'ancestry',
    title: 'Many particles, few ancestors',
    says: 'At the end all 300 particles count alike, and nearly all of them descend from a handful. Resampling at every step evens the weights and uses up the variety.',
    room: 'plane',
    state: 'n=300&a=mcg-diff:steps=100&b=tds:steps=100',
    measure: 'ancestors',
    value: '6',
    beside: { words: 'TDS', value: '167' },
  },
  {
    name: 'weights-degenerate',
    title: 'Weights that were not evened out in time',
    says: 'AFDPS with all of the guidance in its drift ends with nearly half of its particles at the wrong components. A few heavy weights early on decide which modes live.',
    room: 'plane',
    state: 'n=500&a=afdps:steps=100,c=1&b=afdps:steps=200,c=0.5',
    measure: 'misplaced',
    value: '0.44',
    beside: { words: 'half of it, in twice the steps', value: '0.10' },
  },
  {
    name: 'csgm-point',
    title: 'A latent that is optimised is no sample',
    says: 'CSGM descends to the few places that explain y best, and the particles sit there. Different starts give a different answer, not the posterior.',
    room: 'plane',
    state: 'n=100&a=csgm:steps=100&b=tmpd:steps=100',
    measure: 'spread',
    value: '0.02',
    beside: { words: 'TMPD', value: '1.02' },
  },
  {
    name: 'pseudo-inverse',
    title: 'An inverse of a blur makes noise of noise',
    says: 'DDNM puts A⁺y in place of what was measured, and the pseudo-inverse of a blur divides by next to nothing. What comes out is noise, thousands of times larger than what went in.',
    room: 'digits',
    state: 'n=1&operator=blur:size=9,std=1.5&a=ddnm:steps=20&b=ddrm:steps=20',
    measure: 'psnr',
    value: '3.2',
    beside: { words: 'DDRM, which has σ', value: '24.0' },
  },
  {
    name: 'fits-noise',
    title: 'RED-diff fits the noise too',
    says: 'Its digit is four times as near to y as the truth is. Descent on the residual goes on below what the noise leaves, and nothing in it says when to stop.',
    room: 'digits',
    state: 'n=1&operator=sr:factor=4&a=red-diff:steps=60&b=ddrm:steps=40',
    measure: 'misfit',
    value: '0.23',
    beside: { words: 'DDRM', value: '1.9' },
  },
]

/** The address of a failure's state. */
export const hrefOfFailure = ({ room, state }: Pick<Failure, 'room' | 'state'>): string => `#${room}?${state}`
