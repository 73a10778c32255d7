import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianPrior } from '../../priors/index.ts'
import { ddimStep } from '../../samplers/index.ts'
import { respace } from '../../schedules/index.ts'
import type { Autoencoder } from '../../types.ts'
import type { MpgdAeOptions } from '../index.ts'
import { mpgd, mpgdAe, UnfitError } from '../index.ts'
import { length, plus, times, transposed } from '../written-out.test.helper.ts'
import { close } from '../written-out-problem.test.helper.ts'
import {
  A,
  bent,
  bentDecoder,
  bentEncoder,
  drawn,
  firstSample,
  float64,
  list,
  on,
  orthonormal,
  problemOf,
  rows,
  seed,
  W,
  y,
} from './latents.test.helper.ts'

const pictures = gaussianPrior({
  mean: [0.3, -0.2, 0.1, 0.4],
  covariance: [
    [1, 0.5, 0, 0.1],
    [0.5, 0.8, -0.2, 0],
    [0, -0.2, 0.5, 0.1],
    [0.1, 0, 0.1, 0.6],
  ],
})
const { schedule } = pictures
const steps = 10
const down = (x0: readonly number[]) => {
  const r = plus([1, y], [-1, times(A, x0)])
  return times(transposed(A), plus([1 / length(r), r]))
}

describe.each(['ae', 'z'] as const)('form %s', (form) => {
  it.each([
    { options: {}, first: 5, last: 5 },
    { options: { scale: 0.3, gain: 0.5, between: [0.1, 0.95], eta: 1 }, first: 0, last: 7 },
    { options: { scale: 0.3, scaleSteps: 20, gain: 2, between: [-0.1, 2], eta: 0 }, first: 0, last: 9 },
  ] as const)(
    'written out, %j',
    async ({ options, first, last }: { options: MpgdAeOptions; first: number; last: number }) => {
      const { scale = 50, scaleSteps = steps, eta = 0.5, between = [0.3, 0.5] } = options
      const { gain = form === 'ae' ? 0.0075 : 0.01 } = options
      const c = (scale * scaleSteps) / steps
      const pairs = respace(schedule, steps, 'linspace')
      let x = rows([plus([schedule.sigma(pairs[0]!.t), drawn(0, 'start', 4)])])
      const given = { steps, spacing: 'linspace', seed, firstSample, form, ...options } as const
      const inside: number[] = []
      for await (const step of mpgdAe(problemOf(0.1), on(pictures, bent), given)) {
        const { t, s } = pairs[step.i]!
        const x0 = list(pictures.denoise(x, t))
        const left = (steps - 1 - step.i) / steps
        const within = left > between[0] && left < between[1]
        if (within) inside.push(step.i)
        const z = bentEncoder.at(x0)
        const seen = within ? bentDecoder.at(z) : x0
        const slope = bentDecoder.back(z, down(seen))
        const z2 = plus([1, z], [(c * gain) / schedule.alpha(s), slope])
        const shift = !within
          ? plus([c, down(x0)])
          : form === 'ae'
            ? plus([c * gain, bentEncoder.back(x0, slope)])
            : plus([schedule.alpha(s), bentDecoder.at(z2)], [-schedule.alpha(s), bentDecoder.at(z)])
        close(list(step.guidance), shift, `guidance of step ${step.i}`)
        close(step.residual, [length(plus([1, y], [-1, times(A, seen)]))], 'residual')
        const z4 = rows([drawn(step.i, 'step', 4)])
        const moved = ddimStep(x, pictures.denoise(x, t), s === schedule.clean ? undefined : z4, {
          t,
          s,
          schedule,
          eta: s === schedule.clean ? 0 : eta,
        })
        close(list(step.x), plus([1, list(moved)], [1, shift]), `x of step ${step.i}`)
        x = rows([list(step.x)])
      }
      expect(inside).toEqual(Array.from({ length: last - first + 1 }, (_, k) => first + k))
    },
  )

  it('of an orthonormal decoder it is the projection of MPGD’s direction on what D makes', async () => {
    const x0 = rows([[0.5, -0.4, 0.9, 0.2]])
    // A prior sure of x₀: x̂₀ is nearly a picture that D makes.
    const sure = gaussianPrior({ mean: list(orthonormal.decode(orthonormal.encode(x0))), covariance: 1e-14 })
    const at = {
      steps,
      spacing: 'linspace',
      scale: 0.2,
      eta: 0,
      resume: { next: 5, state: { x: x0 } },
    } as const
    const plain = await mpgd(problemOf(0.1), sure, at).next()
    const through = await mpgdAe(problemOf(0.1), on(sure, orthonormal), {
      ...at,
      form,
      gain: 1,
      between: [0, 1],
    }).next()
    const [a, b] = [plain, through].map(({ value }) => list((value as { guidance: Tensor }).guidance))
    close(b!, times(W, times(transposed(W), a!)), 'WWᵀ·guidance')
    expect(length(b!)).toBeLessThan(length(a!) * 0.999)
  })
})

it('outside of its part of the run it is MPGD, bit for bit', async () => {
  const options = { steps: 12, seed: 3, scale: 0.2 } as const
  const plain: number[][] = []
  for await (const { x } of mpgd(problemOf(0.1), pictures, options)) plain.push(list(x))
  let i = 0
  for await (const { x } of mpgdAe(problemOf(0.1), on(pictures, bent), { ...options, between: [2, 3] }))
    expect(list(x)).toEqual(plain[i++])
  expect(i).toBe(12)
})

it('goes through a nonlinear autoencoder with right gradients', () => {
  const through = (x: Tensor, { encode, decode }: Autoencoder) => decode(encode(x))
  const [, back] = vjp((x: Tensor) => through(x, bent), rows([[0.3, 0.1, -0.5, 0.2]]))
  const v = [0.3, -1, 0.2, 0.5]
  const z = bentEncoder.at([0.3, 0.1, -0.5, 0.2])
  close(list(back(rows([v]))[0]), bentEncoder.back([0.3, 0.1, -0.5, 0.2], bentDecoder.back(z, v)), 'Jᵀv')
})

it('refuses a prior on latents, or one without an autoencoder, before any work', () => {
  const latents = gaussianPrior({ mean: [0, 0, 0], covariance: 1 })
  expect(() => mpgdAe(problemOf(0.1), on(latents, orthonormal))).toThrow('is one of latents')
  expect(() => mpgdAe(problemOf(0.1), pictures)).toThrow(UnfitError)
  expect(() => mpgdAe(problemOf(0.1), pictures)).toThrow("'gaussian' has none")
  expect(float64.dtype).toBe('float64')
})
