import type { Tensor } from '@tweedie/tensor'
import { fromData, NonFiniteError, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { matrixOperator } from '../operators/index.ts'
import { iterate, noiseStreams, run } from '../run/index.ts'
import type { ResamplerName, SmcShown } from './index.ts'
import { DegenerateWeightsError, lineages, populationOf, resamplers, smcPlan } from './index.ts'

const float64 = { dtype: 'float64' } as const
const N = 2
const times = [{ t: 3, s: 2 }, { t: 2, s: 1 }, { t: 1, s: 0 }] // biome-ignore format: a list
const names = Object.keys(resamplers) as ResamplerName[]

interface Toy {
  readonly particles?: number
  readonly resampler?: ResamplerName
  readonly threshold?: number
  /** Of x, at step i. */
  readonly potential?: (x: Tensor, i: number) => Tensor
  readonly moved?: (x: Tensor) => Tensor
}
/** A random walk whose particles carry the number of their place at the start. */
function walk({
  particles = 6,
  resampler = 'systematic',
  threshold = 1,
  potential = (x) => x.mul(0.5),
  moved,
}: Toy = {}) {
  const streams = noiseStreams({ seed: 5, count: N, dtype: 'float64' })
  const z = (i: number, purpose: string, shape: readonly number[]) => streams.normal(i, purpose, shape)
  const options = { particles, resampler, threshold }
  const cloud = populationOf({ options, z })
  const y = tensor([[0], [1]], float64)
  const problem = { operator: matrixOperator(tensor([[1]], float64)), y }
  const plan = smcPlan('toy', { problem, times, options, z, keys: streams.keysOf }, {
    start: () => {
      const tag = fromData(Float64Array.from({ length: N * particles }, (_, k) => k), [N * particles])
      return { particles: { x: cloud.z(0, 'start', [1]), tag }, shared: {} }
    },
    weigh: ({ x, tag }, shared, _, i) => ({
      logWeight: potential(x.reshape([-1]), i),
      found: { x0hat: x, tag, kept: x.mul(10) },
      shared,
    }),
    move: ({ x0hat, tag, kept }, _, __, i) => {
      expect(Array.from(kept.dataSync())).toEqual(Array.from(x0hat.mul(10).dataSync()))
      const x = x0hat.add(cloud.z(i, 'step', [1]))
      return { particles: { x, tag }, ...(moved && { logWeight: moved(x.reshape([-1])) }) }
    },
  }) // biome-ignore format: arguments
  return iterate({ name: 'toy', times, ...plan })
}
type Shown = SmcShown<{ readonly x: Tensor; readonly tag: Tensor }>
interface Seen extends Omit<Shown, 'particles'> {
  readonly xs: readonly number[]
  readonly tags: readonly number[]
  readonly picked: readonly number[]
}
async function steps(toy: Toy = {}): Promise<Seen[]> {
  const seen: Seen[] = []
  const x = await run(walk(toy), {
    onStep: ({ particles, x, ...shown }) => {
      const [xs, tags, picked] = [particles.x, particles.tag, x].map((v) => Array.from(v.dataSync()))
      seen.push({ ...shown, xs: xs!, tags: tags!, picked: picked! })
    },
  })
  x.dispose()
  return seen
}
const near = (a: ArrayLike<number>, b: readonly number[], digits = 12) =>
  b.forEach((v, i) => expect(a[i]).toBeCloseTo(v, digits))

describe('smcPlan', () => {
  it.each(names)('gathers all that was found by the ancestor: %s', async (resampler) => {
    const seen = await steps({ resampler })
    const K = 6
    for (let i = 0; i < N; i++) {
      const [origin] = lineages(seen.map(({ ancestors }) => ancestors))
      seen
        .at(-1)!
        .tags.slice(i * K, (i + 1) * K)
        .forEach((tag, k) => expect(tag).toBe(i * K + origin![i]![k]!))
    }
    for (const { picked, xs } of seen)
      picked.forEach((x, i) => expect(xs.slice(i * K, (i + 1) * K)).toContain(x))
  })

  it('without resampling, with one particle or many, is importance sampling', async () => {
    for (const particles of [1, 7]) {
      const seen = await steps({ particles, threshold: 0, moved: (x) => x.mul(-0.25) })
      expect(seen.flatMap(({ ancestors }) => ancestors.map((own) => Array.from(own)))).toEqual(
        Array.from({ length: 3 * N }, () => Array.from({ length: particles }, (_, k) => k)),
      )
      // Every x_t weighs e^{x/2}, every move e^{−x/4}: all that the last weights are made of.
      const streams = noiseStreams({ seed: 5, count: N, dtype: 'float64' })
      let x = Array.from(streams.normal(0, 'start', [particles, 1]).dataSync())
      const logs = x.map(() => 0)
      for (let i = 0; i < 3; i++) {
        const z = streams.normal(i, 'step', [particles, 1]).dataSync()
        x.forEach((v, k) => (logs[k]! += v / 2))
        x = x.map((v, k) => v + z[k]!)
        x.forEach((v, k) => (logs[k]! -= v / 4))
      }
      const of = (i: number) => logs.slice(i * particles, (i + 1) * particles)
      const sum = (i: number) => of(i).reduce((total, l) => total + Math.exp(l), 0)
      near(
        seen.at(-1)!.logEvidence,
        [0, 1].map((i) => Math.log(sum(i) / particles)),
      )
      for (const i of [0, 1])
        near(
          seen.at(-1)!.weights[i]!,
          of(i).map((l) => Math.exp(l) / sum(i)),
        )
    }
  })

  it.each(names)(
    'a constant in every potential shifts the evidence and nothing else: %s',
    async (resampler) => {
      const plain = await steps({ resampler, threshold: 0.9 })
      for (const shift of [1e4, -1e4]) {
        const shifted = await steps({ resampler, threshold: 0.9, potential: (x) => x.mul(0.5).add(shift) })
        shifted.forEach((step, i) => {
          expect(step.ancestors).toEqual(plain[i]!.ancestors)
          expect(step.picked).toEqual(plain[i]!.picked)
          near(step.ess, [...plain[i]!.ess], 8)
          near(
            step.logEvidence,
            plain[i]!.logEvidence.map((log) => log + (i + 1) * shift),
            7,
          )
        })
      }
    },
  )

  it('shows what the sample size was before ancestors were drawn, and at the end that of the result', async () => {
    const seen = await steps({ threshold: 0.5, potential: (x, i) => x.mul(i === 0 ? 0 : 2) })
    near(seen[0]!.ess, [6, 6])
    for (const own of seen[0]!.ancestors) expect(Array.from(own)).toEqual([0, 1, 2, 3, 4, 5])
    const { weights, ess } = seen.at(-1)!
    near(
      ess,
      weights.map((w) => 1 / w.reduce((sum, v) => sum + v * v, 0)),
    )
  })

  it('a particle of weight 0 has no children; a sample of none is an error, and so is NaN', async () => {
    const lost = (x: Tensor) => x.mul(0).add(fromData(Float64Array.of(0, -Infinity, 0, 0, -Infinity, 0), [6]))
    const seen = await steps({ particles: 3, potential: (x, i) => (i === 0 ? lost(x) : x.mul(0)) })
    expect(Array.from(seen[0]!.ancestors[0]!)).not.toContain(1)
    expect(Array.from(seen[0]!.ancestors[1]!)).not.toContain(1)
    await expect(steps({ potential: (x) => x.mul(0).sub(Infinity) })).rejects.toThrow(DegenerateWeightsError)
    await expect(steps({ potential: (x, i) => (i === 1 ? x.mul(Number.NaN) : x) })).rejects.toThrow(
      NonFiniteError,
    )
    await expect(steps({ moved: (x) => x.mul(Number.NaN) })).rejects.toThrow(
      'toy: a log-weight is NaN in step 1 of 3 (t = 3)',
    )
  })
})
