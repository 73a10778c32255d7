import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const tests = ['guidance/against-exact', 'guidance/under-samplers']
const exact = of('guidance/exact.ts', ...tests)
const pseudoInverse = of('guidance/pseudo-inverse.ts', ...tests)
const likelihood = of('guidance/likelihood.ts', ...tests)
const conditioned = of('guidance/conditioned.ts', ...tests)

export const guidanceEdits: readonly Edit[] = [
  likelihood(
    'by-score-alpha',
    'look.sigma ** 2 / look.alpha',
    'look.sigma ** 2',
    'guidance by a score without 1/α in the conditional Tweedie formula',
  ),
  likelihood(
    'by-score-factor',
    'look.sigma ** 2 / look.alpha',
    '(2 * look.sigma ** 2) / look.alpha',
    'conditional Tweedie twice too far',
  ),
  exact(
    'exact-alpha',
    'mul(alpha / sigma ** 2)',
    'mul(1 / sigma ** 2)',
    'the exact likelihood score without α_t',
  ),
  exact(
    'exact-sample',
    'posterior.denoise(x.slice([i, i + 1]), t)',
    'posterior.denoise(x.slice([0, 1]), t)',
    'every sample of a batch is conditioned at the first x_t',
  ),
  exact(
    'exact-measurement',
    'numbers.slice(i * m, (i + 1) * m)',
    'numbers.slice(0, m)',
    'every sample is conditioned on the first y',
  ),
  pseudoInverse(
    'pigdm-spread',
    '(variance * sigma ** 2) / (alpha ** 2 * variance + sigma ** 2)',
    '(variance * sigma ** 2) / (variance + sigma ** 2)',
    'r_t² without α_t²: right for VE only',
  ),
  conditioned(
    'conditioned-shift',
    'if (shift !== undefined) throw',
    'if (shift === null) throw',
    'guidance by shifts is taken for a prior, without its shift',
  ),
]
