import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const ddnm = of('methods/explicit/ddnm.ts', 'methods/explicit/ddnm', 'methods/defaults')
const nullSpace = of('guidance/null-space.ts', 'methods/explicit/ddnm')
const guided = of('guidance/guided.ts', 'methods/explicit/ddnm')
const define = of('methods/define.ts', 'methods/explicit/ddnm')

const ddnmEdits: readonly Edit[] = [
  ddnm('ddnm-noise-anew', '      keepsNoise: true,\n', '', 'ε is worked out anew from x̂₀′'),
  ddnm('ddnm-eta-square', 'renoise(run.options.eta)', 'renoise(run.options.eta ** 2)', 'η² in place of η'),
  ddnm(
    'ddnm-travel-swapped',
    'jump: travelLength, repeats: travelRepeats',
    'jump: travelRepeats, repeats: travelLength',
    'l and r of time travel swapped',
  ),
  ddnm('ddnm-default-eta', 'default: 0.85,', 'default: 1,', 'ancestral by default'),
  ddnm(
    'ddnm-default-spacing',
    "spacing: 'ddim',\n  options",
    "spacing: 'linspace',\n  options",
    'another grid',
  ),
  nullSpace('null-space-sign', 'x.add(back)', 'x.sub(back)', 'away from the measurement'),
  nullSpace(
    'null-space-adjoint',
    'operator.pinv(r)',
    'operator.adjoint(r)',
    'Aᵀ in place of A⁺, right for orthonormal rows only',
  ),
  nullSpace(
    'null-space-difference',
    'operator.pinv(y).sub(operator.pinv(clean))',
    'operator.pinv(r)',
    'A† of the difference for an operator that is not linear',
  ),
  guided('kept-noise-alpha', '.mul(alpha))', ')', 'x_t moves by x₀ − x̂₀ instead of α_t·(x₀ − x̂₀)'),
  define(
    'kept-noise-inverted',
    'guidance.keepsNoise === true ? keepingNoise',
    'guidance.keepsNoise !== true ? keepingNoise',
    'the noise is kept where it should not be',
  ),
]

export const spectralEdits: readonly Edit[] = [...ddnmEdits]
