// The worker: restores a digit with a hole in it on the graphics processor, and tells of every step.
import { ddrm, epsilonPrior, gaussianNoise, inpaint, psnr, run, vpLinear } from '@tweedie/solvers'
import { fromData, getDevice, randomKey, setDefaultDevice } from '@tweedie/tensor'
import { loadGpu } from '@tweedie/tensor/gpu'
import { fetchPrior, predictor } from '@tweedie/unet'
import config from '@tweedie/unet/priors/digits/config.json?url'
import weights from '@tweedie/unet/priors/digits/model.safetensors?url'
import type { Message, Request } from './messages.ts'

const tell = (message: Message): void => self.postMessage(message)

/** A digit as the letters of this machine show it, 28×28 numbers in [−1, 1]. */
function typed(digit: string): Float32Array {
  const context = new OffscreenCanvas(28, 28).getContext('2d', { willReadFrequently: true })
  if (context === null) throw new Error('no canvas to write a digit on')
  context.fillStyle = 'white'
  context.font = '24px sans-serif'
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  context.fillText(digit, 14, 15)
  const { data } = context.getImageData(0, 0, 28, 28)
  return Float32Array.from({ length: 784 }, (_, i) => (data[4 * i + 3] ?? 0) / 127.5 - 1)
}

async function restore({ digit, steps, device, backend }: Request): Promise<void> {
  if (device === 'gpu') await loadGpu(backend && { backend })
  setDefaultDevice(device)
  const info = getDevice().info()
  tell({ kind: 'device', text: [`${info.name}, by ${info.backend}`, ...info.notes].join('; ') })

  const prior = epsilonPrior({
    ...{ name: 'digits', shape: [1, 28, 28], schedule: vpLinear(), clip: [-1, 1] as const },
    predictNoise: predictor(await fetchPrior({ config, weights }, { device })),
  })
  const truth = fromData(typed(digit), [1, 1, 28, 28])
  const operator = inpaint(prior.shape, { box: 12 })
  const noise = gaussianNoise(0.05)
  const y = noise.sample([randomKey(1)], operator.forward(truth))
  const measured = operator.display(y)
  tell({ kind: 'problem', truth: await truth.data(), measurement: await measured.data() })

  const restored = await run(ddrm({ operator, noise, y }, prior, { steps, seed: 1 }), {
    onStep: async ({ i, steps, x0hat }) => tell({ kind: 'step', i, steps, guess: await x0hat.data() }),
  })
  const [before = 0] = await psnr(measured, truth)
  const [after = 0] = await psnr(restored, truth)
  tell({ kind: 'done', restored: await restored.data(), before, after })
}

self.onmessage = ({ data }: MessageEvent<Request>) => {
  restore(data).catch((error: unknown) => tell({ kind: 'failed', why: String(error) }))
}
