// The order of the rows of DW-4, pure guidance, G-SMC, VCG from the worst, where all of it has a closed form: N(0, 4I) in the plane,
// tilted by −‖x‖²/(2τ²). There VCG's weights do not depend on the particles, and pure guidance ends in a Gaussian whose variance is known.
import { afdps, driftlite, gaussianPrior, gSmc, run } from '@tweedie/solvers'
import { Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { methodRow } from '../rows/method.ts'
import type { Row } from '../types.ts'
import { linearCase } from './pose.ts'

const [v, tau, steps, K] = [4, 1.25, 100, 1000]
const posed = () =>
  linearCase({
    prior: gaussianPrior({ mean: [0, 0], covariance: v }),
    A: Matrix.eye(2),
    sigma: tau,
    truth: new Float64Array(2),
    y: new Float64Array(2),
  })
/** The variance of each coordinate of the tilted law. */
const P = 1 / (1 / v + 1 / tau ** 2)

/**
 * That of pure guidance, by its own steps: z ← (z + s·dτ)/(1 + dτ/τ²) + √dτ·ξ with the score s = −z/(v + ς²), from the law that is ∝
 * N(0, ς_T²)·e^r, and x̂₀ = z·v/(v + ς²) at the end.
 */
async function pureVariance(many: number): Promise<number> {
  const { prior, problem } = posed()
  /** ς² of each step. */
  const squares: number[] = []
  using _ = await run(afdps(problem, prior, { steps: many, particles: 1, gamma: 0 }), {
    onStep: ({ t }) => void squares.push((prior.schedule.sigma(t) / prior.schedule.alpha(t)) ** 2),
  })
  const [first = 0] = squares
  return squares.reduce(
    (V, square, i) => {
      const next = squares[i + 1]
      if (next === undefined) return V * (v / (v + square)) ** 2
      const dtau = square - next
      return V * ((1 - dtau / (v + square)) / (1 + dtau / tau ** 2)) ** 2 + dtau
    },
    1 / (1 / first + 1 / tau ** 2),
  )
}

/** The root of the mean square of all coordinates that a row draws. */
async function spread(row: Row): Promise<number> {
  const { values } = await row.draw(posed(), { samples: K, seed: 1 })
  return Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length)
}

/** The effective part of the particles, step by step but the last, which weighs by r(x₀) itself; and log Ẑ there. */
async function weightsOf(method: typeof gSmc | typeof driftlite, seed: number) {
  const { prior, problem } = posed()
  const [steps, particles] = [40, 200]
  const parts: number[] = []
  let logEvidence = Number.NaN
  using _ = await run<{ i: number; ess: readonly number[]; logEvidence: readonly number[] }>(
    method(problem, prior, { steps, particles, seed }),
    {
      onStep: (step) => {
        if (step.i === steps - 1) return
        parts.push((step.ess[0] ?? 0) / particles)
        logEvidence = step.logEvidence[0] ?? Number.NaN
      },
    },
  )
  return { least: Math.min(...parts), logEvidence }
}

describe('the order of DW-4 on a Gaussian', () => {
  it('pure guidance has a law of its own, narrower than the tilted one whatever the steps', async () => {
    const V = await pureVariance(steps)
    const found = await spread(methodRow(afdps, { particles: 1, gamma: 0, steps }))
    // A root mean square of 2K normals errs by √V/√(4K).
    expect(Math.abs(found - Math.sqrt(V))).toBeLessThan((5 * Math.sqrt(V)) / Math.sqrt(4 * K))
    // dV/da = 2V·(1/a + 1/τ²) − 1 from a = ∞ down to v: V(v) = v²·e^{2v/τ²}·∫_v^∞ a⁻²·e^{−2a/τ²} da.
    const h = 1e-3
    let limit = 0
    for (let a = v + h / 2; a < v + 40; a += h) limit += (h * Math.exp((-2 * (a - v)) / tau ** 2)) / a ** 2
    limit *= v ** 2
    expect(Math.abs((await pureVariance(8 * steps)) - limit)).toBeLessThan(0.2 * Math.abs(V - limit))
    expect(Math.sqrt(P) - Math.sqrt(limit)).toBeCloseTo(0.2978, 4)
  })

  it('G-SMC and VCG are nearer by more than their errors', async () => {
    const away = Math.sqrt(P) - Math.sqrt(await pureVariance(steps))
    // √P/√(4K) = 0.017 for independent draws, and resampling at half of them no more than doubles the variance in each of the few times.
    const smc = Math.abs((await spread(methodRow(gSmc, { steps }, { samplesAre: 'one run' }))) - Math.sqrt(P))
    const vcg = Math.abs(
      (await spread(methodRow(driftlite, { steps }, { samplesAre: 'one run' }))) - Math.sqrt(P),
    )
    expect(smc).toBeLessThan(away / 2)
    expect(vcg).toBeLessThan(away / 3)
  })

  it("VCG's weights are even and say the same whatever the draws; G-SMC's are not", async () => {
    const [one, other] = [await weightsOf(driftlite, 1), await weightsOf(driftlite, 2)]
    expect(one.least).toBeGreaterThan(1 - 1e-6)
    expect(other.logEvidence).toBeCloseTo(one.logEvidence, 8)
    const [a, b] = [await weightsOf(gSmc, 1), await weightsOf(gSmc, 2)]
    expect(a.least).toBeLessThan(0.9)
    expect(Math.abs(a.logEvidence - b.logEvidence)).toBeGreaterThan(1e-6)
  })
})
