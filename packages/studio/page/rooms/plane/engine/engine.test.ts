import { drawKeys, mixturePosterior } from '@tweedie/calibration'
import { gaussianMixture, methods } from '@tweedie/solvers'
import { fromData, memory, scope } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { posterior } from '../law.ts'
import { exactGuidance, latticeOf } from '../lens.ts'
import { lawOf } from '../presets.ts'
import { verdictOf } from '../verdict.ts'
import { errorsOf } from './errors.ts'
import type { Frame } from './frames.ts'
import { composed } from './frames.ts'
import { countOfX0, fieldOf, guidanceKind } from './guidance.ts'
import { methodOf } from './method.ts'
import { numbersOf } from './numbers.ts'
import type { PlaneProblem } from './problem.ts'
import { forgetProblem, posed } from './problem.ts'
import type { RunRequest } from './run.ts'
import { runPlane } from './run.ts'

const plane: PlaneProblem = { law: lawOf('moons', []), stripe: { angle: 62, offset: 0.35, sigma: 0.25 } }
const never = new AbortController().signal

async function framesOf(request: RunRequest): Promise<Frame[]> {
  const frames: Frame[] = []
  await runPlane(request, never, (frame) => void frames.push(frame))
  return frames
}
const guided = [...methods].filter(({ info }) => guidanceKind(methods.find(info.name), {}) !== undefined)

test.for(guided.map(({ info }) => info.name))(
  '%s: frames go from x_T to the result, and a branch by itself changes nothing',
  async (name) => {
    const request: RunRequest = { plane, method: `${name}:steps=6`, count: 40, seed: 3 }
    const frames = await framesOf(request)
    const last = frames.at(-1)
    const steps = last?.steps ?? 0 // some grids take one more
    expect(last).toMatchObject({ index: steps, alpha: 1, sigma: 0 })
    // DiffPIR begins elsewhere than at noise, and its first frame follows the first step.
    const all = Array.from({ length: steps + 1 }, (_, index) => index)
    expect(frames.map(({ index }) => index)).toEqual(name === 'diffpir' ? all.slice(1) : all)
    for (const index of [frames[0]?.index ?? 0, 3]) {
      const x = frames.find((frame) => frame.index === index)?.x
      if (x === undefined) throw new Error('no frame')
      const branch = await framesOf({ ...request, from: { index, of: request.method, seed: 3, x } })
      expect(branch[0]).toMatchObject({ index, x })
      expect(branch.at(-1)?.x).toEqual(last?.x)
    }
  },
)

test('on a Gaussian the guidance of TMPD and MMPS is exact at every step, as it is shown', async () => {
  const gaussian = { ...plane, law: [{ weight: 1, x: 0.4, y: -0.2, xx: 0.5, xy: 0.2, yy: 0.3 }] }
  const points = latticeOf(5, 2)
  const { prior } = await posed(gaussian)
  for (const name of ['tmpd', 'mmps']) {
    const frames = await framesOf({ plane: gaussian, method: `${name}:steps=8`, count: 2, seed: 0 })
    for (const index of [0, 4, 7]) {
      const t = frames[index]?.t ?? 0
      const [alpha, sigma] = [prior.schedule.alpha(t), prior.schedule.sigma(t)]
      const field = await fieldOf({ plane: gaussian, method: `${name}:steps=8`, index, points })
      const after = posterior(gaussian.law, gaussian.stripe).law
      const truth = exactGuidance({ law: gaussian.law, posterior: after, alpha, sigma })
      for (let i = 0; i < points.length; i += 2) {
        const [gx, gy] = truth([points[i] ?? 0, points[i + 1] ?? 0])
        const size = Math.hypot(gx, gy)
        // In float32, with products of numbers up to 1/σ_y² and 1/σ_t.
        expect(Math.abs((field?.[i] ?? 0) - gx)).toBeLessThan(1e-3 * (size + 1))
        expect(Math.abs((field?.[i + 1] ?? 0) - gy)).toBeLessThan(1e-3 * (size + 1))
      }
    }
  }
})

test('a displacement counts as the score that moves x_s as far', async () => {
  const points = latticeOf(4, 2)
  const { prior, problem } = await posed(plane)
  using y = scope(() => problem.y.broadcastTo([16, 1]).mul(1))
  /** x_s of a step from the points. */
  const stepped = async (text: string, index: number) => {
    const { method, settings } = methodOf(text)
    using x = fromData(points, [16, 2], { dtype: 'float32' })
    const steps = method.run({ ...problem, y }, prior, { ...settings, resume: { next: index, state: { x } } })
    const { value } = await steps.next()
    const [xs, t] = [
      Float32Array.from((value as { x: typeof x }).x.dataSync(), Number),
      (value as { t: number }).t,
    ]
    await steps.return(undefined as never)
    return { xs, t }
  }
  for (const name of ['dps', 'pigdm', 'mpgd', 'dmps']) {
    const [text, index] = [`${name}:steps=10`, 5]
    const [moved, still] = [
      await stepped(`${text},scale=0.3`, index),
      await stepped(`${text},scale=0`, index),
    ]
    const s = (await stepped(text, index + 1)).t
    const eta = Number(methods.find(name).info.options['eta']?.default)
    const count = countOfX0(prior.schedule, moved.t, s, eta)
    const factor = (count * prior.schedule.sigma(moved.t) ** 2) / prior.schedule.alpha(moved.t)
    const field = await fieldOf({ plane, method: `${text},scale=0.3`, index, points })
    moved.xs.forEach((value, i) => {
      expect(Math.abs((field?.[i] ?? 0) * factor - (value - (still.xs[i] ?? 0)))).toBeLessThan(1e-5)
    })
  }
})

test('methods without such an arrow have no field, and cannot go on from another run', async () => {
  expect(await fieldOf({ plane, method: 'tds', index: 0, points: latticeOf(2, 1) })).toBeUndefined()
  const from = { index: 2, of: 'dps:steps=4', seed: 0, x: new Float32Array(8) }
  await expect(framesOf({ plane, method: 'tds:steps=4', count: 4, seed: 0, from })).rejects.toThrow(
    /cannot go on/,
  )
  expect(guidanceKind(methods.find('dps'), { guidance: 'likelihood' })).toBe('score')
})

test('exact draws are not told from exact draws, others are', async () => {
  const law = gaussianMixture({
    weights: plane.law.map(({ weight }) => weight),
    means: plane.law.map(({ x, y }) => [x, y]),
    covariances: {
      each: plane.law.map(({ xx, xy, yy }) => [
        [xx, xy],
        [xy, yy],
      ]),
    },
  })
  const { problem } = await posed(plane)
  const exact = mixturePosterior(law.posterior(problem.operator, [plane.stripe.offset], plane.stripe.sigma))
  const x = Float32Array.from(exact.sample(drawKeys(5, 'test', 500)).values)
  const numbers = await numbersOf({ plane, x, alpha: 1, sigma: 0 })
  expect(verdictOf(numbers)).toMatch(/^Not to be told/)
  // Two empirical parts of 500 each: standard error √(2·0.09/500) = 0.019, five of them.
  expect(Math.abs(numbers.coverage - 0.9)).toBeLessThan(0.095)
  expect(numbers.occupancy.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9)
  const mean = exact.mean()
  const narrow = x.map((value, i) => (mean[i % 2] ?? 0) + 0.5 * (value - (mean[i % 2] ?? 0)))
  const told = await numbersOf({ plane, x: narrow, alpha: 1, sigma: 0 })
  expect(told.spread).toBeCloseTo(numbers.spread / 4, 5)
  expect(verdictOf(told)).toMatch(/^Too narrow: 2\d %/)
  // Weights that leave out all but the first half are as that half.
  const weights = new Float32Array(500)
  weights.fill(1 / 250, 0, 250)
  const half = await numbersOf({ plane, x, alpha: 1, sigma: 0, weights })
  const alone = await numbersOf({
    plane,
    x: Float32Array.from([...x.subarray(0, 500), ...x.subarray(0, 500)]),
    alpha: 1,
    sigma: 0,
  })
  expect(half.sw).toBeCloseTo(alone.sw, 5)
})

test('a population shows its ancestors since the frame before, also where frames are left out', async () => {
  const frames = await framesOf({ plane, method: 'tds:steps=5', count: 30, seed: 1 })
  expect(frames.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5])
  for (const { population, x } of frames) {
    expect(x.length).toBe(60)
    expect(population?.weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4)
    expect(population?.ancestors.every((k) => k >= 0 && k < 30)).toBe(true)
  }
  const long = await framesOf({ plane, method: 'tds:steps=201', count: 4, seed: 1 })
  expect(long.length).toBe(101) // every other, and the result
  expect(long.at(-1)?.index).toBe(201)
  expect([...composed(Int32Array.of(2, 0, 1), Int32Array.of(7, 8, 9))]).toEqual([9, 7, 8])
})

test('the error of the guidance is small for TMPD and grows for DPS toward the end; nothing is left in memory', async () => {
  const tmpd = await errorsOf(plane, 'tmpd:steps=20', never)
  const dps = await errorsOf(plane, 'dps:steps=20', never)
  expect(tmpd?.places[0]).toBe(0)
  expect(tmpd?.errors.every((error) => error < 0.6)).toBe(true)
  expect(dps?.errors.at(-1)).toBeGreaterThan(2)
  expect(await errorsOf(plane, 'red-diff:steps=5', never)).toBeUndefined()
  const run = (seed: number) => framesOf({ plane, method: 'dps:steps=3', count: 10, seed })
  await run(0)
  const before = memory().tensors
  for (let seed = 1; seed < 4; seed++) await run(seed)
  expect(memory().tensors).toBe(before)
  forgetProblem()
  expect(memory().tensors).toBeLessThan(before)
})
