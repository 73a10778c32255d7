// Denoisers that are told a noise level, or are not: DRUNet, DnCNN, BF_CNN; trainings on noise levels; the priors they make.
import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/unet/src')
const priors = editsOf('packages/runs/src')

const parity = 'architectures/denoisers'
const drunet = of('architectures/drunet/forward.ts', parity)
const levelMap = of('layers/level-map.ts', parity)
const drunetPlan = of('architectures/drunet/plan.ts', parity)
const drunetInfer = of('architectures/drunet/infer.ts', parity)
const drunetMember = of('architectures/drunet/architecture.ts', parity, 'architectures/architectures')
const chain = of('architectures/chain/forward.ts', parity)
const chainSpec = of('architectures/chain/spec.ts', parity)
const chainNames = of('architectures/chain/names.ts', parity)
const trained = of('architectures/trained-on.ts', 'models/noise-levels')
const recorded = of('models/training-record.ts', 'models/noise-levels')
const target = of('train/target.ts', 'train/noise-levels')
const schedule = of('train/schedule.ts', 'train/noise-levels')
const batch = of('train/batch.ts', 'train/noise-levels')
const config = of('train/config.ts', 'train/noise-levels')
const levels = priors('priors/levels.ts', 'priors/levels')

export const denoiserEdits: readonly Edit[] = [
  drunet(
    'denoisers-transposed-axes',
    '[0, 1, 4, 2, 5, 3]',
    '[0, 1, 4, 3, 5, 2]',
    'rows and columns of the transposed kernel change places',
  ),
  drunet(
    'denoisers-skip-order',
    'h.add(skips.pop()!)',
    'h.add(skips[plan.up.length]!)',
    'all levels add the coarsest',
  ),
  drunet(
    'denoisers-first-skip',
    'h.add(skips[0]!)',
    'h',
    'what the full resolution got is not added at the end',
  ),
  drunet('denoisers-gain-of-one', 'embedding).add(1)', 'embedding)', 'factors are around 0 instead of 1'),
  levelMap(
    'denoisers-map-level',
    'reshape(levelsOf(x, t), [-1',
    'reshape(levelsOf(x, t).mul(2), [-1',
    'the map is twice the level',
  ),
  drunetPlan('denoisers-up-order', '.toReversed()', '.slice()', 'the way up begins at the full resolution'),
  drunetInfer(
    'denoisers-map-told',
    'inputs === outputs + 1',
    'inputs === outputs',
    'a map is told where there is none',
  ),
  drunetMember(
    'denoisers-block-start',
    '(\\.res\\.2|\\.gain)',
    '(\\.gain)',
    'blocks do not start as their shortcuts',
  ),
  chain(
    'denoisers-residual',
    'x.sub(run(x, layers, inner))',
    'run(x, layers, inner)',
    'DnCNN says the noise',
  ),
  chain(
    'denoisers-norm-epsilon',
    'running_var`).add(epsilon)',
    'running_var`).add(1e-2)',
    'another ε of batch norms',
  ),
  chain('denoisers-norm-mean', 'shifted = bias.sub(', 'shifted = bias.add(', 'the measured mean is added'),
  chain(
    'denoisers-deviation',
    ').div(param(params, `running_sd.',
    ').mul(param(params, `running_sd.',
    'times the deviation',
  ),
  chain(
    'denoisers-first-linear',
    '!(i === 0 && firstLinear)',
    '!firstLinear',
    'no ReLU at all where the first has none',
  ),
  chainSpec(
    'denoisers-module-numbers',
    '2 + step * (i - 1)',
    'step * i',
    'modules are numbered as if the first had a norm',
  ),
  chainNames(
    'denoisers-predecessor-deviation',
    'Math.sqrt(value) + epsilon',
    'value + epsilon',
    'a variance for a deviation',
  ),
  chainNames(
    'denoisers-predecessor-place',
    'Number(place) + 1',
    'Number(place)',
    'hidden layers are one too early',
  ),
  trained(
    'denoisers-grey-levels',
    '[(2 * least) / 255, (2 * largest) / 255]',
    '[least / 255, largest / 255]',
    'σ in units of [0, 1]',
  ),
  recorded(
    'denoisers-record-levels',
    "Object.hasOwn(config, 'noiseLevels')",
    "Object.hasOwn(config, 'levels')",
    'noise levels are not read',
  ),
  recorded(
    'denoisers-record-grey',
    "'greyPart', number(0, 1)) > 0",
    "'greyPart', number(0, 1)) >= 0",
    'grey pictures where none were shown',
  ),
  target('denoisers-weight-root', '(output / over) ** 2', 'Math.abs(output / over)', 'weights by the root'),
  target('denoisers-min-snr', 'Math.min(snr, gamma)', 'Math.max(snr, gamma)', 'the larger of SNR and γ'),
  target(
    'denoisers-grey-noise',
    'noise[c * size + i] = noise[i]!',
    'noise[c * size + i] = noise[c * size + i]!',
    'grey pictures have noise of colour',
  ),
  schedule(
    'denoisers-quantile',
    '((i + 0.5) / T) * total',
    '(i / T) * total',
    'quantiles are half a step too low',
  ),
  schedule('denoisers-log-normal', '-0.5 * ((low', '-1 * ((low', 'another width of the law'),
  batch(
    'denoisers-told-index',
    'table.time?.[time] ?? time',
    'time',
    'the network is told the index of its level',
  ),
  batch('denoisers-weights', 'weights[j] = corrupt', 'weights[j] = 0 * corrupt', 'all errors weigh nothing'),
  config(
    'denoisers-default',
    "options.noiseLevels === undefined ? 'epsilon' : 'edm'",
    "'epsilon'",
    'noise levels do not predict edm',
  ),
  levels(
    'denoisers-level-units',
    'least / 2 : least',
    'least : least',
    'σ of [−1, 1] for a network of [0, 1]',
  ),
  levels('denoisers-scale', 'xt.mul(1 / schedule.alpha(t))', 'xt', 'x_t is not brought to x₀ + σ·ε'),
  levels(
    'denoisers-beyond',
    'if (enough && level <=',
    'if (enough || level <=',
    'levels beyond the range are answered',
  ),
]
