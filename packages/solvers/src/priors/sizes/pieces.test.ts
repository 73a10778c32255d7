import { conv2d, memory, normal, randomKey, scope, tanh, tensor } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { dps } from '../../methods/index.ts'
import { gaussianNoise } from '../../noise/index.ts'
import { inpaint } from '../../operators/index.ts'
import { breathe, run } from '../../run/index.ts'
import { vpLinear } from '../../schedules/index.ts'
import { countCalls, networkPrior } from '../index.ts'
import { byPieces, piece } from './pieces.ts'
import { tiledPrior } from './tiled.ts'

const options = { dtype: 'float64', device: 'reference' } as const

/** A prior on 8×10 pictures by windows of 4×4, and how often its network was asked for a window. */
function windowed() {
  const kernel = normal(randomKey(3), [1, 1, 3, 3], options).mul(0.3)
  let asked = 0
  const window = networkPrior({
    ...{ name: 'window', shape: [1, 4, 4], schedule: vpLinear() },
    predict: (x) => {
      asked++
      return tanh(conv2d(x, kernel, { padding: 1 }))
    },
  })
  const prior = countCalls(tiledPrior(window, { size: [8, 10], overlap: 2 }))
  return { prior, asked: () => asked }
}

const operator = inpaint([1, 8, 10], { box: 4 })
const y = operator.forward(normal(randomKey(5), [2, 1, 8, 10], options))
const problem = { operator, noise: gaussianNoise(0.1), y }

test('a step of windows that rests before each of them: the same bits, each window asked for as often, nothing left', async () => {
  const settings = { steps: 3, scale: 0.1, seed: 2 }
  const plain = windowed()
  const whole = await run(dps(problem, plain.prior, settings))
  const { device } = problem.y
  const rested = windowed()
  let rests = 0
  let due = true
  const before = memory().tensors
  device.settle = (work) =>
    byPieces(work, () => {
      due = !due // Once it has rested, the piece is done.
      if (due) return undefined
      rests++
      return breathe()
    })
  try {
    const x = await run(dps(problem, rested.prior, settings))
    expect([...x.dataSync()]).toEqual([...whole.dataSync()])
    x.dispose()
  } finally {
    Reflect.deleteProperty(device, 'settle')
  }
  // What ran before may be freed meanwhile.
  expect(memory().tensors).toBeLessThanOrEqual(before)
  // 3·4 windows, forward and again with the gradient, in three steps.
  expect(rests).toBe(3 * 2 * 12)
  expect(rested.asked()).toBe(plain.asked())
  expect(rested.prior.calls).toEqual(plain.prior.calls)
})

test('a rest that is refused ends the work, and so does an error of its own; nothing is left', async () => {
  const stop = new Error('stop')
  let done = 0
  const work = () =>
    scope(() => {
      for (let i = 0; i < 4; i++)
        piece(() => {
          done++
          return tensor([i]).square()
        })
      return tensor([done])
    })
  const before = memory().tensors
  let asked = 0
  await expect(byPieces(work, () => (++asked === 3 ? Promise.reject(stop) : undefined))).rejects.toBe(stop)
  expect(done).toBe(2)
  const failing = () =>
    piece(() => {
      throw stop
    })
  await expect(byPieces(failing, () => undefined)).rejects.toBe(stop)
  expect(memory().tensors).toBe(before)
})

test('work that swallows the break is broken off all the same', async () => {
  let first = true
  const due = () => {
    if (!first) return undefined
    first = false
    return breathe()
  }
  const work = () => {
    try {
      return piece(() => 1)
    } catch {
      return 0
    }
  }
  expect(await byPieces(work, due)).toBe(1)
})
