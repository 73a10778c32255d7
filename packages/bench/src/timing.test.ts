import process from 'node:process'
import { describe, expect, it } from 'vitest'
import type { Clock, Work } from './engine.ts'
import { timeInRounds } from './timing.ts'

describe('timeInRounds', () => {
  const order: string[] = []
  const selfTimed = (engine: string, ms: number) => ({
    engine,
    prepared: {
      outputs: async () => [],
      free: () => undefined,
      work: {
        kind: 'self-timed' as const,
        sample: async (samples: number) => {
          order.push(engine)
          return Array.from({ length: samples }, () => ms)
        },
      },
    },
  })

  it('asks the engines in turn, beginning with another each round', async () => {
    const timed = await timeInRounds([selfTimed('a', 1), selfTimed('b', 1)], 1e-6)
    expect(order.slice(-10).join('')).toBe('abbaabbaab')
    expect(timed.get('a')!.ms.length).toBe(5)
  })

  it('lets an engine go with three samples where they take very long', async () => {
    const timed = await timeInRounds([selfTimed('slow', 1000), selfTimed('fast', 1)], 1e-6)
    expect(timed.get('slow')!.ms.length).toBe(3)
    expect(timed.get('fast')!.ms.length).toBe(5)
  })

  it('by the clock of the processor a rest counts nothing, work does, and a peer is asked for that clock', async () => {
    const asked: string[] = []
    const engine = (name: string, work: Work) => ({
      engine: name,
      prepared: { outputs: async () => [], free: () => undefined, work },
    })
    const sample = async (samples: number, _: number, clock: Clock) => {
      asked.push(clock)
      return Array.from({ length: samples }, () => 1)
    }
    const entrants = [
      engine('rests', { kind: 'called', run: () => new Promise((resolve) => setTimeout(resolve, 40)) }),
      engine('works', {
        kind: 'called',
        run: () => {
          const { user } = process.cpuUsage()
          while (process.cpuUsage().user - user < 20_000);
        },
      }),
      engine('peer', { kind: 'self-timed', sample }),
    ]
    const timed = await timeInRounds(entrants, 1e-6, { clock: 'cpu' })
    const least = (name: string) => Math.min(...timed.get(name)!.ms)
    expect(least('rests')).toBeLessThan(20)
    expect(least('works')).toBeGreaterThanOrEqual(20)
    expect(asked.slice(-5)).toEqual(new Array(5).fill('cpu'))
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ])('passes on what an engine %s after its warm-up', async (_, fail) => {
    let calls = 0
    const run = () => (++calls > 100 ? fail() : undefined)
    const prepared = {
      outputs: async () => [],
      free: () => undefined,
      work: { kind: 'called' as const, run },
    }
    await expect(timeInRounds([{ engine: 'a', prepared }], 1e-6)).rejects.toThrow('broken')
  })
})
