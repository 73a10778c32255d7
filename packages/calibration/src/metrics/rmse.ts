import { defineSampleMetric } from './define.ts'

/** √(mean over samples and coordinates of (x − x₀)²): of exact draws it is no less than the posterior is wide. */
export const sampleRmse = defineSampleMetric({
  name: 'rmse',
  title: 'root of the mean squared distance of samples to the truth, a coordinate',
  unit: '',
  better: 'target',
  source: 'arXiv 2602.04189v2; the target is the value of exact draws',
  of: ({ values, dimension }, { posed: { truth } }) => {
    let sum = 0
    values.forEach((value, i) => {
      sum += (value - (truth[i % dimension] ?? 0)) ** 2
    })
    return Math.sqrt(sum / values.length)
  },
})
