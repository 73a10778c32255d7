import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const exact = ['guidance/against-exact', 'guidance/under-samplers']
const pseudoInverse = of('guidance/pseudo-inverse.ts', ...exact, 'methods/explicit/pigdm')
const pigdm = of('methods/explicit/pigdm.ts', 'methods/explicit/pigdm', 'methods/defaults')

const pigdmEdits: readonly Edit[] = [
  pseudoInverse('pigdm-noise', 'sigmaY ** 2 / spread', 'sigmaY / spread', 'ΠGDM with σ_y in place of σ_y²'),
  pseudoInverse(
    'pigdm-jacobian',
    'pullback(correction(clean, spread))',
    'correction(clean, spread)',
    'ΠGDM without the Jacobian of the denoiser',
  ),
  pseudoInverse('pigdm-weight', '.div(spread)\n', '\n', 'the score of ΠGDM times r_t²'),
  pseudoInverse(
    'pigdm-decoded',
    'undo(y).sub(undo(clean))',
    'undo(y.sub(clean))',
    'A†(y − A(x̂₀)) where A† is not linear',
    { tests: ['packages/solvers/src/methods/explicit/pigdm'] },
  ),
  pseudoInverse(
    'pigdm-noisy-nonlinear',
    'if (noise.sigma === 0) return undefined',
    'if (noise.sigma !== undefined) return undefined',
    'an operator that is not linear is taken under noise, which is then fitted',
  ),
  pseudoInverse(
    'pigdm-cg-noise',
    'dampedInverse(operator, lambda,',
    'dampedInverse(operator, 0,',
    'conjugate gradients without σ_y',
  ),
  pigdm(
    'pigdm-undamped',
    'g.mul(pseudoInverseSpread(variance, look.alpha, look.sigma))',
    'g.mul(look.sigma ** 2 / look.alpha)',
    'ΠGDM weighs by σ_t²/α_t instead of r_t²',
  ),
  pigdm(
    'pigdm-alpha',
    'damped.mul(scale * look.alpha * next)',
    'damped.mul(scale * next)',
    'the guidance of ΠGDM without √ᾱ_t',
  ),
  pigdm(
    'pigdm-next',
    'prior.schedule.alpha(step.s)',
    'prior.schedule.alpha(look.t)',
    "the repository's coefficient with α_t² for α_s·α_t",
  ),
  pigdm(
    'pigdm-unit-variance',
    '(run.problem, { variance, ...solving })',
    '(run.problem, solving)',
    '`variance` is in the weight and not in the score',
  ),
]

export const gradientEdits: readonly Edit[] = [...pigdmEdits]
