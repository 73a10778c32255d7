import type { Edit } from '../edit.ts'
import { editsOf, inside as insideOf } from './of.ts'

const src = 'packages/unet/src'
const of = editsOf(src)
const inside = (...paths: readonly string[]) => insideOf(src, ...paths)
const trainConfig = of('train/config.ts')
const batch = of('train/batch.ts')
const target = of('train/target.ts')
const train = of('train/train.ts')
const evaluate = of('train/evaluate.ts')
const noise = of('train/schedule.ts')

/** Training: rates, batches, gradients, the average, the evaluation. */
export const trainingEdits: readonly Edit[] = [
  trainConfig(
    'train-rate-warm-up',
    '(peak * (k + 1)) / warmup',
    '(peak * k) / warmup',
    'the first step has rate 0',
    inside('train'),
  ),
  trainConfig(
    'train-ema-start',
    '(1 + k) / (10 + k)',
    '(1 + k) / (100 + k)',
    "the average's decay starts lower",
    inside('train'),
  ),
  trainConfig(
    'train-default-ema',
    'options.emaDecay ?? 0.995',
    'options.emaDecay ?? 0.99',
    'another default decay of the average',
    inside('train'),
  ),
  trainConfig(
    'train-cosine',
    '(1 + Math.cos(Math.PI * passed))) / 2',
    '(1 + Math.cos(Math.PI * passed)))',
    'the cosine rate is doubled',
    inside('train'),
  ),
  batch(
    'train-stratum-jitter',
    '(shard * count + j + u) / batch',
    '(shard * count + j + 0.5) / batch',
    'no jitter within a stratum of time',
    inside('train'),
  ),
  batch(
    'train-stratum-shard',
    '(shard * count + j + u) / batch',
    '(j + u) / count',
    'every shard has the whole range in few strata',
    inside('train'),
  ),
  target(
    'train-noise-scale',
    'alpha * clean + sigma * draw',
    'alpha * clean + (1 - alpha) * draw',
    'x_t is noised by 1 − α',
    inside('train'),
  ),
  target(
    'train-target-sign',
    'wanted.x0 * clean + wanted.noise * draw',
    'wanted.noise * draw - wanted.x0 * clean',
    'the target has x₀ with the other sign',
    inside('train'),
  ),
  batch(
    'train-epoch',
    "this.key.fold('epoch').fold(epoch)",
    "this.key.fold('epoch').fold(0)",
    'every epoch has one order',
    inside('train'),
  ),
  train(
    'train-ema-before',
    'updateAverage(live.ema, params, emaDecayAt(config, k))',
    'updateAverage(live.ema, live.params, emaDecayAt(config, k))',
    'the average is of the parameters before the update',
    inside('train'),
  ),
  train(
    'train-loss-average',
    '0.98 * lossAverage + 0.02 * loss',
    '0.9 * lossAverage + 0.1 * loss',
    'another weight of the running loss',
    inside('train'),
  ),
  evaluate(
    'evaluate-quarter',
    'Math.floor((4 * t) / timesteps)',
    'Math.round((4 * t) / timesteps)',
    'quarters of time are rounded',
    inside('train'),
  ),
  evaluate(
    'evaluate-size',
    'errors[j]! / size',
    'errors[j]!',
    'the error is a sum over pixels',
    inside('train'),
  ),
  noise(
    'train-beta-scale',
    'const scale = 1000 / timesteps',
    'const scale = 1',
    'β is not scaled to T',
    inside('train'),
  ),
]
