import { memory, NonFiniteError, type Tensor, tensor } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { drive } from './drive.ts'
import { InterruptedError } from './interrupted.ts'

/** Steps 0, 1, … that show a tensor each, which is gone at the next; says when it has ended. */
async function* counting(
  steps: number,
  log: string[],
  last = 1,
): AsyncGenerator<{ i: number; x: Tensor }, Tensor> {
  try {
    for (let i = 0; i < steps; i++) {
      using x = tensor([i])
      yield { i, x }
    }
    return tensor([last, 1])
  } finally {
    log.push('ended')
  }
}

test('every step is shown and awaited, and the event loop has its turn after it', async () => {
  const log: string[] = []
  const x = await drive(counting(3, log), {
    onStep: async ({ i }) => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      setImmediate(() => log.push(`turn ${i}`))
      log.push(`step ${i}`)
    },
  })
  expect(log).toEqual(['step 0', 'turn 0', 'step 1', 'turn 1', 'step 2', 'turn 2', 'ended'])
  expect(Array.from(x.dataSync())).toEqual([1, 1])
})

test('a step that takes several turns of the event loop ends before the next begins', async () => {
  const log: string[] = []
  await drive(counting(3, log), {
    onStep: async ({ i }) => {
      log.push(`begin ${i}`)
      for (let turn = 0; turn < 5; turn++) await new Promise((done) => setImmediate(done))
      log.push(`end ${i}`)
    },
  })
  expect(log).toEqual(['begin 0', 'end 0', 'begin 1', 'end 1', 'begin 2', 'end 2', 'ended'])
})

test('a signal stops between two steps, after the first at the earliest; the last step is still there', async () => {
  for (const [at, raised] of [
    [0, true],
    [2, false],
  ] as const) {
    const log: string[] = []
    const stop = new AbortController()
    if (raised) stop.abort()
    const before = memory().tensors
    const driven = drive(counting(5, log), {
      signal: stop.signal,
      onStep: ({ i }) => {
        log.push(`step ${i}`)
        if (i === at) setImmediate(() => stop.abort())
      },
      onInterrupt: ({ i, x }) => void log.push(`at ${i}: ${x.dataSync()[0]}`),
    })
    await expect(driven).rejects.toThrow(InterruptedError)
    expect(log.slice(-2)).toEqual([`at ${at}: ${at}`, 'ended'])
    expect(log.filter((entry) => entry.startsWith('step'))).toHaveLength(at + 1)
    expect(memory().tensors).toBe(before)
  }
})

test('what is thrown where a run is stopped replaces the interruption', async () => {
  const driven = drive(counting(5, []), {
    signal: AbortSignal.abort(),
    onInterrupt: () => {
      throw new InterruptedError('kept')
    },
  })
  await expect(driven).rejects.toThrow('kept')
})

test('a result that is not finite is refused and freed', async () => {
  for (const value of [Number.NaN, -Infinity]) {
    const before = memory().tensors
    await expect(drive(counting(0, [], value), { diverged: 'it grew' })).rejects.toThrow(
      new NonFiniteError('it grew'),
    )
    expect(memory().tensors).toBe(before)
  }
})
