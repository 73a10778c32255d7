// MGDM with its exact draw on a Gaussian prior: what its rounds do to its law, worked out without drawing.
import { tensor } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { expect, it, vi } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import type { MgdmOptions } from '../index.ts'
import { mgdm } from '../index.ts'
import { repeated } from '../law-of-method.test.helper.ts'
import { w2, wholeLaw } from './whole-law.test.helper.ts'

vi.mock('@tweedie/tensor', async (original) => {
  const { heard } = await import('./whole-law.test.helper.ts')
  return heard(await original<typeof import('@tweedie/tensor')>())
})

const [A, y, sigmaY] = [[[1.2, -0.4]], [0.9], 0.3]
const prior = gaussianPrior({ mean: [0.3, -0.2], covariance: [[1, 0.6], [0.6, 0.8]] }) // biome-ignore format: a matrix
const { law } = prior.law.posterior(A, y, sigmaY)
const exact = { mean: Matrix.columnVector(law.mean()), covariance: law.covariance() }
const operator = matrixOperator(tensor(A, { dtype: 'float64' }))
const distance = async (options: MgdmOptions) => {
  const found = await wholeLaw((rows) =>
    run(
      mgdm({ operator, noise: gaussianNoise(sigmaY), y: repeated(y, rows) }, prior, {
        fit: 'exact',
        ...options,
      }),
    ),
  )
  return w2(found, exact)
}

it('comes nearer to the posterior with more repeats', async () => {
  const curve: number[] = []
  for (const repeats of [1, 2, 4]) curve.push(await distance({ steps: 6, denoiseSteps: 4, repeats }))
  if (process.env['SHOW']) console.log(curve)
  // No chance in it.
  expect(curve[1]!).toBeLessThan(0.98 * curve[0]!)
  expect(curve[2]!).toBeLessThan(0.95 * curve[1]!)
})
