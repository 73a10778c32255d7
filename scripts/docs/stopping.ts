// What it is worth to stop an optimisation by the truth: DMPlug on held-out digits, one run without a stop, read off at
// the iterate that each rule would have given back and at the one that the truth would.
import { measure, measurementKey } from '@tweedie/runs'
import { loadPrior } from '@tweedie/runs/node'
import type { DmplugOptions, Prior, Problem } from '@tweedie/solvers'
import { dmplug, noiseFromSpec, operatorFromSpec, psnr, run } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { concat, fromData } from '@tweedie/tensor'
import { readImage } from '@tweedie/unet'
import { heldOutDigits } from '@tweedie/unet/node'

const operator = 'blur:size=9,std=1.5'
const noise = 'gaussian:0.2'
const options: DmplugOptions = { steps: 300, learningRate: 0.05, seed: 0 }
const rules = {
  variance: { stop: 'variance', window: 20, patience: 60 },
  discrepancy: { stop: 'discrepancy' },
} as const

/** PSNR of five digits, dB, by what ended the run. */
export interface Stopping {
  readonly command: string
  readonly rows: readonly { readonly stop: string; readonly psnr: readonly number[] }[]
}

/** The first held-out digit of the classes 0 … 4, [5, 1, 28, 28]. */
function digits(): Tensor {
  const { images, labels } = heldOutDigits()
  return concat(
    Array.from({ length: 5 }, (_, digit) => {
      const pixels = new Float32Array(784)
      readImage(images, labels.indexOf(digit), pixels, 0)
      return fromData(pixels, [1, 1, 28, 28])
    }),
  )
}

/** The best PSNR of each digit over all iterates, and that of the last. */
async function unstopped(problem: Problem, prior: Prior, truth: Tensor) {
  let best: readonly number[] = []
  let last: readonly number[] = []
  const x = await run(dmplug(problem, prior, { ...options, stop: 'none' }), {
    onStep: async (step) => {
      last = [...(await psnr(step.x, truth))]
      best = last.map((value, i) => Math.max(value, best[i] ?? -Infinity))
    },
  })
  x.dispose()
  return { best, last }
}

/** Runs DMPlug with each way to stop. */
export async function measureStopping(): Promise<Stopping> {
  const prior = await loadPrior('digits')
  const truth = digits()
  const posed = { operator: operatorFromSpec(operator, prior.shape), noise: noiseFromSpec(noise) }
  const problem = { ...posed, y: measure(posed.operator, posed.noise, truth, measurementKey(0)) }
  const { best, last } = await unstopped(problem, prior, truth)
  const rows = [
    { stop: 'by the truth', psnr: best },
    { stop: 'none', psnr: last },
  ]
  for (const [stop, rule] of Object.entries(rules)) {
    using x = await run(dmplug(problem, prior, { ...options, ...rule }))
    rows.push({ stop, psnr: [...(await psnr(x, truth))] })
  }
  return { command: `dmplug on ${operator}, noise ${noise}`, rows }
}
