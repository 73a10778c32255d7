import { normal, OptionError, randomKey, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { discrepancyRule, varianceRule } from './index.ts'

const float64 = { dtype: 'float64' } as const
const list = (x: { dataSync(): ArrayLike<number> }) => Array.from(x.dataSync())

/** Iterates of one sample of three numbers that come to rest around step `calm`, and wander off afterwards. */
const wandering = (seed: number, calm: number, count: number): number[][] => {
  const noise = list(normal(randomKey(seed), [count, 3], float64))
  return Array.from({ length: count }, (_, k) => {
    const size = 0.05 + Math.abs(k - calm) / 10
    return [0, 1, 2].map((i) => (k - calm) / 5 + size * noise[3 * k + i]!)
  })
}

/** The iterate that ES-WMV returns, and when: the variance over a window, written out. */
function stopped(path: readonly number[][], width: number, patience: number) {
  let [least, waited, best] = [Infinity, 0, path[0]!]
  for (let k = 0; k < path.length; k++) {
    if (k + 1 >= width) {
      const window = path.slice(k + 1 - width, k + 1)
      let variance = 0
      for (const i of [0, 1, 2]) {
        const mean = window.reduce((sum, x) => sum + x[i]!, 0) / width
        for (const x of window) variance += (x[i]! - mean) ** 2 / (3 * width)
      }
      if (variance < least) [least, waited, best] = [variance, 0, path[k]!]
      else if (++waited >= patience) return { at: k, best, ended: true }
    }
  }
  return { at: path.length - 1, best, ended: false }
}

describe('the windowed moving variance', () => {
  const paths = [wandering(1, 12, 40), wandering(2, 25, 40), wandering(3, 60, 40)]
  const settings = [[4, 3], [6, 8], [2, 1], [10, 5]] as const // biome-ignore format: a table

  it.each(settings)(
    'with W = %d and P = %d ends each sample where it says, with the iterate of the least',
    (window, patience) => {
      const rule = varianceRule({ window, patience })
      let state = rule.init(
        tensor(
          paths.map(([first]) => first!),
          float64,
        ),
      )
      const best: number[][] = []
      const ended = new Map<number, { at: number; best: number[] }>()
      for (let k = 0; k < 40; k++) {
        const x = tensor(
          paths.map((path) => path[k]!),
          float64,
        )
        const checked = rule.check(state, x, [1, 1, 1])
        state = checked.state
        for (const row of [0, 1, 2]) {
          if (checked.best[row]) best[row] = paths[row]![k]!
          if ((checked.ends[row] || k === 39) && !ended.has(row)) ended.set(row, { at: k, best: best[row]! })
        }
      }
      const expected = paths.map((path) => stopped(path, window, patience))
      expect([0, 1, 2].map((row) => ended.get(row))).toEqual(expected.map(({ at, best }) => ({ at, best })))
      expect(expected.some((one) => one.ended)).toBe(true)
    },
  )

  it('before the first full window the last iterate is the best', () => {
    const rule = varianceRule({ window: 10, patience: 1 })
    let state = rule.init(tensor([[0]], float64))
    for (let k = 0; k < 9; k++) {
      const checked = rule.check(state, tensor([[k]], float64), [1])
      expect([checked.best, checked.ends]).toEqual([[true], [false]])
      state = checked.state
    }
  })

  it('does not count the zeros that a window holds before it is full', () => {
    // At rest at 0, then at 4: with a zero in front the first two would vary least of all.
    const path = [0, 0, 4, 4.2, 4.3, 4.3, 4.5, 4.9].map((v) => [v, v, v])
    const rule = varianceRule({ window: 3, patience: 2 })
    let state = rule.init(tensor([path[0]!], float64))
    let [best, at] = [path[0]!, -1]
    for (let k = 0; at < 0; k++) {
      const checked = rule.check(state, tensor([path[k]!], float64), [1])
      state = checked.state
      if (checked.best[0]) best = path[k]!
      if (checked.ends[0]) at = k
    }
    expect({ at, best, ended: true }).toEqual(stopped(path, 3, 2))
    expect(at).toBe(7)
  })

  it('is what JSON can hold, beside tensors', () => {
    const rule = varianceRule({ window: 3, patience: 2 })
    const { window, ...numbers } = rule.init(tensor([[1, 2]], float64))
    expect(JSON.parse(JSON.stringify(numbers))).toEqual(numbers)
  })

  it('refuses what is no window and no patience', () => {
    for (const bad of [{ window: 1 }, { window: 2.5 }, { patience: 0 }])
      expect(() => varianceRule({ window: 3, patience: 2, ...bad })).toThrow(OptionError)
  })
})

describe('the discrepancy rule', () => {
  it('ends a sample at ‖r‖² = τ²·m·σ_y², not above', () => {
    const { check, init } = discrepancyRule({ tau: 1.5, sigma: 0.2, measured: 16 })
    const x = tensor([[1], [2], [3]], float64)
    const bound = 1.5 * 4 * 0.2
    const { ends, best } = check(init(x), x, [bound - 1e-12, bound + 1e-9, 0])
    expect(ends).toEqual([true, false, true])
    expect(best).toEqual([true, true, true])
  })

  it('needs noise to stop at', () => {
    expect(() => discrepancyRule({ tau: 1, sigma: 0, measured: 4 })).toThrow('needs σ_y above 0')
  })
})
