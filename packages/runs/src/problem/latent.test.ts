import type { Autoencoder, Prior } from '@tweedie/solvers'
import {
  compose,
  ddrm,
  decoderOperator,
  dps,
  gaussianNoise,
  gaussianPrior,
  inpaint,
  psnr,
  run,
} from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { fromData, normal, randomKey, ShapeError, tanh } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { runMethod } from '../run/run-method.ts'
import { runTask } from '../run/run-task.ts'
import { asPictures, operatorFor } from './latent.ts'

/** Pictures of 4×4 made of latents of four numbers, each a block. */
const blocks: Autoencoder = {
  name: 'blocks',
  shape: [1, 4, 4],
  latentShape: [4],
  encode: (x) => x.slice(null, 0, [0, null, 2], [0, null, 2]).reshape([x.shape[0] ?? 0, 4]),
  decode: (z) =>
    tanh(z)
      .reshape([z.shape[0] ?? 0, 1, 2, 1, 2, 1])
      .broadcastTo([z.shape[0] ?? 0, 1, 2, 2, 2, 2])
      .reshape([z.shape[0] ?? 0, 1, 4, 4]),
}
const gaussian = gaussianPrior({ mean: [0.5, -0.5, 0.5, -0.5], covariance: 0.25 })
const prior: Prior = { ...gaussian, autoencoder: blocks }
const operator = inpaint(blocks.shape, { box: 2 })
const numbers = (x: Tensor) => Array.from(x.dataSync())

test('latents are decoded, pictures stay', () => {
  const z = fromData([1, 2, 3, 4, 5, 6, 7, 8], [2, 4])
  const pictures = asPictures(prior, z)
  expect(numbers(pictures)).toEqual(numbers(blocks.decode(z)))
  expect(numbers(asPictures(prior, pictures))).toEqual(numbers(pictures))
  expect(numbers(asPictures(gaussian, z))).toEqual(numbers(z))
})

test('methods of pictures get a measurement of latents, methods of latents that of pictures', () => {
  expect(operatorFor(dps.info, operator, prior)).toMatchObject({
    name: 'inpaint ∘ decoder of blocks',
    inShape: [4],
    outShape: operator.outShape,
  })
  expect(operatorFor(dps.info, operator, gaussian)).toBe(operator)
  expect(operatorFor({ needs: ['latent'] }, operator, prior)).toBe(operator)
})

test('a method of pictures restores a picture by its latents, watched and scored as a picture', async () => {
  const truth = blocks.decode(fromData([0.8, -0.3, 0.2, -1], [1, 4]))
  const problem = { operator, noise: gaussianNoise(0.1), y: operator.forward(truth) }
  const options = { steps: 12, seed: 4, scale: 0.3 }
  const outcome = await runMethod({ method: dps, problem, prior, options, truth })
  const posed = { ...problem, operator: compose(operator, decoderOperator(blocks)) }
  const z = await run(dps(posed, prior, options))
  expect(numbers(outcome.x)).toEqual(numbers(blocks.decode(z)))
  expect(outcome.strip.map(({ picture }) => [picture.height, picture.width])).toContainEqual([4, 4])
  const last = outcome.trace.at(-1)
  for await (const { i, steps, x0hat } of dps(posed, prior, options))
    if (i === steps - 1) expect(last?.psnr).toEqual([...(await psnr(blocks.decode(x0hat), truth))])

  const assignment = { method: dps, options }
  const task = {
    title: 'blocks',
    spec: 'inpaint:box=2',
    problem,
    truth,
    methods: [assignment],
    samples: [''],
  }
  const { record } = await runTask({ ...task, noise: undefined }, prior)
  expect(record.runs[0]?.scores[0]).toMatchObject({ psnr: expect.any(Number), misfit: expect.any(Number) })
})

test('what a measurement of latents cannot give is refused', async () => {
  const y = operator.forward(normal(randomKey(1), [1, 1, 4, 4]))
  const problem = { operator, noise: gaussianNoise(0.1), y }
  const run = (method: typeof ddrm | typeof dps, on: Prior) =>
    runMethod({ method, problem, prior: on, options: {} })
  await expect(run(ddrm, prior)).rejects.toThrow("'inpaint ∘ decoder of blocks' has no")
  await expect(run(dps, gaussian)).rejects.toThrow(ShapeError)
})
