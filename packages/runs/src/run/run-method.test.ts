import { dps, gaussianNoise, inpaint, psnr, run, tiledPrior } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { normal, randomKey, treeMap, zeros } from '@tweedie/tensor'
import { expect, test, vi } from 'vitest'
import { measure } from '../problem/problem.ts'
import { whitePrior } from '../white-prior.test.helper.ts'
import { InterruptedError } from './interrupted.ts'
import type { PartialRun } from './run-method.ts'
import { runMethod } from './run-method.ts'

const prior = whitePrior([1, 8, 8])
const operator = inpaint([1, 8, 8], { box: 4 })
const noise = gaussianNoise(0.1)
const keys = [0, 1].map((n) => randomKey(5).fold(n))
const truth = normal(keys, [1, 8, 8]).mul(0.3)
const problem = { operator, noise, y: measure(operator, noise, truth, randomKey(1)) }
const options = { steps: 20, seed: 3, scale: 1 }
const request = { method: dps, problem, prior, options, truth }

test('a run keeps what its steps show, counts the calls, and ends with the same bits as the method', async () => {
  const done: number[] = []
  const outcome = await runMethod({ ...request, onStep: (part) => void done.push(part) })
  const residual: (readonly number[])[] = []
  const x0hats: (readonly number[])[] = []
  const x = await run(dps(problem, prior, options), {
    onStep: async (step) => {
      residual.push(step.residual)
      x0hats.push([...(await psnr(step.x0hat, truth))])
    },
  })
  expect(outcome.x.dataSync()).toEqual(x.dataSync())
  expect(outcome.trace.map((point) => point.residual)).toEqual(residual)
  expect(outcome.trace.map((point) => point.psnr)).toEqual(x0hats)
  expect(outcome.trace.map(({ i }) => i)).toEqual(Array.from({ length: 20 }, (_, i) => i))
  expect(done).toEqual(Array.from({ length: 20 }, (_, i) => (i + 1) / 20))
  expect(outcome).toMatchObject({ nfe: 20, vjps: 20 })
  // Eight pictures: the first step, the last, and six evenly between them.
  expect(outcome.strip.map(({ i }) => i)).toEqual([0, 3, 5, 8, 11, 14, 16, 19])
  expect(outcome.strip[0]?.picture).toMatchObject({ channels: 1, height: 8, width: 8 })
})

test('the most bytes at once are those of the method, not what was alive before or made by the watching', async () => {
  const wide = 1_000_000
  zeros([10 * wide]).dispose() // a peak of before
  using alive = zeros([2 * wide])
  let calls = 0
  const greedy = (size: number) => ({
    ...prior,
    // The third call alone.
    denoise: (x: Tensor, t: number) => {
      const x0hat = prior.denoise(x, t)
      return ++calls === 3 ? x0hat.add(zeros([size]).slice([0, 1]).sum()) : x0hat
    },
  })
  const [small, large] = [await runMethod(request), await runMethod({ ...request, prior: greedy(wide) })]
  expect(large.peakBytes).toBeGreaterThanOrEqual(4 * wide)
  expect(large.peakBytes).toBeLessThan(4 * wide + 2 * small.peakBytes)
  // Some x of two pictures of 8×8, and a tape of one step; not of twenty.
  expect(small.peakBytes).toBeGreaterThan(4 * 4 * 128)
  expect(small.peakBytes).toBeLessThan(100 * 4 * 128)
  expect(alive.size).toBe(2 * wide)
})

test('a run that was stopped goes on from what it had come to, to the same bits', async () => {
  const stop = new AbortController()
  let kept: PartialRun | undefined
  const first = runMethod({
    ...request,
    signal: stop.signal,
    onStep: (part) => {
      if (part > 0.4) stop.abort()
    },
    onInterrupt: async (partial) => {
      const state = treeMap(partial.state, (x) => x.mul(1))
      kept = { ...partial, trace: [...partial.trace], state: { ...partial.state, ...state } }
    },
  })
  await expect(first).rejects.toThrow(InterruptedError)
  expect(kept).toMatchObject({ next: 9, nfe: 9, vjps: 9 })
  const rest = await runMethod({ ...request, resume: kept })
  const whole = await runMethod(request)
  expect(rest.x.dataSync()).toEqual(whole.x.dataSync())
  expect(rest.trace).toEqual(whole.trace)
  expect(rest).toMatchObject({ nfe: 20, vjps: 20 })
})

test('samples that are no pictures have no strip', async () => {
  const flat = whitePrior([3])
  const { ddrm, denoise } = await import('@tweedie/solvers')
  const plain = { operator: denoise([3]), noise, y: normal([randomKey(0)], [3]) }
  const outcome = await runMethod({ method: ddrm, problem: plain, prior: flat, options: { steps: 5 } })
  expect(outcome.strip).toEqual([])
  expect(outcome.trace[0]).not.toHaveProperty('psnr')
})

test('a run that is stopped between two windows of a step keeps the state of the step before', async () => {
  const tiles = tiledPrior(whitePrior([1, 4, 4]), { size: [8, 8], overlap: 2 })
  const stop = new AbortController()
  let calls = 0
  // The clock of the rests stands still but for the windows, each of which takes a second.
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => 1000 * calls)
  const slow = (signal: AbortSignal | undefined, at: number) => {
    const window = whitePrior([1, 4, 4])
    const counted: typeof window.denoise = (xt, t) => {
      if (++calls === at) setImmediate(() => stop.abort())
      return window.denoise(xt, t)
    }
    const prior = tiledPrior({ ...window, denoise: counted }, { size: [8, 8], overlap: 2 })
    return { ...request, prior, signal }
  }
  try {
    let kept: PartialRun | undefined
    // 9 windows, forward and again with the gradient: the 50th is inside the third step.
    const first = runMethod({
      ...slow(stop.signal, 50),
      onInterrupt: async (partial) => {
        const state = treeMap(partial.state, (x) => x.mul(1))
        kept = { ...partial, trace: [...partial.trace], state: { ...partial.state, ...state } }
      },
    })
    await expect(first).rejects.toThrow(InterruptedError)
    expect(calls).toBe(50)
    expect(kept).toMatchObject({ next: 2, nfe: 2, vjps: 2 })
    expect(problem.y.device.settle).toBeUndefined()
    const rest = await runMethod({ ...request, prior: tiles, resume: kept })
    const whole = await runMethod({ ...request, prior: tiles })
    expect(rest.x.dataSync()).toEqual(whole.x.dataSync())
  } finally {
    clock.mockRestore()
  }
})
