import { factorMixture } from '@tweedie/solvers'
import { FileFormatError } from '@tweedie/tensor'
import { encodeSafetensors } from '@tweedie/unet'
import { Matrix } from 'ml-matrix'
import { expect, it } from 'vitest'
import { decodeLaw, encodeLaw } from './law-file.ts'

const background = new Matrix([
  [1, 0.5, 0.25],
  [0.5, 2, 0],
  [0.25, 0, 0.5],
])
const model = {
  weights: [0.25, 0.75],
  means: [Float64Array.of(0.5, -1, 2), Float64Array.of(0, 1, -0.125)],
  factors: [new Matrix([[1], [0.5], [-1]]), new Matrix([[0.25], [2], [0]])],
  background,
}

it('a law is the same after its file, to half precision', () => {
  const law = decodeLaw(encodeLaw(model))
  const exact = factorMixture(model)
  law.components.forEach(({ weight, mean, covariance }, k) => {
    expect(weight).toBe(model.weights[k])
    mean.forEach((m, i) => expect(m).toBeCloseTo(model.means[k]?.[i] ?? Number.NaN, 12))
    const other = exact.components[k]?.covariance
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++) expect(covariance.get(i, j)).toBeCloseTo(other?.get(i, j) ?? Number.NaN, 2)
  })
  for (const x of [
    [0, 0, 0],
    [1, -1, 2],
  ])
    expect(law.logDensity(x)).toBeCloseTo(exact.logDensity(x), 2)
})

it('a file of something else is refused', () => {
  const of = (arrays: Parameters<typeof encodeSafetensors>[0]) => () => decodeLaw(encodeSafetensors(arrays))
  const weights = { shape: [1], values: [1] }
  expect(of({ weights })).toThrow(FileFormatError)
  expect(of({ weights })).toThrow("'means'")
  const means = { shape: [1, 2], values: [0, 0] }
  const factors = { shape: [1, 2, 1], values: [0, 0] }
  const short = { shape: [2], values: [1, 1] }
  expect(of({ weights, means, factors, background: short })).toThrow('do not fit')
})
