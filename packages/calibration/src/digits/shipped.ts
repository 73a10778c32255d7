import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { FactorMixture } from '@tweedie/solvers'
import { epsilonPrior, vpLinear } from '@tweedie/solvers'
import { predictor } from '@tweedie/unet'
import { heldOutDigits, loadShippedPrior } from '@tweedie/unet/node'
import type { Points } from '../points.ts'
import { pointsOf } from '../points.ts'
import { decodeLaw } from './law-file.ts'
import type { DigitsSource } from './source.ts'
import { shape } from './source.ts'

const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}

/**
 * The mixture of factor analysers of handwritten digits that ships with this package, fitted by
 * `packages/calibration/scripts/fit-digits.ts` to the images that the network `digits` was trained on; its record lies beside it.
 * The first call takes seconds: Ψ is decomposed.
 * @throws {FileFormatError} where its file is damaged.
 */
export const digitsLaw: () => FactorMixture = once(() => {
  const path = resolve(import.meta.dirname, '../../priors/digits-gmm/model.safetensors')
  return decodeLaw(readFileSync(path), path)
})

const pictures = once((): Points => {
  const { pixels } = heldOutDigits().images
  return pointsOf(
    Float64Array.from(pixels, (v) => v / 127.5 - 1),
    shape[1] * shape[2],
  )
})

const network = once(() =>
  epsilonPrior({
    name: 'digits',
    shape,
    schedule: vpLinear(),
    clip: [-1, 1],
    predictNoise: predictor(loadShippedPrior('digits')),
  }),
)

/** What ships: the law, the held-out digits, the network. */
export const shippedDigits: DigitsSource = { law: digitsLaw, pictures, network }
