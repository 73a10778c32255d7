import type { Tensor } from '@tweedie/tensor'
import { matmul, setDefaultDevice, tensor } from '@tweedie/tensor'
import { askedOf } from '../laws/method.ts'
import { gaussianNoise } from '../noise/index.ts'
import { matrixOperator } from '../operators/index.ts'
import { countCalls, epsilonPrior } from '../priors/index.ts'
import { run } from '../run/index.ts'
import { vpLinear } from '../schedules/index.ts'
import type { Need, Prior } from '../types.ts'
import { methods } from './index.ts'
import { known } from './known/known.test.helper.ts'

const schedule = vpLinear()
const smooth = (shape: readonly number[]): Prior =>
  epsilonPrior({
    name: 'smooth',
    shape,
    schedule,
    predictNoise: (x, t) => x.mul(schedule.sigma(t)).add(x.square().mul(0.01)),
  })

/** A prior as a method asks for it, in float32 on the device of the moment. */
function priorFor(needs: readonly Need[]): Prior {
  const pictures = smooth([1, 2, 2])
  const rows = tensor([
    [0.5, 0.5, 0.5, 0.5],
    [0.5, -0.5, 0.5, -0.5],
    [0.5, 0.5, -0.5, -0.5],
  ])
  const decode = (z: Tensor) => matmul(z, rows).reshape([-1, 1, 2, 2])
  const encode = (x: Tensor) => matmul(x.reshape([-1, 4]), rows.transpose())
  const latents = smooth([3])
  const stages = [
    { decode: (z: Tensor) => z.neg() },
    { prior: latents, decode: (z: Tensor) => decode(z.neg()) },
  ]
  const coder = { name: 'rows', shape: [1, 2, 2], latentShape: [3], encode, decode, stages }
  if (needs.includes('autoencoder')) return { ...pictures, autoencoder: coder }
  if (!needs.includes('latent') && !needs.includes('conditional')) return pictures
  const nothing = tensor([[0, 0, 0]])
  return {
    ...latents,
    autoencoder: coder,
    conditional: {
      classes: ['first', 'second'],
      embed: (labels) => tensor(labels.map((label) => (label === 0 ? [-1, 0, 0] : [1, 0, 0]))),
      nothing,
      embedImage: encode,
      denoise: (xt, t, c) => latents.denoise(xt.sub(c.mul(schedule.alpha(t))), t).add(c),
    },
  }
}

/** Two steps of a method on a small problem, on a device of a name, and what they cost. */
export async function twoSteps(name: string, on: string) {
  const former = setDefaultDevice(on)
  try {
    const method = methods.find(name)
    const { needs } = method.info
    const mixing = needs.includes('orthonormal')
      ? [
          [0.8, 0.6, 0, 0],
          [0, 0, 0, 1],
        ]
      : [
          [1, 0.3, 0, 0.2],
          [0, 0.5, 0.5, 0],
        ]
    const operator = askedOf(needs, matrixOperator(tensor(mixing), { inShape: [1, 2, 2] }))
    const y = tensor([
      [0.3, -0.5],
      [0.1, 0.9],
    ])
    // Not as it was uploaded: that could be read at once anywhere.
    const problem = { operator, noise: gaussianNoise(0.1), y: y.neg().neg() }
    const options = { seed: 9, ...known[name]?.small, steps: 2 }
    const prior = countCalls(priorFor(needs))
    const x = await run(method.run(problem, prior, options))
    return { values: Array.from(await x.data()), calls: prior.calls }
  } finally {
    setDefaultDevice(former)
  }
}
