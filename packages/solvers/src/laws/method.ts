import { fromData, memory, normal, randomKey, scope, tensor } from '@tweedie/tensor'
import type { AnyMethod } from '../methods/define.ts'
import { takesUnknown } from '../methods/need-words.ts'
import { gaussianNoise } from '../noise/index.ts'
import type { ShownOperator } from '../operators/index.ts'
import { matrixOperator, unknownGain } from '../operators/index.ts'
import type { Settings } from '../options/index.ts'
import { countCalls, gaussianMixturePrior, gaussianPrior } from '../priors/index.ts'
import { run } from '../run/index.ts'
import type { GuidedStep, Need, Operator, Prior, Problem } from '../types.ts'
import { askedPrior, denoisingBy } from './asked-prior.ts'
import type { Law } from './law.ts'
import { must, mustBeClose, mustEqual, mustThrow } from './law.ts'

/** Options of {@link methodLaws}. */
export interface MethodLawOptions {
  /** Options for the method on problems of four numbers, where its defaults are for images. */
  readonly settings?: Readonly<Record<string, unknown>>
  /**
   * For a method that tends to the exact posterior of a Gaussian: how far mean and standard deviations may be off, as
   * a part of the posterior's standard deviation, in a run of `steps`. Left out, exactness is not tested.
   */
  readonly exact?: {
    readonly steps: number
    readonly within: number
    readonly settings?: Readonly<Record<string, unknown>>
  }
}

/** The operator as a method takes it: one that looks for an unknown gets it with an unknown gain. */
export const askedOf = <O extends Operator>(needs: readonly Need[], operator: O): O | ShownOperator =>
  takesUnknown(needs) && operator.blind === undefined ? unknownGain(operator) : operator

/** Four numbers with three modes, as an image of 2×2, of which two combinations are measured. */
function setting(needs: readonly Need[]) {
  const means = [
    [-1, 0.5, 0, 1],
    [1, 0, 0.5, -1],
    [0, 0, 0, 0],
  ]
  const pictures = gaussianMixturePrior({ weights: [1, 2, 1], means, covariances: 0.2, shape: [1, 2, 2] })
  const prior = askedPrior(needs, pictures)
  const matrix = needs.includes('orthonormal')
    ? [[0.8, 0.6, 0, 0], [0, 0, 0, 1]] // biome-ignore format: a matrix
    : [[1, 0.3, 0, 0.2], [0, 0.5, 0.5, 0]] // biome-ignore format: a matrix
  const operator = askedOf(needs, matrixOperator(tensor(matrix), { inShape: [1, 2, 2] }))
  const measured = [0, 1, 2, 3].map((i) => Array.from(normal([randomKey(40 + i)], [2]).dataSync()))
  const problem = (rows: readonly number[]): Problem => ({
    operator,
    noise: gaussianNoise(0.1),
    y: tensor(rows.map((i) => measured[i] ?? [])),
  })
  return { prior, operator, problem }
}

/**
 * What every method has to hold to: {@link Law}s for a test runner. They run it on problems of four numbers with a
 * linear operator and Gaussian noise, whose posterior is known; a blind method gets it with an unknown gain, one on latents
 * a mixture of three numbers with a linear decoder.
 *
 * @example
 * ```ts
 * import { dps } from '@tweedie/solvers'
 * import { methodLaws } from '@tweedie/solvers/laws'
 * for (const { holds } of methodLaws(dps, { settings: { scale: 0.1 } })) await holds()
 * ```
 */
export function methodLaws(method: AnyMethod, { settings = {}, exact }: MethodLawOptions = {}): Law[] {
  const { name, needs } = method.info
  const { prior, problem } = setting(needs)
  const options = { steps: 10, seed: 9, ...settings }
  const start = (rows: readonly number[], more: Settings = {}, by: Prior = prior) =>
    method.run(problem(rows), by, { ...options, ...more })
  /** The restoration's numbers, four a sample. */
  const restore = async (rows: readonly number[], more: Settings = {}) => {
    const x = await run(start(rows, more))
    const data = Array.from(await x.data())
    x.dispose()
    return data
  }
  const sample = (data: readonly number[], i: number) => data.slice(4 * i, 4 * i + 4)

  const laws: Record<string, () => void | Promise<void>> = {
    'a batch equals its samples one by one, bit for bit': async () => {
      const batch = await restore([0, 1, 2, 3], { firstSample: 1 })
      for (const i of [0, 1, 2, 3])
        mustEqual(await restore([i], { firstSample: 1 + i }), sample(batch, i), `sample ${i}`)
    },
    'does not mix the samples of a batch': async () => {
      const [one, other] = [await restore([0, 1, 2]), await restore([0, 3, 2])]
      for (const i of [0, 2])
        mustEqual(sample(other, i), sample(one, i), `sample ${i} beside another neighbour`)
      must(sample(one, 1).join() !== sample(other, 1).join(), 'the measurement makes no difference')
    },
    'the same seed gives the same result, another one another': async () => {
      const first = await restore([0])
      mustEqual(await restore([0]), first, 'the same seed again')
      must((await restore([0], { seed: 10 })).join() !== first.join(), 'the seed makes no difference')
    },
    'goes on from what a step showed, bit for bit': async () => {
      const whole = await restore([0, 1])
      for await (const { i, steps, state } of start([0, 1])) {
        if (i !== 6 && i !== steps - 1) continue
        const resume = { next: i + 1, state }
        mustEqual(await restore([0, 1], { resume }), whole, `resumed after step ${i}`)
        const seen: number[] = []
        for await (const step of start([0, 1], { resume })) seen.push(step.i, step.steps)
        mustEqual(
          seen,
          Array.from({ length: steps - 1 - i }, (_, k) => [i + 1 + k, steps]).flat(),
          'steps that follow',
        )
      }
    },
    'shows every step, in the shapes of the problem': async () => {
      const times: number[] = []
      for await (const step of start([0, 1])) {
        must(step.i === times.length, `step ${times.length} says that it is ${step.i}`)
        times.push(step.t)
        mustEqual(step.x.shape, [2, ...prior.shape], 'shape of x')
        mustEqual(step.x0hat.shape, [2, 1, 2, 2], 'shape of x̂₀')
        must(step.residual.length === 2 && step.residual.every((r) => r >= 0), 'a residual ≥ 0 per sample')
        must(step.state.x === step.x, 'state.x must be x')
        must(step.steps >= 1 && step.i < step.steps, `step ${step.i} of ${step.steps}`)
      }
      must(times.length > 0, 'shows no step')
    },
    'evaluates the prior as often as it says, on a tape only where it says so': async () => {
      const counted = countCalls(prior)
      let steps = 0
      for await (const step of start([0], {}, counted)) steps = step.steps
      const { total, recorded } = counted.calls
      const wanted = method.info.evaluations(steps, options)
      must(total === wanted, `${total} evaluations in ${steps} steps, info.evaluations says ${wanted}`)
      const through = needs.includes('denoiserVjp')
      must(
        recorded > 0 === through,
        `${recorded} on a tape; needs ${through ? 'has' : 'lacks'} 'denoiserVjp'`,
      )
    },
    'runs in the element type of y': async () => {
      const p = problem([0])
      const x = await run(method.run({ ...p, y: p.y.cast('float64') }, prior, options))
      must(x.dtype === 'float64', `the result is ${x.dtype} for a y of float64`)
    },
    'refuses a y that is not finite, before any work': () => {
      const counted = countCalls(prior)
      for (const bad of [Number.NaN, Infinity, -Infinity]) {
        const wrong = { ...problem([0]), y: tensor([[0.5, 1], [1, bad]]) } // biome-ignore format: rows
        mustThrow(
          () => method.run(wrong, counted, options),
          'NonFiniteError',
          `${bad} at [1, 1]`,
          `a y with ${bad}`,
        )
      }
      must(counted.calls.total === 0, 'evaluates the prior before it looks at y')
    },
    'refuses options that it does not have, or that do not fit': () => {
      const refuse = (wrong: Settings, saying: string) =>
        mustThrow(() => method.run(problem([0]), prior, wrong), 'OptionError', saying, JSON.stringify(wrong))
      refuse({ wrong: 1 }, `is no option of ${name}`)
      refuse({ steps: 0 }, 'must be an integer of at least 1')
      refuse({ steps: 2.5 }, 'must be an integer')
    },
    'tells a run that diverged': async () => {
      const nan = denoisingBy(prior, (xt) => xt.mul(Number.NaN))
      const thrown = await run(start([0], {}, nan)).then(
        () => undefined,
        (error: unknown) => error,
      )
      must(thrown instanceof Error && thrown.name === 'NonFiniteError', `a prior of NaN: ${String(thrown)}`)
    },
    'holds no more tensors after many steps than after one, and none after the end': async () => {
      await restore([0, 1], { steps: 1 })
      const p = problem([0, 1])
      const before = memory().tensors
      const counts: number[] = []
      const x = await run(method.run(p, prior, { ...options, steps: 100 }), {
        onStep: () => void counts.push(memory().tensors),
      })
      const [first = 0, most] = [counts[0], Math.max(...counts)]
      must(most === first, `${first - before} tensors after a step, ${most - before} later`)
      x.dispose()
      must(memory().tensors <= before, `${memory().tensors - before} tensors are left after the end`)
    },
    'frees everything where it is stopped': async () => {
      await restore([0], { steps: 1 })
      const p = problem([0])
      const before = memory().tensors
      for await (const { i } of method.run(p, prior, options)) if (i === 3) break
      must(memory().tensors <= before, `${memory().tensors - before} tensors are left`)
    },
    ...(exact === undefined
      ? {}
      : { 'draws the exact posterior of a Gaussian': () => drawsPosterior(method, exact) }),
  }
  return Object.entries(laws).map(([law, holds]) => ({ name: law, holds: async () => holds() }))
}

/** How many draws the comparison with a posterior takes; its own error is then 1/32 of a standard deviation. */
const draws = 1024

/** Mean and standard deviation of each element over the rows of [N, n]. */
function moments(data: ArrayLike<number>, n: number): { mean: number[]; deviation: number[] } {
  const count = data.length / n
  const column = (j: number) => Array.from({ length: count }, (_, i) => data[i * n + j] ?? Number.NaN)
  const mean = Array.from({ length: n }, (_, j) => column(j).reduce((sum, v) => sum + v, 0) / count)
  const deviation = mean.map((m, j) =>
    Math.sqrt(column(j).reduce((sum, v) => sum + (v - m) ** 2, 0) / (count - 1)),
  )
  return { mean, deviation }
}

async function drawsPosterior(
  method: AnyMethod,
  exact: NonNullable<MethodLawOptions['exact']>,
): Promise<void> {
  const prior = gaussianPrior({ mean: [0, 0, 0], covariance: 1 })
  const [matrix, y, sigma] = [[[1, 0.5, 0], [0, 0.5, 1]], [0.8, -0.4], 0.5] as const // biome-ignore format: a matrix
  const posterior = prior.law.posterior(matrix, y, sigma).law
  const operator = matrixOperator(tensor(matrix, { dtype: 'float64' }))
  const rows = scope(() =>
    fromData(
      Float64Array.from({ length: 2 * draws }, (_, i) => y[i % 2] ?? 0),
      [draws, 2],
    ),
  )
  const problem = { operator, noise: gaussianNoise(sigma), y: rows }
  const { steps, within, settings = {} } = exact
  const x = await run<GuidedStep>(method.run(problem, prior, { steps, seed: 1, ...settings }))
  const { mean, deviation } = moments(await x.data(), 3)
  x.dispose()
  const covariance = posterior.covariance()
  const wanted = [0, 1, 2].map((i) => Math.sqrt(covariance.get(i, i)))
  // Five standard errors of what is estimated from draws, and what the method is allowed.
  const errors = { mean: 5 / Math.sqrt(draws), deviation: 5 / Math.sqrt(2 * draws) }
  for (const [j, spread] of wanted.entries()) {
    const off = (mean[j] ?? 0) - (posterior.mean()[j] ?? 0)
    const bound = { mean: (errors.mean + within) * spread, deviation: (errors.deviation + within) * spread }
    mustBeClose([off], [0], bound.mean, `mean of element ${j} in ${steps} steps`)
    mustBeClose(
      [deviation[j] ?? 0],
      [spread],
      bound.deviation,
      `standard deviation of element ${j} in ${steps} steps`,
    )
  }
}
