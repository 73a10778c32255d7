import type { Points } from '../points.ts'
import { defineSampleMetric, meanOver } from './define.ts'

/** Mean and variance (over N − 1) of each coordinate. */
function columns({
  values,
  count,
  dimension,
}: Points): { readonly mean: number; readonly variance: number }[] {
  return Array.from({ length: dimension }, (_, j) => {
    const column = Array.from({ length: count }, (_, i) => values[i * dimension + j] ?? 0)
    const mean = column.reduce((sum, v) => sum + v, 0) / count
    return { mean, variance: column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (count - 1) }
  })
}

const average = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length

/** The mean of the samples, over coordinates as well: in one dimension what tables print. */
export const sampleMean = defineSampleMetric({
  name: 'sample-mean',
  title: 'mean of the samples, over all coordinates',
  unit: '',
  better: 'target',
  source: 'the target is the value of exact draws',
  of: (samples) => average(columns(samples).map(({ mean }) => mean)),
})

/** The standard deviation of the samples, the root of the mean over coordinates. */
export const sampleStd = defineSampleMetric({
  name: 'sample-std',
  title: 'standard deviation of the samples, root mean square over coordinates',
  unit: '',
  better: 'target',
  source: 'the target is the value of exact draws',
  of: (samples) => Math.sqrt(average(columns(samples).map(({ variance }) => variance))),
})

/** |z| of samples that are all the same. */
const largest = 1e6

/** √ of the mean over cases and coordinates of z², z = (x₀ − mean)/std of the samples: above 1, too sure. */
export const zStd = defineSampleMetric({
  name: 'z-std',
  title: 'root mean square of (truth − mean)/standard deviation of the samples',
  unit: '',
  better: 'target',
  target: 1,
  source:
    'truths are to be draws of the posteriors; z is 10⁶ at most; of n exact draws it is √((1 + 1/n)·(n − 1)/(n − 3))',
  of: (samples, { posed: { truth } }) =>
    columns(samples).map(({ mean, variance }, j) =>
      Math.min(((truth[j] ?? 0) - mean) ** 2 / variance, largest ** 2),
    ),
  over: (cases) => {
    const { value, low, high } = meanOver(cases)
    return { value: Math.sqrt(value), low: Math.sqrt(Math.max(low, 0)), high: Math.sqrt(high) }
  },
})
