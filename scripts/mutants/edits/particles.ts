import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/solvers/src')
const weights = of('particles/weights.ts')
const resample = of('particles/resample.ts')
const population = of('particles/population.ts')
const ancestry = of('particles/ancestry.ts', 'particles/population.test.ts')

/** Faults of particles: weights, resampling, populations. */
export const particleEdits: readonly Edit[] = [
  weights(
    'weights-unshifted',
    'Math.exp(logWeights[k]! - top)',
    'Math.exp(logWeights[k]!)',
    'weights are exponentiated as they are and overflow',
  ),
  weights('weights-mean', '- Math.log(K)', '- Math.log(K - 1)', 'the mean weight is over K − 1'),
  weights(
    'weights-ess',
    'squares += (weights[k]! /= total) ** 2',
    'squares += weights[k]! /= total',
    'ESS from Σ W',
  ),
  weights(
    'weights-nan',
    "if (Number.isNaN(value)) throw new DegenerateWeightsError('nan', sample)",
    '',
    'a NaN among log-weights is passed on',
  ),
  weights(
    'evidence-unnormalised',
    'normaliseWeights(after).logSum - normaliseWeights(before).logSum',
    'normaliseWeights(after).logSum - normaliseWeights(before).logMean',
    'an increment of the evidence is K times too large',
  ),
  resample(
    'cdf-closed',
    'if (cumulative[middle]! > goal)',
    'if (cumulative[middle]! >= goal)',
    'position 0 may choose a particle of weight 0',
  ),
  resample(
    'systematic-half',
    '(i + u) / count),\n  )\n}',
    '(i + 0.5) / count),\n  )\n}',
    'systematic resampling without its uniform number',
  ),
  resample(
    'stratified-one',
    '.map((u, i) => (i + u) / count)',
    '.map((_, i, all) => (i + all[0]!) / count)',
    'stratified resampling with one uniform number',
  ),
  resample(
    'residual-rest',
    'Math.max(0, value - copies[k]!)',
    'value',
    'the rest of residual resampling is drawn by the whole weights',
  ),
  resample(
    'residual-rounding',
    'const rounding = 1e-10',
    'const rounding = 0',
    '49·(1/49) counts as no copy',
  ),
  population(
    'evidence-kept',
    'logEvidence[i]! += logMean',
    'logEvidence[i]! = logMean',
    'the evidence of earlier resamplings is forgotten',
  ),
  population(
    'resampled-weights',
    'logWeights.fill(0, i * K, (i + 1) * K)',
    'logWeights.fill(0, i * K, i * K)',
    'weights stay after a resampling and count twice',
  ),
  population(
    'one-key',
    'resampler(keys[i]!, w.weights, K)',
    'resampler(keys[0]!, w.weights, K)',
    'all samples resample by the first key',
  ),
  population(
    'threshold-all',
    'ess.map((size) => size < threshold * K)',
    'ess.map(() => ess.some((size) => size < threshold * K))',
    'one sample below the threshold resamples all',
  ),
  population(
    'spread-order',
    'broadcastTo(x.reshape([samples, 1, ...rest]), [samples, K, ...rest])',
    'broadcastTo(x.reshape([1, samples, ...rest]), [K, samples, ...rest])',
    'the particles of a sample do not lie together',
  ),
  ancestry(
    'ancestors-cross',
    'rows[i * count + j] = i * K + k',
    'rows[i * count + j] = k',
    'all samples take the particles of the first',
  ),
  ancestry(
    'ancestors-bounds',
    'if (!(k >= 0 && k < K))',
    'if (!(k >= 0))',
    "an index may name another sample's particle",
  ),
  ancestry(
    'lineage-order',
    'for (const ancestors of history.toReversed())',
    'for (const ancestors of history)',
    'lineages are followed forwards',
  ),
]
