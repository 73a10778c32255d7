// What the pictures of the documentation are made of: held-out digits, tasks, and how each method is run on them.
import { digitSettings } from '@tweedie/calibration'
import type { Assignment, Task, TaskResult } from '@tweedie/runs'
import { measure, measurementKey, runTask } from '@tweedie/runs'
import { loadPrior } from '@tweedie/runs/node'
import type { AnyMethod, Prior, Settings, ShownOperator } from '@tweedie/solvers'
import { fillSettings, formatSpec, noiseFromSpec, operatorFromSpec, pictureShape } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { concat, fromData, OptionError, pad } from '@tweedie/tensor'
import { readImage } from '@tweedie/unet'
import { heldOutDigits } from '@tweedie/unet/node'

/** An inverse problem on digits. */
export interface DigitTask {
  readonly name: string
  /** Short enough for the head of a column. */
  readonly title: string
  readonly operator: string
  readonly noise: string
  /** Rows and columns of the picture, 28 where left out; a digit of 32 has a border of two pixels. */
  readonly side?: 32
}

/** The tasks of the grid of pictures, in its order. */
export const tasks: readonly DigitTask[] = [
  { name: 'box', title: 'box', operator: 'inpaint:box=14', noise: 'gaussian:0.05' },
  { name: 'sr4', title: '×4', operator: 'sr:4', noise: 'gaussian:0.05' },
  { name: 'blur', title: 'blur', operator: 'blur:size=9,std=1.5', noise: 'gaussian:0.05' },
  { name: 'motion', title: 'motion', operator: 'motion-blur:size=9,seed=1', noise: 'gaussian:0.05' },
  { name: 'fourier', title: 'Fourier', operator: 'mri:acceleration=4,seed=1', noise: 'gaussian:0.05' },
  { name: 'tomography', title: 'CT', operator: 'tomography:angles=12', noise: 'gaussian:0.05' },
  { name: 'phase', title: 'phase', operator: 'phase-retrieval:4', noise: 'gaussian:0.05' },
  { name: 'jpeg', title: 'JPEG', operator: 'jpeg:10', noise: 'none', side: 32 },
  { name: 'hdr', title: 'HDR', operator: 'hdr:2', noise: 'gaussian:0.05' },
  { name: 'poisson', title: 'Poisson', operator: 'denoise', noise: 'poisson:peak=8,background=1' },
  {
    name: 'blind',
    title: 'blind',
    operator: 'blind-blur:size=7,kernel=motion,length=5',
    noise: 'gaussian:0.02',
  },
]

/** Settings of methods on digits, where their own would take too long or were made for other pictures. */
const settings: Readonly<Record<string, Settings>> = {
  ...digitSettings,
  'blind-red-diff': { steps: 200, init: 'adjoint' },
  'blind-dmplug': { steps: 300, learningRate: 0.05, window: 20, patience: 100 },
  'blind-shred': { steps: 100, learningRate: 0.02, kernelRate: 0.001, clip: [-1, 1] },
  // The kernel only once x̂₀ is a digit, in the last 15 steps; fewer and longer Langevin steps.
  'gibbs-ddrm': { share: 0.15, langevinSteps: 15, stepSize: 5e-8, rankTolerance: 0.1 },
  // Flows of two blocks, by 100 updates with a coarse ODE, and by 200.
  'score-prior': {
    updates: 1,
    samples: 2,
    solver: 'heun',
    odeSteps: 3,
    probes: 1,
    blocks: 2,
    learningRate: 0.01,
    warmUp: 0.3,
    sigmaMin: 0.2,
  },
  'efficient-score-prior': {
    updates: 2,
    samples: 4,
    sharing: 2,
    blocks: 2,
    learningRate: 0.01,
    warmUp: 0.1,
    sigmaMin: 0.2,
  },
  // Of the prior on latents of digits, at 100 steps; their own are for pictures of 512×512.
  'latent-dps': { scale: 1 },
  psld: { omega: 1, gamma: 0.1 },
  p2l: { scale: 1 },
  stsl: { steps: 50, scale: 0.5 },
  resample: { steps: 50, scale: 20, pixelSteps: 200, latentRate: 0.05, latentSteps: 150, weightDecay: 0 },
  treg: { guidance: 1, period: 1, share: 1 },
  'dream-sampler': { guidance: 1 },
  'mpgd-ae': { scale: 2 },
}

/** Settings of a method for one task, over the others: by `method/task`. */
const special: Readonly<Record<string, Settings>> = {
  'red-diff/blur': { init: 'adjoint' },
  'ddrm/blur': { eta: 0.85 },
  'tds/sr4': { dataVariance: 0.02 }, // a mean of 16 pixels varies by less
  'tds/poisson': { spread: 'none' }, // there is no σ_y to add to
  // Phase retrieval has optima that are no digit: of seeds 0 to 2 the one that leaves the least residual.
  'diffpir/phase': { lambda: 10, seed: 2 },
  'lgd-mc/sr4': { scale: 0.1 },
  // A mean of 16 pixels has ‖A‖² = 1/16: a step of 16, or in pixels, by A†.
  'pnp-flow/sr4': { scale: 16 },
  'pnp-flow/tomography': { scale: 2 },
  'flow-dps/sr4': { compare: 'pinv' },
  'lgd-mc/fourier': { scale: 0.05 },
}

const diagonal = (times: number) =>
  `it has a diagonal in the place of A C_t Aᵀ, as if the measured numbers were independent, and in a digit many tell the same: at t = 700 its update moves A x̂₀ by up to ${times} times the residual, where that of a full A C_t Aᵀ stays below 1 (mmps, which has it, restores the digit)`

/** Why a method does not restore the digit, by `method/task`, where its residual alone does not tell. */
const reasons: Readonly<Record<string, string>> = {
  'tmpd/fourier': diagonal(154),
  'tmpd/phase': diagonal(1197),
  'tmpd/hdr': `${diagonal(1970)}, and what is clipped has no gradient that would lead back`,
}

export const reasonOf = ({ info }: AnyMethod, { name }: DigitTask): string | undefined =>
  reasons[`${info.name}/${name}`]

/** No method takes more steps than this by itself. */
const mostSteps = 100

/** What a method is run with. */
export function settingsOf({ info }: AnyMethod, task: DigitTask): Settings {
  const own = info.options['steps']?.default
  const steps = typeof own === 'number' && own > mostSteps ? { steps: mostSteps } : {}
  const here = special[`${info.name}/${task.name}`]
  const given = { ...steps, ...settings[info.name], ...here, seed: here?.['seed'] ?? 0 }
  fillSettings(info.name, info.options, given) // so that what does not fit is told before the run
  return given
}

/** The same as a text; without the seed where that is 0. */
export function settingsText(method: AnyMethod, task: DigitTask): string {
  const all = settingsOf(method, task)
  return formatSpec(method.info.name, { ...all, seed: all['seed'] === 0 ? undefined : all['seed'] })
}

/** The digits prior, with some held-out digits. */
export interface Bench {
  readonly prior: Prior
  /** The prior on latents of such digits; absent where there is none for their size. */
  readonly latents?: Prior
  readonly truth: Tensor
  readonly names: readonly string[]
}

/** A bench for each size of picture. */
export type Benches = Readonly<Record<28 | 32, Bench>>

export const benchOf = (benches: Benches, { side }: DigitTask): Bench => benches[side ?? 28]

/** The digits: the first of each class among those that the network has not seen. */
const shown = [3, 7] as const

/** @param count - How many of the digits. */
export async function openBenches(count: number): Promise<Benches> {
  const { images, labels } = heldOutDigits()
  const digits = shown.slice(0, count)
  const truth = digits.map((digit) => {
    const pixels = new Float32Array(784)
    readImage(images, labels.indexOf(digit), pixels, 0)
    return fromData(pixels, [1, 1, 28, 28])
  })
  const large = { truth: concat(truth), names: digits.map(String) }
  const small = { ...large, prior: await loadPrior('digits'), latents: await loadPrior('digits-latent') }
  const border = [
    [0, 0],
    [0, 0],
    [2, 2],
    [2, 2],
  ] as const
  return {
    28: small,
    32: { ...large, prior: await loadPrior('digits@32'), truth: pad(large.truth.add(1), border).sub(1) },
  }
}

/** The prior that a method takes: on latents, on pictures with the autoencoder of those latents, or on pictures. */
export function priorFor({ info: { needs } }: AnyMethod, { prior, latents }: Bench): Prior {
  if (latents === undefined) return prior
  if (needs.includes('latent')) return latents
  const { autoencoder } = latents
  return needs.includes('autoencoder') && autoencoder !== undefined ? { ...prior, autoencoder } : prior
}

/** The operator of a task; undefined where there is none of that name yet. */
export function operatorOf({ operator }: DigitTask, { prior }: Bench): ShownOperator | undefined {
  try {
    return operatorFromSpec(operator, pictureShape(prior))
  } catch (error) {
    if (error instanceof OptionError && error.option === 'operator') return undefined
    throw error
  }
}

/** Runs a method on a task. @throws {UnfitError} where it does not fit. */
export async function runOn(
  method: AnyMethod,
  task: DigitTask,
  operator: ShownOperator,
  bench: Bench,
): Promise<TaskResult> {
  const { truth, names } = bench
  const noise = noiseFromSpec(task.noise)
  using y = measure(operator, noise, truth, measurementKey(0).fold(task.name))
  const assignment: Assignment = { method, options: settingsOf(method, task) }
  const whole: Task = {
    title: task.title,
    spec: task.operator,
    ...(noise.sigma === undefined && { noise: task.noise }),
    problem: { operator, noise, y },
    truth,
    samples: names,
    methods: [assignment],
  }
  return await runTask(whole, priorFor(method, bench))
}
