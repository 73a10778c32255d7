// A public checkpoint whose network is none of ours, written with the layer kit under the checkpoint's own names:
// ddpm_mnist.pt of github.com/BrianPulfer/PapersReimplementations, folder ddpm (MIT). Put it beside this file, then
//
//   npx tweedie restore digit.png --prior ./ddpm-mnist.ts --operator sr:2 --method ddrm
import { fileURLToPath } from 'node:url'
import type { Prior } from '@tweedie/solvers'
import { epsilonPrior, vpLinear } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { concat, scope, silu } from '@tweedie/tensor'
import type { Params } from '@tweedie/unet'
import { layers, paramsOf } from '@tweedie/unet'
import { readParams } from '@tweedie/unet/node'

const { conv2d, convTranspose2d, embedding, layerNorm, linear, perChannel } = layers

/** The noise in x [N, 1, 28, 28], as the network of p predicts it at time t = 0 … 999. */
export const epsilon = (p: Params, x: Tensor, t: number): Tensor =>
  scope(() => {
    const time = embedding(p, 'network.time_embed', Math.round(t))
    const told = (h: Tensor, te: string) =>
      h.add(perChannel(linear(p, `network.${te}.2`, linear(p, `network.${te}.0`, time, 'silu'))))
    const conv = (h: Tensor, name: string, padding: number, stride = 1) =>
      conv2d(p, `network.${name}`, h, { padding, stride })
    const transposed = (h: Tensor, name: string, padding: number, stride = 1) =>
      convTranspose2d(p, `network.${name}`, h, { padding, stride })
    /** Three times: norm over all pixels and channels, then two convolutions. */
    const blocks = (h: Tensor, level: string) =>
      [0, 1, 2].reduce((h, i) => {
        const bare = level === 'b_out' && i === 2 // the file has a norm there that is not applied
        const normed = bare ? h : layerNorm(p, `network.${level}.${i}.ln`, h)
        return silu(conv(silu(conv(normed, `${level}.${i}.conv1`, 1)), `${level}.${i}.conv2`, 1))
      }, h)

    const at28 = blocks(told(x, 'te1'), 'b1')
    const at14 = blocks(told(conv(at28, 'down1', 1, 2), 'te2'), 'b2')
    const at7 = blocks(told(conv(at14, 'down2', 1, 2), 'te3'), 'b3')
    const at3 = conv(silu(conv(at7, 'down3.0', 0)), 'down3.2', 1, 2)
    const middle = blocks(told(at3, 'te_mid'), 'b_mid')
    const up7 = transposed(silu(transposed(middle, 'up1.0', 1, 2)), 'up1.2', 0)
    const back7 = blocks(told(concat([at7, up7], 1), 'te4'), 'b4')
    const back14 = blocks(told(concat([at14, transposed(back7, 'up2', 1, 2)], 1), 'te5'), 'b5')
    const back28 = blocks(told(concat([at28, transposed(back14, 'up3', 1, 2)], 1), 'te_out'), 'b_out')
    return conv(back28, 'conv_out', 1)
  })

/** The prior of a checkpoint file: digits or clothes in [−1, 1]. */
export function priorOf(name: string, file: string): Prior {
  const params = paramsOf(readParams(file))
  const schedule = vpLinear()
  return epsilonPrior({
    name,
    shape: [1, 28, 28],
    schedule,
    predictNoise: (x, t) => epsilon(params, x, t),
    clip: [-1, 1],
  })
}

export default (): Prior => priorOf('ddpm-mnist', fileURLToPath(new URL('ddpm_mnist.pt', import.meta.url)))
