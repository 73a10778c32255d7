import { describe, it } from 'vitest'
import type { At } from '../follows.test.helper.ts'
import { follows } from '../follows.test.helper.ts'
import type { DmpsOptions } from '../index.ts'
import { dmps } from '../index.ts'
import type { Vector } from '../written-out.test.helper.ts'
import { ddimFrom, plus, times, transposed } from '../written-out.test.helper.ts'
import { A, decomposition, drawn, names, problemOf, y } from '../written-out-problem.test.helper.ts'

const sigmaY = 0.4
/** (1/α)·Aᵀ(σ_y²I + (σ/α)²AAᵀ)⁻¹(y − A x/α) = (1/α)·V diag(s/(σ_y² + (σ/α)²s²)) Uᵀ(y − A x/α). */
function score({ alpha, sigma }: At, x: Vector): number[] {
  const { U, s, V } = decomposition
  const c = times(transposed(U), plus([1, y], [-1 / alpha, times(A, x)]))
  const weighed = V.map((_, k) =>
    k < s.length ? ((s[k] ?? 0) * c[k]!) / (alpha * (sigmaY ** 2 + ((sigma / alpha) * s[k]!) ** 2)) : 0,
  )
  return times(V, weighed)
}

function says(at: At, { scale = 1.75, evalAt = 'before', eta = 1 }: DmpsOptions) {
  const { levels, t, s, x, x0, alpha, sigma } = at
  // DDPM's α_t = ᾱ_t/ᾱ_s, and what takes its place on any schedule.
  const ratio = alpha / levels.alpha(s)
  const beta = sigma ** 2 - (ratio * levels.sigma(s)) ** 2
  const next = ddimFrom(levels, [t, s], eta, x, x0, drawn(at.i, 'step'))
  const guidance = plus([(scale * beta) / ratio, score(at, evalAt === 'before' ? x : next)])
  return { guidance, shift: guidance }
}

describe.each(names)('DMPS on %s', (name) => {
  const cases: readonly DmpsOptions[] = [
    {},
    { evalAt: 'after' },
    { scale: 0.6, eta: 0.3, spacing: 'trailing' },
    { clip: [-0.4, 0.6], evalAt: 'after' },
    { solver: 'cg' },
  ]
  it.each(cases)('%j', (options) =>
    follows(dmps, problemOf(sigmaY), name, options, (at) => says(at, options)),
  )

  it('by conjugate gradients where there is no decomposition', () => {
    const { operator, ...rest } = problemOf(sigmaY)
    const { svd, ...plain } = operator
    return follows(dmps, { ...rest, operator: plain }, name, {}, (at) => says(at, {}))
  })
})
