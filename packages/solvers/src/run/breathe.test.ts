import { Worker } from 'node:worker_threads'
import type { Tensor } from '@tweedie/tensor'
import { OptionError, tensor } from '@tweedie/tensor'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { gaussianPrior } from '../priors/index.ts'
import { sampleUnconditional } from '../samplers/unconditional.ts'
import { breathe } from './breathe.ts'
import { run } from './drive.ts'

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

/** A run of steps that take `ms` each on a clock that only they move. */
function stepsOf(ms: number, count: number): AsyncGenerator<number, Tensor> {
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  return (async function* () {
    for (let i = 0; i < count; i++) {
      now += ms
      yield i
    }
    return tensor(0)
  })()
}

/** The steps after which the event loop had a turn. */
async function turns(steps: AsyncGenerator<number, Tensor>, every?: boolean | number): Promise<number[]> {
  const seen: number[] = []
  let step = 0
  let running = true
  const tick = () => {
    if (!running) return
    if (seen.at(-1) !== step) seen.push(step)
    setImmediate(tick)
  }
  setImmediate(tick)
  await run(steps, {
    ...(every === undefined ? {} : { breathe: every }),
    onStep: (i) => {
      step = i
    },
  })
  running = false
  return seen
}

describe('a run lets the event loop have its turn', () => {
  test.each<[string, boolean | number | undefined, number, readonly number[]]>([
    ['never, unless asked', undefined, 20, []],
    ['never, where told so', false, 20, []],
    ['after every step longer than a frame', true, 20, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
    ['once in 16 ms', true, 5, [3, 7, 11]],
    ['as often as asked', 30, 5, [5, 11]],
    ['after every step', 0, 0, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
  ])('%s', async (_, every, ms, expected) => {
    expect(await turns(stepsOf(ms, 12), every)).toEqual(expected)
  })

  test('timers fire, and one that aborts the signal ends the run', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    setTimeout(() => controller.abort(reason))
    const endless = (async function* (): AsyncGenerator<number, Tensor> {
      for (let i = 0; ; i++) yield i
    })()
    await expect(run(endless, { breathe: 0, signal: controller.signal })).rejects.toBe(reason)
  })

  test('the result is the same to the bit', async () => {
    const prior = gaussianPrior({ mean: [0.5, -0.5], covariance: 0.01 })
    const draw = (every: boolean | number) =>
      run(sampleUnconditional(prior, { count: 3, steps: 20, seed: 7 }), { breathe: every })
    expect((await draw(0)).dataSync()).toEqual((await draw(false)).dataSync())
  })

  test.each([-1, Number.NaN])('refuses %d ms, and ends the generator', async (every) => {
    let ended = false
    const steps = (async function* (): AsyncGenerator<number, Tensor> {
      try {
        yield 0
        return tensor(0)
      } finally {
        ended = true
      }
    })()
    await steps.next()
    await expect(run(steps, { breathe: every })).rejects.toThrow(OptionError)
    expect(ended).toBe(true)
  })
})

describe('breathe()', () => {
  const timersFire = async () => {
    let fired = false
    setTimeout(() => {
      fired = true
    })
    while (!fired) await breathe()
  }

  test('with ports, where there is no setImmediate', async () => {
    vi.stubGlobal('setImmediate', undefined)
    await timersFire()
  })

  test('with timers, where there are neither', async () => {
    vi.stubGlobal('setImmediate', undefined)
    vi.stubGlobal('MessageChannel', undefined)
    await timersFire()
  })

  test('in a worker, messages arrive while it runs', async () => {
    const code = `
      const { parentPort } = require('node:worker_threads')
      import(${JSON.stringify(new URL('./breathe.ts', import.meta.url).href)}).then(async ({ breathe }) => {
        let stopped = false
        parentPort.once('message', () => { stopped = true })
        parentPort.postMessage('started')
        while (!stopped) await breathe()
        parentPort.postMessage('stopped')
      })`
    const worker = new Worker(code, { eval: true })
    const messages: unknown[] = []
    await new Promise<void>((done, failed) => {
      worker.on('error', failed)
      worker.on('message', (message) => {
        messages.push(message)
        if (message === 'started') worker.postMessage('stop')
        else done()
      })
    })
    expect(messages).toEqual(['started', 'stopped'])
    await worker.terminate()
  })
})
