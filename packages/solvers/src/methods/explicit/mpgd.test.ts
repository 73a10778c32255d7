import { describe, expect, it } from 'vitest'
import type { At } from '../follows.test.helper.ts'
import { follows } from '../follows.test.helper.ts'
import type { MpgdOptions } from '../index.ts'
import { mpgd, presetsOf } from '../index.ts'
import { ddimFrom, length, plus, times, transposed } from '../written-out.test.helper.ts'
import { A, drawn, names, problemOf, y } from '../written-out-problem.test.helper.ts'

/** DDIM from x̂₀′ = x̂₀ − (c/α_s)·∇‖y − A x̂₀‖, with the ε of x̂₀. */
function says(at: At, { scale = 400 / 6, scaleSteps = 6, eta = 0.5 }: MpgdOptions) {
  const { levels, t, s, x, x0 } = at
  const c = (scale * scaleSteps) / 6
  const r = plus([1, y], [-1, times(A, x0)])
  const down = times(transposed(A), plus([1 / length(r), r]))
  const moved = plus([1, x0], [c / levels.alpha(s), down])
  const plain = ddimFrom(levels, [t, s], eta, x, x0, drawn(at.i, 'step'))
  const after = plus([1, plain], [levels.alpha(s), moved], [-levels.alpha(s), x0])
  return { guidance: plus([c, down]), x: after }
}

describe.each(names)('MPGD on %s', (name) => {
  const cases: readonly MpgdOptions[] = [
    {},
    { scale: 0.3 },
    { scale: 0.3, scaleSteps: 20, eta: 0.9 },
    { scale: 0.2, eta: 0, clip: [-0.4, 0.6] },
  ]
  it.each(cases)('%j', (options) =>
    follows(mpgd, problemOf(0.4), name, { spacing: 'linspace', eta: 0.5, ...options }, (at) =>
      says(at, options),
    ),
  )
})

it('has advice for a length that nobody tried, at any number of steps', () => {
  const { advice } = mpgd.info
  for (const { settings } of presetsOf(mpgd)) expect(advice(settings)).toEqual([])
  expect(advice({ steps: 7 })).toEqual([])
  expect(advice({ steps: 20, scale: 4, scaleSteps: 100 })).toEqual([])
  expect(advice({ steps: 20, scale: 4 })).toEqual([
    "scale·steps = 80 is outside 350 … 1000 (the authors' scripts); scale = 17.5 … 50 is inside",
  ])
})
