import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const ensemble = of('priors/sizes/self-ensemble.ts', 'priors/sizes/self-ensemble')
const learned = 'methods/explicit/learned-variance'
const ancestral = of('samplers/ancestral.ts', learned)
const names = editsOf('packages/runs/src')('node/priors.ts', 'node/ensemble-prior')
const classified = editsOf('packages/runs/src')('priors/classified.ts', 'priors/classified')
const infer = editsOf('packages/unet/src')(
  'architectures/adm/infer-classifier.ts',
  'architectures/adm/infer-classifier',
)
const asked = editsOf('packages/cli/src')('classifier.ts', 'classifier')

/** Priors that see pictures from all sides, learned variances of guided steps, classifiers. */
export const guidedPriorEdits: readonly Edit[] = [
  ensemble(
    'ensemble-order',
    'view.transposed ? transposed(upright) : upright',
    'view.transposed ? mirror(transposed(x), view.mirrored) : upright',
    'the way back is not the inverse of the way there',
  ),
  ensemble('ensemble-weight', 'total.div(size)', 'total.div(2)', 'a sum for the mean'),
  ensemble(
    'ensemble-axis',
    '[[], [3], [2], [2, 3]]',
    '[[], [2], [3], [2, 3]]',
    'two views mirror up and down',
  ),
  ensemble(
    'ensemble-across',
    'view.transposed ? (across ?? prior) : prior',
    'prior',
    'the prior of the exchanged size is not asked',
  ),
  ensemble('ensemble-v', 'leaf.add(others[i] ?? 0)', 'leaf.add(others[0] ?? 0)', 'v and x̂₀ are mixed'),
  names(
    'ensemble-exchanged',
    'exchanged: one([width, height])',
    'exchanged: one([height, width])',
    'the exchanged size is the same',
  ),
  ancestral(
    'learned-eta',
    'if (eta !== 1)',
    'if (eta > 1)',
    'another η is ignored beside another variance than β̃',
  ),
  of('samplers/learned-range.ts', learned)(
    'learned-fixed',
    'learnedLook(prior, x, t, through),\n  kernel',
    'lookBy((xt) => ({ x0hat: prior.denoise(xt, t) }), prior, x, t, through),\n  kernel',
    'what the network says of its variance is not asked',
  ),
  of('priors/clipped.ts', learned)(
    'learned-clip',
    'return { ...said, x0hat: clamp(x0hat, low, high) }',
    'return { ...said, x0hat }',
    'x̂₀ of a learned step is not cut',
  ),
  of('guidance/blind.ts', learned)(
    'learned-kernel',
    "variance !== 'learned-range' || kernels.pipeline?.variance === variance",
    "variance !== 'learned-range'",
    'the unknown never has a learned variance',
  ),
  of('methods/explicit/dps.ts', learned)(
    'learned-dps',
    'ancestralReverse(prior, options)',
    'ancestralReverse(prior, { ...options, variance: options.variance === "learned-range" ? "large" : options.variance })',
    'DPS takes β for what is learned',
  ),
  classified('classified-clamp', 'label < classes', 'label <= classes', 'a class too many'),
  classified('classified-scale', '[label], scale)', '[label])', 'the scale is ignored'),
  classified(
    'classified-times',
    'if (schedule.discreteSteps === undefined)',
    'if (schedule.discreteSteps === 0)',
    'any time is told to a classifier',
  ),
  classified(
    'classified-side',
    "if (pool === 'attention' && (height !== imageSize || width !== imageSize))",
    "if (pool === 'attention' && height > 4096)",
    'attention is given places that it has not',
  ),
  infer('infer-fits', 'spec.length === shapes.size &&', '', 'names beyond the network do not count'),
  infer('infer-pool', "'spatial_v2' : 'adaptive'", "'adaptive' : 'spatial_v2'", 'two pools are exchanged'),
  infer(
    'infer-side',
    'Math.sqrt(head.tokens - 1)',
    'Math.sqrt(head.tokens)',
    'the place of the mean is a pixel',
  ),
  asked('asked-scale', 'scale: classifierScale ?? 1', 'scale: 1', 'the flag of the scale is ignored'),
  asked(
    'asked-class',
    'if (label === undefined)',
    'if (label === 0)',
    'a classifier without a class is let through',
  ),
]
