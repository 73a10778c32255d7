// Restores a digit with a hole in it: network, operator, method, one line each.
// Run: node examples/01-restore-a-digit.ts
import { ddrm, epsilonPrior, gaussianNoise, inpaint, psnr, run, vpLinear } from '@tweedie/solvers'
import { fromData, randomKey } from '@tweedie/tensor'
import { predictor, readImage } from '@tweedie/unet'
import { heldOutDigits, loadShippedPrior } from '@tweedie/unet/node'

const prior = epsilonPrior({
  name: 'digits',
  shape: [1, 28, 28],
  schedule: vpLinear(),
  predictNoise: predictor(loadShippedPrior('digits')),
  clip: [-1, 1],
})

// A digit the network has never seen, in [−1, 1].
const pixels = new Float32Array(784)
readImage(heldOutDigits().images, 3, pixels, 0)
const truth = fromData(pixels, [1, 1, 28, 28])

const operator = inpaint(prior.shape, { box: 12 })
const noise = gaussianNoise(0.05)
const y = noise.sample([randomKey(1)], operator.forward(truth))
const restored = await run(ddrm({ operator, noise, y }, prior))

const draw = (values: ArrayLike<number>) => {
  for (let row = 0; row < 28; row += 2) {
    const shades = Array.from({ length: 28 }, (_, column) => {
      const mean = (values[row * 28 + column]! + values[(row + 1) * 28 + column]!) / 2
      return ' .:-=+*#%@'[Math.max(0, Math.min(9, Math.round((mean + 1) * 4.5)))]
    })
    console.log(shades.join(''))
  }
}
draw(operator.display(y).dataSync())
draw(restored.dataSync())
const [before] = await psnr(operator.display(y), truth)
const [after] = await psnr(restored, truth)
console.log(`PSNR ${before!.toFixed(1)} dB before, ${after!.toFixed(1)} dB after`)
