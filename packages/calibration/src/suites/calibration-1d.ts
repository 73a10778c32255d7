import { gaussianPrior } from '@tweedie/solvers'
import { randomKey } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import type { Published, Suite } from '../types.ts'
import { linearCase, measured, truthOf } from './pose.ts'

const prior = () => gaussianPrior({ mean: [0], covariance: 1 })

/** With the prior N(0, 1) and y = x₀ + 0.5·ε the posterior of y = 1.5 is N(1.2, 0.447²). */
const [A, sigma, y] = [Matrix.eye(1), 0.5, 1.5] as const

const keyOf = (seed: number) => randomKey(seed).fold('calibration-1d')

const source =
  'table of a third-party repository, not reviewed; target 1.200 ± 0.447; how it takes z-std is not said, and only the ' +
  'posterior of its problem is known'

const row = (name: string, mean: number, std: number, z: number): Published[] =>
  (
    [
      ['sample-mean', mean],
      ['sample-std', std],
      ['z-std', z],
    ] as const
  ).map(([metric, value]) => ({
    problem: 'y=1.5',
    row: name,
    metric,
    value,
    provenance: 'second hand',
    source,
  }))

/** One number measured with noise. */
export const calibration1d: Suite = {
  name: 'calibration-1d',
  title: 'One number',
  source: 'After a third-party table; prior and noise are those that its posterior follows from most simply.',
  problems: [
    {
      name: 'y=1.5',
      title: 'x₀ ~ N(0, 1), y = 1.5, σ_y = 0.5: the posterior is N(1.2, 0.447²), and truths are draws of it',
      pose: (seed) => {
        const posed = linearCase({
          prior: prior(),
          A,
          sigma,
          truth: new Float64Array(1),
          y: Float64Array.of(y),
        })
        const { values } = posed.posterior.sample([keyOf(seed).fold('truth of 1.5')])
        return { ...posed, truth: values }
      },
    },
    {
      name: 'drawn',
      title: 'the same with x₀ and y drawn',
      pose: (seed) => {
        const key = keyOf(seed)
        const law = prior()
        const truth = truthOf(law, key.fold('truth'))
        return linearCase({ prior: law, A, sigma, truth, y: measured(A, truth, sigma, key.fold('noise')) })
      },
    },
  ],
  full: { seeds: 20, samples: 300, limit: 10 },
  quick: { problems: ['y=1.5'], seeds: 2, samples: 300, limit: 2 },
  metrics: ['sw', 'sample-mean', 'sample-std', 'z-std', 'whitened'],
  settings: () => undefined,
  published: [
    ...row('latino', 1.337, 0.327, 0.765),
    ...row('dps', 1.452, 0.356, 0.916),
    ...row('mmps', 1.179, 0.446, 1.002),
    ...row('latino-sde', 1.209, 0.436, 0.979),
    ...row('lflow', 1.199, 0.442, 0.986),
  ],
}
