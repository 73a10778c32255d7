import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const layers = editsOf('packages/unet/src/layers')
const transposed = layers('transposed.ts', 'kit')
const norm = layers('layer-norm.ts', 'kit')
const rescaled = editsOf('packages/solvers/src/priors')('rescaled.ts', 'rescaled')

/** Layers for networks of one's own, and priors in other units. */
export const kitEdits: readonly Edit[] = [
  transposed('kit-turned', 'flip(weight, [2, 3])', 'flip(weight, [3])', 'kernels are mirrored, not turned'),
  transposed(
    'kit-groups',
    'transpose(split, [0, 2, 1, 3, 4])',
    'transpose(split, [2, 0, 1, 3, 4])',
    'groups take turns',
  ),
  transposed('kit-padding', '[k - 1 - padding,', '[k - padding,', 'the result begins a pixel early'),
  transposed('kit-output-padding', ' + outputPadding]', ' - outputPadding]', 'rows at the end are taken off'),
  transposed('kit-stride', 'lhsDilation: stride', 'stride', 'halves where it should double'),
  norm('kit-norm-order', '.mul(weight)', '', 'the weight of the norm is left out'),
  norm('kit-norm-eps', '{ groups: 1, eps }', '{ groups: 1 }', 'ε of the norm is not the one given'),
  rescaled('rescaled-sigma', 'scale * own.sigma(t)', 'own.sigma(t)', 'noise keeps its size in other units'),
  rescaled(
    'rescaled-shift',
    'x.sub(shift * alpha)',
    'x.sub(shift)',
    'the shift is not shrunk with the picture',
  ),
  rescaled(
    'rescaled-level',
    'timeOfNoiseLevel(level / scale)',
    'timeOfNoiseLevel(level)',
    'levels of the other units',
  ),
  rescaled(
    'rescaled-class',
    'conditional.denoise(ut, t, c))',
    'prior.denoise(ut, t))',
    'the class is not told',
  ),
  rescaled('rescaled-image', 'embedImage(toOwn(x, 1))', 'embedImage(x)', 'pictures keep their units'),
  rescaled('rescaled-back', '.add(shift)', '', 'estimates stay unshifted'),
]
