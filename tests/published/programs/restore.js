import { dps, epsilonPrior, gaussianNoise, inpaint, run, vpLinear } from '@tweedie/solvers'
import { randomKey, zeros } from '@tweedie/tensor'
import { ddpmFormat, ddpmForward, fetchNetwork, readNetwork } from '@tweedie/unet'

/**
 * Two steps of DPS under the shipped prior; the restored digit [1, 1, 28, 28].
 * @param source - The address of the prior's folder, or the contents of its two files.
 */
export async function restore(source) {
  const formats = [ddpmFormat]
  const { config, params } =
    typeof source === 'string' ? await fetchNetwork(formats, source) : readNetwork(formats, source)
  const prior = epsilonPrior({
    name: 'digits',
    shape: [1, 28, 28],
    schedule: vpLinear(),
    clip: [-1, 1],
    predictNoise: (xt, t) => ddpmForward(params, config, xt, t),
  })
  const operator = inpaint(prior.shape, { box: 14 })
  const noise = gaussianNoise(0.05)
  const y = noise.sample([randomKey(1).fold(0)], operator.forward(zeros([1, 1, 28, 28])))
  return Array.from((await run(dps({ operator, noise, y }, prior, { steps: 2 }))).dataSync())
}
