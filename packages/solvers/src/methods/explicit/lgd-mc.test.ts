import { describe, it } from 'vitest'
import { noiseStreams } from '../../run/index.ts'
import type { At } from '../follows.test.helper.ts'
import { follows, tweedie } from '../follows.test.helper.ts'
import type { LgdMcOptions } from '../index.ts'
import { lgdMc } from '../index.ts'
import type { Vector } from '../written-out.test.helper.ts'
import { dot, plus, times, transposed } from '../written-out.test.helper.ts'
import { A, firstSample, list, n, names, problemOf, seed, y } from '../written-out-problem.test.helper.ts'

const sigmaY = 0.7
const streams = noiseStreams({ seed, firstSample, count: 1, dtype: 'float64' })

/** scale·∇_{x_t} log Σ exp(−‖y − A x₀ⁱ‖²/(2σ_y²)), in plain numbers. */
function says(at: At, { samples = 10, spread = 1, variance = 1, scale = 1 }: LgdMcOptions) {
  const r = spread / Math.sqrt(1 / variance + (at.alpha / at.sigma) ** 2)
  const z = list(streams.normal(at.i, 'points', [samples, n]))
  const left = Array.from({ length: samples }, (_, k): Vector => {
    const point = plus([1, at.x0], [r, z.slice(k * n, (k + 1) * n)])
    return plus([1, y], [-1, times(A, point)])
  })
  const logs = left.map((v) => -dot(v, v) / (2 * sigmaY ** 2))
  const top = Math.max(...logs)
  const mass = logs.map((l) => Math.exp(l - top))
  const total = mass.reduce((a, b) => a + b, 0)
  const mean = plus(...left.map((v, k) => [mass[k]! / total / sigmaY ** 2, v] as const))
  return tweedie(at, plus([scale, at.back(times(transposed(A), mean))]))
}

describe.each(names)('LGD-MC on %s', (name) => {
  const cases: readonly LgdMcOptions[] = [
    {},
    { samples: 1, scale: 0.3, eta: 0.4 },
    { samples: 4, spread: 0.5, variance: 0.3, clip: [-0.6, 0.9] },
    { samples: 3, spread: 0 },
  ]
  it.each(cases)('%j', (options) =>
    follows(lgdMc, problemOf(sigmaY), name, options, (at) => says(at, options)),
  )
})
