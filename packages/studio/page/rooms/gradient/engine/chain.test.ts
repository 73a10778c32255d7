import { revolveRecomputations, vjp } from '@tweedie/autograd'
import { respace } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { memory, normal, peakBytesOf, randomKey, resetPeak, scope } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import type { DigitsProblem } from '../../digits/engine/problem.ts'
import { pose } from '../../digits/engine/problem.ts'
import { keptOf } from '../words.ts'
import type { ChainRun } from './chain.ts'
import { runChain } from './chain.ts'
import { watchLive } from './live.ts'
import { small } from './small.test.helper.ts'

const problem: DigitsProblem = {
  ...{ digit: 0, drawn: '', mask: '', operator: 'sr:factor=4', noise: 'gaussian:sigma=0.05' },
}
const state = 4 * 784
const at = (strategy: 'tape' | 'checkpoint' | { slots: number }, steps = 10): ChainRun =>
  runChain({ problem, seed: 3, steps, strategy }, small)

test('the curve is the engine’s own count: its top is the high-water mark, its end what is left', () => {
  using x = normal(randomKey(1), [64, 64])
  resetPeak()
  const before = memory().bytes
  const { result, live } = watchLive(() => scope(() => x.exp().add(x.square()).exp().mul(2).sum()))
  using sum = result
  expect(Math.max(...live.bytes)).toBe(memory().peakBytes - before)
  expect(live.bytes.at(-1)).toBe(sum.storage.bytes)
  expect([...live.at]).toEqual([...live.at].sort((a, b) => a - b))
  expect(peakBytesOf(() => void scope(() => x.exp()))).toBe(x.storage.bytes) // nobody watches any more
})

test('tape, checkpoints and revolve: ever less memory, ever more evaluations, and the same bits', () => {
  const before = memory().tensors
  const [tape, checkpoint] = [at('tape'), at('checkpoint')]
  const revolved = [1, 2, 3, 5, 9].map((slots) => [slots, at({ slots })] as const)
  expect(memory().tensors).toBe(before)
  const oneTape = (tape.evaluations[1]?.kept ?? 0) - (tape.evaluations[0]?.kept ?? 0)
  expect(oneTape).toBeGreaterThan(8 * state)
  expect(tape.evaluations.map(({ step, taped, kept }) => [step, taped, kept])).toEqual(
    Array.from({ length: 10 }, (_, k) => [k, true, state + k * oneTape]),
  )
  // Nine states kept before the last step, besides the one in hand; then a step runs again, from the last one back.
  expect(checkpoint.evaluations.map(({ step, taped }) => `${step}${taped ? '*' : ''}`).join(' ')).toBe(
    '0 1 2 3 4 5 6 7 8 9* 8* 7* 6* 5* 4* 3* 2* 1* 0*',
  )
  expect(keptOf(checkpoint)).toBeLessThan(11 * state)
  // Nine tapes of a step more, but for the nine states that stand for them, a cotangent and the two ends of a step.
  expect(tape.peak - checkpoint.peak).toBeLessThanOrEqual(9 * oneTape)
  expect(tape.peak - checkpoint.peak).toBeGreaterThan(9 * oneTape - 12 * state)
  for (const [slots, run] of revolved) {
    expect(run.evaluations.length).toBe(10 + revolveRecomputations(10, slots))
    expect(run.evaluations.filter(({ taped }) => taped).map(({ step }) => step)).toEqual(
      Array.from({ length: 10 }, (_, k) => 9 - k), // each step is gone back through once, from the last
    )
    expect(run.gradient).toEqual(tape.gradient)
    expect(run.peak).toBeLessThanOrEqual(checkpoint.peak)
    if (slots < 9) expect(run.peak).toBeLessThan(checkpoint.peak)
    // The slots, the state in hand, and at most two cotangents with it.
    expect(keptOf(run)).toBeLessThan((slots + 4) * state)
  }
  expect([revolveRecomputations(10, 3), revolveRecomputations(10, 1)]).toEqual([15, 45])
  expect(checkpoint.gradient).toEqual(tape.gradient)
  expect([checkpoint.loss, checkpoint.x]).toEqual([tape.loss, tape.x])
  for (const run of [tape, checkpoint]) {
    // Each step's way back after its evaluation, from the last one to the first; of checkpoints before the next one runs.
    expect(run.back.map(({ step }) => step)).toEqual(Array.from({ length: 10 }, (_, k) => 9 - k))
    for (const { step, from, to } of run.back) {
      const own = run.evaluations.findLast((one) => one.step === step && one.taped)
      expect(from >= (own?.to ?? Number.POSITIVE_INFINITY) && to > from).toBe(true)
      if (run === checkpoint && step > 0)
        expect(run.evaluations.findLast((one) => one.step === step - 1)?.from).toBeGreaterThanOrEqual(to)
    }
    expect(run.evaluations.every(({ from, to }, k, all) => to >= from && from >= (all[k - 1]?.to ?? 0))).toBe(
      true,
    )
    expect(run.milliseconds).toBeGreaterThanOrEqual(run.evaluations.at(-1)?.to ?? 0)
    expect(run.peak).toBe(Math.max(...run.live.bytes))
  }
})

test('it is the gradient of ‖y − A(x)‖² through DDIM, written out', () => {
  const steps = 4
  const run = at('tape', steps)
  const { operator, y, truth } = pose(problem, 3, small.heldOut)
  using z = normal(randomKey(3).fold('gradient').fold('z'), [1, 1, 28, 28])
  const [loss, back] = vjp((noise: Tensor) => {
    const { schedule } = small.prior
    const times = respace(schedule, steps)
    let x = noise.mul(schedule.sigma(times[0]?.t ?? 0))
    for (const { t, s } of times) {
      const x0 = small.prior.denoise(x, t)
      const e = x.sub(x0.mul(schedule.alpha(t))).div(schedule.sigma(t))
      x = x0.mul(schedule.alpha(s)).add(e.mul(schedule.sigma(s)))
    }
    return y.sub(operator.forward(x)).square().sum()
  }, z)
  using one = loss.mul(0).add(1)
  using g = back(one)[0]
  const wanted = Array.from(g.dataSync(), Number)
  const largest = Math.max(...wanted.map(Math.abs))
  // A few float32 roundings of each of four steps.
  expect(Math.max(...wanted.map((v, i) => Math.abs(v - (run.gradient[i] ?? 0))))).toBeLessThan(1e-5 * largest)
  expect(Math.abs(run.loss / Number(loss.dataSync()[0]) - 1)).toBeLessThan(1e-5)
  for (const x of [y, truth, loss]) x.dispose()
})
