// Flows trained on draws that a test gives, where the expectations of a loss are exact. A test file that uses it has:
//   vi.mock('../../run/streams.ts', async (original) => {
//     const { listening } = await import('./flow-draws.test.helper.ts')
//     return listening(await original())
//   })
import type { Shape, Tensor } from '@tweedie/tensor'
import { fromData } from '@tweedie/tensor'
import type { noiseStreams } from '../../run/index.ts'

type Streams = { readonly noiseStreams: typeof noiseStreams }

/** Values of normal draws by purpose, in place of those of a run: the same in every step and for every sample. */
let chosen: Readonly<Record<string, readonly number[]>> | undefined

/** The module of random streams, with draws of ours where a test has some. Keys are then those of step 0. */
export const listening = ({ noiseStreams }: Streams): Streams => ({
  noiseStreams: (options) => {
    const streams = noiseStreams(options)
    return {
      ...streams,
      keysOf: (step, name) => streams.keysOf(chosen === undefined ? step : 0, name),
      normal: (step: number, name: string, shape: Shape): Tensor => {
        const values = chosen?.[name]
        if (values === undefined) return streams.normal(step, name, shape)
        const all = Array.from({ length: options.count }, () => values).flat()
        return fromData(Float64Array.from(all), [options.count, ...shape], { dtype: 'float64' })
      },
    }
  },
})

/** What `fn` comes to with these draws. */
export async function withDraws<T>(draws: typeof chosen, fn: () => Promise<T>): Promise<T> {
  chosen = draws
  try {
    return await fn()
  } finally {
    chosen = undefined
  }
}

/** Adam on plain numbers (arXiv 1412.6980, Algorithm 1), after a cut of the gradient's norm. */
export function plainAdam(start: readonly number[], rate: (step: number) => number, cut: number) {
  const params = [...start]
  const [m, v] = [params.map(() => 0), params.map(() => 0)]
  let step = 0
  const update = (gradient: readonly number[]) => {
    const norm = Math.hypot(...gradient)
    const eta = rate(step++)
    gradient.forEach((given, j) => {
      const g = (given * cut) / Math.max(norm, cut)
      m[j] = 0.9 * m[j]! + 0.1 * g
      v[j] = 0.999 * v[j]! + 0.001 * g * g
      const [mean, square] = [m[j]! / (1 - 0.9 ** step), v[j]! / (1 - 0.999 ** step)]
      params[j]! -= (eta * mean) / (Math.sqrt(square) + 1e-8)
    })
  }
  return { params, update }
}

/**
 * A flow of one number and one block, x = (z·e^{l₁} + c₁)·e^{l₂} + c₂ with parameters l₁, c₁, l₂, c₂, and the gradient of
 * Σ u_k·x_k − weight·log|dx/dz|.
 */
export const affineFlow = {
  draw: ([l1 = 0, c1 = 0, l2 = 0, c2 = 0]: readonly number[], z: number) =>
    (z * Math.exp(l1) + c1) * Math.exp(l2) + c2,
  gradient: (params: readonly number[], z: readonly number[], u: readonly number[], weight: number) => {
    const [l1 = 0, c1 = 0, l2 = 0] = params
    const sum = (f: (k: number) => number) => z.reduce((total, _, k) => total + u[k]! * f(k), 0)
    return [
      sum((k) => z[k]! * Math.exp(l1 + l2)) - weight,
      sum(() => Math.exp(l2)),
      sum((k) => (z[k]! * Math.exp(l1) + c1) * Math.exp(l2)) - weight,
      sum(() => 1),
    ]
  },
  /** Mean and standard deviation of x. */
  moments: ([l1 = 0, c1 = 0, l2 = 0, c2 = 0]: readonly number[]) => ({
    mean: c1 * Math.exp(l2) + c2,
    deviation: Math.exp(l1 + l2),
  }),
}
