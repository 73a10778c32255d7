// Another public checkpoint, whose pictures are in [0, 1]: result/models/model_unet_res.pth of
// github.com/Franfee/DM-DDPM-MNIST-ImageGen (MIT). Put it beside this file, then
//
//   npx tweedie restore digit.png --prior ./residual-unet.ts --operator sr:2 --method ddrm
import { fileURLToPath } from 'node:url'
import type { Prior } from '@tweedie/solvers'
import { epsilonPrior, rescaled, vpLinear } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { concat, pad, relu, scope } from '@tweedie/tensor'
import type { Params } from '@tweedie/unet'
import { layers, paramsOf } from '@tweedie/unet'
import { readParams } from '@tweedie/unet/node'

const { conv2d, convTranspose2d, embedding, layerNorm, linear, perChannel } = layers

/** The noise in x [N, 1, 28, 28], as the network of p predicts it at time t = 0 … 999. */
export const epsilon = (p: Params, x: Tensor, t: number): Tensor =>
  scope(() => {
    const time = embedding(p, 'pe.embedding', Math.round(t))
    const block = (h: Tensor, name: string) => {
      const inner = relu(conv2d(p, `${name}.conv1`, layerNorm(p, `${name}.ln`, h), { padding: 1 }))
      const residual = `${name}.residual_conv.weight` in p ? conv2d(p, `${name}.residual_conv`, h) : h
      return relu(conv2d(p, `${name}.conv2`, inner, { padding: 1, residual }))
    }
    const blocks = (h: Tensor, name: string) => block(block(h, `${name}.0`), `${name}.1`)

    const skips: Tensor[] = []
    let h = x
    for (const i of [0, 1, 2]) {
      const told = linear(p, `pe_linears_en.${i}.2`, relu(linear(p, `pe_linears_en.${i}.0`, time)))
      h = blocks(h.add(perChannel(told)), `encoders.${i}`)
      skips.push(h)
      h = conv2d(p, `downs.${i}`, h, { stride: 2 })
    }
    h = blocks(h.add(perChannel(linear(p, 'pe_mid', time))), 'mid')
    for (const i of [0, 1, 2]) {
      const skip = skips.pop()!
      const up = convTranspose2d(p, `ups.${i}`, h, { stride: 2 })
      const missing = skip.shape.map((extent, axis) => [0, axis < 2 ? 0 : extent - up.shape[axis]!] as const)
      const joined = concat([skip, pad(up, missing)], 1)
      h = blocks(joined.add(perChannel(linear(p, `pe_linears_de.${i}`, time))), `decoders.${i}`)
    }
    return conv2d(p, 'conv_out', h, { padding: 1 })
  })

export default function (): Prior {
  const params = paramsOf(readParams(fileURLToPath(new URL('model_unet_res.pth', import.meta.url))))
  const inUnitRange = epsilonPrior({
    name: 'residual-unet',
    shape: [1, 28, 28],
    schedule: vpLinear(),
    predictNoise: (x, t) => epsilon(params, x, t),
    clip: [0, 1],
  })
  return rescaled(inUnitRange, { scale: 2, shift: -1 }) // pictures are in [−1, 1] everywhere else
}
