import { pathToFileURL } from 'node:url'
import type { AnyMethod, GuidedStep, Operator, Settings } from '@tweedie/solvers'
import {
  blindBlur,
  dps,
  gaussianMixturePrior,
  gaussianNoise,
  gaussianPrior,
  matrixOperator,
  mcgDiff,
  methods,
  psld,
  tds,
} from '@tweedie/solvers'
import { fromData, memory, ones, tensor, zeros } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { pointAt } from '../points.ts'
import { mixturePosterior } from '../posteriors/mixture.ts'
import type { Case } from '../types.ts'
import { countOperator } from './count-operator.ts'
import { hasPopulation, methodRow } from './method.ts'
import { rowsOfMethod } from './of-method.ts'
import { drawKeys, exactDraws, exactScore, priorAlone } from './references.ts'
import { smallSettings } from './small-settings.ts'

const f64 = { dtype: 'float64' } as const
const rows = [
  [1, 0.5],
  [0, 2],
]

describe('countOperator', () => {
  it('changes nothing but the count: A, Aᵀ, A⁺ and the factors of the decomposition', () => {
    const plain = matrixOperator(tensor(rows, f64))
    const counted = countOperator(plain)
    const x = tensor([[1, -1]], f64)
    const y = tensor([[2, 3]], f64)
    const [own, svd] = [plain.svd(), counted.svd()]
    const pairs = [
      [plain.forward(x), counted.forward(x)],
      [plain.adjoint(y), counted.adjoint(y)],
      [plain.pinv!(y), counted.pinv!(y)],
      [own.vt(x), svd.vt(x)],
      [own.v(x), svd.v(x)],
      [own.ut(y), svd.ut(y)],
      [own.u(y), svd.u(y)],
    ] as const
    for (const [a, b] of pairs) expect(b.dataSync()).toEqual(a.dataSync())
    expect(counted.calls.total).toBe(7)
    expect(svd.singularValues).toEqual(own.singularValues)
    expect(counted.svd()).toBe(svd)
    expect(counted.calls.total).toBe(7)
  })

  it('leaves out what an operator has not', () => {
    const square = countOperator<Operator>({
      name: 'square',
      inShape: [2],
      outShape: [2],
      forward: (x) => x.square(),
    })
    expect('adjoint' in square || 'svd' in square).toBe(false)
    expect(square.forward(tensor([[2, 3]])).dataSync()).toEqual(Float32Array.of(4, 9))
    expect(square.calls.total).toBe(1)
  })

  it('counts those of a blind operator for a φ', () => {
    const operator = countOperator(blindBlur([1, 8, 8], { size: 3 }))
    const phi = fromData(operator.blind.initial, [1, ...operator.blind.shape], { dtype: 'float32' })
    const x = ones([1, 1, 8, 8])
    operator.blind.apply(x, phi)
    operator.blind.at(phi).forward(x)
    expect(operator.calls.total).toBe(2)
  })
})

/** y = x₁ + 0.5·x₂ + noise of a mixture of two. */
function pose(): Case {
  const prior = gaussianMixturePrior({
    weights: [1, 2],
    means: [
      [-2, 0],
      [2, 1],
    ],
    covariances: 0.2,
  })
  const A = [[1, 0.5]]
  const posterior = prior.law.posterior(A, [0.4], 0.5)
  return {
    prior,
    problem: {
      operator: matrixOperator(tensor(A, f64)),
      noise: gaussianNoise(0.5),
      y: tensor([[0.4]], f64),
    },
    truth: Float64Array.of(2, 1),
    posterior: mixturePosterior(posterior),
    conditional: { ...prior, denoise: (x) => zeros(x.shape, f64) },
  }
}

describe('the row of a method', () => {
  it('has as many samples as are asked for, each by its own key: more of them begin with the same', async () => {
    const row = methodRow(dps, { steps: 4, scale: 0.1 })
    expect(row).toMatchObject({ name: 'dps', kind: 'method', words: 'dps:steps=4,scale=0.1' })
    const few = await row.draw(pose(), { samples: 3, seed: 5 })
    const many = await row.draw(pose(), { samples: 6, seed: 5 })
    expect([few.count, few.dimension, many.count]).toEqual([3, 2, 6])
    expect(many.values.slice(0, 6)).toEqual(few.values)
    const other = await row.draw(pose(), { samples: 3, seed: 6 })
    expect(other.values).not.toEqual(few.values)
  })

  it('counts what it cost, ways back included, and leaves nothing behind', async () => {
    const posed = pose()
    await methodRow(dps, { steps: 4, scale: 0.1 }).draw(posed, { samples: 2, seed: 0 })
    const before = memory().tensors
    const { cost } = await methodRow(dps, { steps: 4, scale: 0.1 }).draw(posed, { samples: 2, seed: 0 })
    expect(cost).toMatchObject({ nfe: 4, vjps: 4, operatorCalls: 8 })
    expect(cost.peakBytes).toBeGreaterThan(0)
    // Fewer where the operator of an earlier test has been collected meanwhile.
    expect(memory().tensors).toBeLessThanOrEqual(before)
  })

  it('says what a case lacks before any work, and tells how far it is', async () => {
    expect(methodRow(psld).lacks(pose())).toMatch(/autoencoder/)
    expect(methodRow(dps).lacks(pose())).toBeUndefined()
    const seen: number[] = []
    await methodRow(dps, { steps: 4, scale: 0.1 }).draw(pose(), {
      samples: 1,
      seed: 0,
      onProgress: (done) => void seen.push(done),
    })
    expect(seen).toEqual([0.25, 0.5, 0.75, 1])
  })
})

describe('samples of one run', () => {
  it('are particles of a single run of as many, drawn by the last weights', async () => {
    const row = methodRow(mcgDiff, { steps: 6 }, { samplesAre: 'one run' })
    expect(row).toMatchObject({ name: 'mcg-diff (one run)', words: 'mcg-diff:steps=6 (one run)' })
    const { count, values, cost, logEvidence } = await row.draw(pose(), { samples: 400, seed: 2 })
    expect(count).toBe(400)
    expect(cost.nfe).toBe(6)
    expect(logEvidence).toHaveLength(1)
    // Not all alike, and those that are came of one particle: fewer than all are different only if resampled.
    expect(new Set(Array.from({ length: 400 }, (_, i) => values[2 * i])).size).toBeGreaterThan(100)
  })

  it('follow the posterior: the mean of many particles of TDS is E[x | y]', async () => {
    // A Gaussian prior, of which TDS has the exact twist: what is left is Monte Carlo, and the error of the steps.
    const prior = gaussianPrior({ mean: [0, 0], covariance: 1 })
    const posterior = mixturePosterior(prior.law.posterior([[1, 0]], [1], 1))
    const posed: Case = {
      ...pose(),
      prior,
      problem: {
        operator: matrixOperator(tensor([[1, 0]], f64)),
        noise: gaussianNoise(1),
        y: tensor([[1]], f64),
      },
      posterior,
    }
    const row = methodRow(tds, { steps: 60 }, { samplesAre: 'one run' })
    const points = await row.draw(posed, { samples: 2000, seed: 1 })
    const mean = [0, 1].map((j) =>
      Array.from({ length: points.count }, (_, i) => pointAt(points, i)[j] ?? 0).reduce(
        (s, v) => s + v / points.count,
        0,
      ),
    )
    // Standard deviations √½ and 1 over √2000, five of them, and twice as much for the resampling.
    expect(Math.abs(mean[0]! - 0.5)).toBeLessThan((2 * 5 * Math.SQRT1_2) / Math.sqrt(2000))
    expect(Math.abs(mean[1]!)).toBeLessThan((2 * 5) / Math.sqrt(2000))
  })

  it('are of more particles where the settings say so', async () => {
    const of = (settings: Settings, samples: number) =>
      methodRow(mcgDiff, { steps: 3, ...settings }, { samplesAre: 'one run' }).draw(pose(), {
        samples,
        seed: 2,
      })
    const [few, many, own] = [
      await of({ particles: 50 }, 10),
      await of({ particles: 50 }, 80),
      await of({}, 10),
    ]
    expect([few.count, many.count, own.count]).toEqual([10, 80, 10])
    expect(few.values).not.toEqual(own.values)
    expect((await of({}, 80)).values).toEqual(many.values)
  })

  it('are taken in proportion to the last weights', async () => {
    const weights = Float64Array.of(0.5, 0, 0.3, 0.2)
    const x = tensor([[0], [1], [2], [3]], f64)
    // A method that has these particles in its last step, and others before.
    const fixed: AnyMethod = {
      info: { ...mcgDiff.info, name: 'fixed' },
      run: async function* (problem) {
        const common = { steps: 2, t: 0, s: 0, x, x0hat: x, state: { x }, residual: [0] }
        yield {
          ...common,
          i: 0,
          particles: { x: x.mul(100) },
          weights: [Float64Array.of(0, 1, 0, 0)],
        } as GuidedStep
        yield { ...common, i: 1, particles: { x }, weights: [weights] } as GuidedStep
        return problem.y.mul(1)
      },
    }
    const { values } = await methodRow(fixed, {}, { samplesAre: 'one run' }).draw(pose(), {
      samples: 10,
      seed: 0,
    })
    const counts = [0, 1, 2, 3].map((k) => values.filter((v) => v === k).length)
    expect(counts).toEqual([5, 0, 3, 2])
  })

  it('are of methods with particles only', async () => {
    expect([mcgDiff, tds, dps].map(hasPopulation)).toEqual([true, true, false])
    const row = methodRow(dps, { steps: 2 }, { samplesAre: 'one run' })
    await expect(row.draw(pose(), { samples: 3, seed: 0 })).rejects.toThrow(/particles/)
  })
})

describe('the rows of a method in a suite', () => {
  const suite = {
    settings: (name: string): Settings => (name === 'dps' ? { steps: 20, scale: 1 } : { steps: 30 }),
  }
  const none = {}

  it('have, one over the other, its small settings, those of the suite, of the problem, and those given', () => {
    const words = (given: Settings, problem: { settings?: (name: string) => Settings } = none) =>
      rowsOfMethod({ entry: dps, settings: given }, suite, problem).map((row) => row.words)
    expect(words({})).toEqual(['dps:scale=1,steps=20'])
    expect(words({}, { settings: () => ({ scale: 2 }) })).toEqual(['dps:scale=2,steps=20'])
    expect(words({ scale: 3 }, { settings: () => ({ scale: 2 }) })).toEqual(['dps:scale=3,steps=20'])
    expect(rowsOfMethod({ entry: dps, settings: {} }, { settings: () => undefined }, none)[0]?.words).toBe(
      'dps:scale=0.1',
    )
  })

  it('are two of a method with particles, or those that the suite compares', () => {
    const names = (populations?: readonly ('runs' | 'one run')[]) =>
      rowsOfMethod(
        { entry: mcgDiff, settings: {} },
        { ...suite, ...(populations && { populations }) },
        none,
      ).map(({ name }) => name)
    expect(names()).toEqual(['mcg-diff', 'mcg-diff (one run)'])
    expect(names(['one run'])).toEqual(['mcg-diff (one run)'])
  })

  it('of a variant have its name, its settings and those of the problem under that name, and fewer samples', () => {
    const variant = { name: 'dps-again', method: 'dps', settings: { scale: 4, eta: 0.5 }, most: 7 }
    const settings = (name: string) => (name === 'dps-again' ? { scale: 5 } : { scale: 2 })
    const [row] = rowsOfMethod({ entry: dps, settings: {} }, suite, { settings }, variant)
    expect(row).toMatchObject({ name: 'dps-again', words: 'dps:scale=5,steps=20,eta=0.5', most: 7 })
    const [other] = rowsOfMethod({ entry: dps, settings: { eta: 0 } }, suite, none, variant)
    expect(other?.words).toBe('dps:scale=4,steps=20,eta=0')
  })

  it('are of fewer samples where each costs a training', () => {
    const [row] = rowsOfMethod({ entry: methods.find('score-prior'), settings: {} }, suite, none)
    expect(row?.most).toBe(40)
  })
})

describe('references', () => {
  it('draw from the posterior by keys of their own', async () => {
    const { values, cost } = await exactDraws.draw(pose(), { samples: 5, seed: 3 })
    expect(values).toEqual(pose().posterior.sample(drawKeys(3, 'row', 5)).values)
    expect(values).not.toEqual(pose().posterior.sample(drawKeys(3, 'exact draws', 5)).values)
    expect(cost.nfe).toBe(0)
  })

  it('integrate the conditional prior, or the prior, as they are told to', async () => {
    const posed = pose()
    const score = exactScore({ steps: 7, eta: 0, spacing: 'trailing' })
    expect(score.words).toBe('exact-score:steps=7,eta=0,spacing=trailing')
    // Its denoiser is 0 here: so is what the last step returns.
    const drawn = await score.draw(posed, { samples: 3, seed: 1 })
    expect(drawn.values).toEqual(new Float64Array(6))
    expect(drawn.cost.nfe).toBe(7)
    const alone = await priorAlone({ steps: 7 }).draw(posed, { samples: 3, seed: 1 })
    expect(alone.values).not.toEqual(drawn.values)
    const { conditional: _, ...without } = posed
    expect(score.lacks(without)).toMatch(/not known/)
    expect(score.lacks(posed)).toBeUndefined()
  })

  it('have keys apart by seed, purpose and index', () => {
    const words = (['a', 'b'] as const).flatMap((purpose) =>
      [0, 1].flatMap((seed) => drawKeys(seed, purpose, 2).map((key) => JSON.stringify(key))),
    )
    expect(new Set(words).size).toBe(8)
  })
})

describe('settings for problems of a few numbers', () => {
  it('are those that the methods are tested with against exact posteriors', async () => {
    const helper = new URL('../../../solvers/src/methods/known/known.test.helper.ts', import.meta.url)
    const { known } = (await import(pathToFileURL(helper.pathname).href)) as {
      known: Readonly<Record<string, { readonly exact?: Settings; readonly small?: Settings }>>
    }
    // Latent and blind methods fit no problem here; four particles only make a test quick.
    const apart = new Set(['mcg-diff'])
    const fits = (name: string) =>
      !methods
        .find(name)
        .info.needs.some((need) => ['latent', 'autoencoder', 'blind', 'blindSvd'].includes(need))
    for (const name of methods.names.filter((name) => fits(name) && !apart.has(name)))
      expect(smallSettings[name]?.settings, name).toEqual(known[name]?.exact ?? known[name]?.small)
    for (const name of Object.keys(smallSettings)) expect(methods.names).toContain(name)
  })
})
