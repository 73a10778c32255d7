import type { Conv2dParams, PrimitiveName, Shape, Tensor } from '@tweedie/tensor'
import { dilated, dispatch, flip, matmul, matrixTranspose, reshape, transpose } from '@tweedie/tensor'
import type { Rule, VjpContext } from './types.ts'

const axes = [0, 1] as const
type Pair = readonly [number, number]
const perAxis = <T>(fn: (axis: 0 | 1) => T): readonly [T, T] => [fn(0), fn(1)]

/** What the gradients of a convolution are made of. */
export type ConvGradient = Pick<VjpContext<'conv2d'>, 'dy' | 'x' | 'params' | 'shapes'>

/**
 * The gradient in the input of a convolution is again one: of dy, spread out by the stride, with the kernel
 * turned round and its channel roles exchanged. Along one axis, with dilated kernel reach R and padding p,
 * output q meets input j at tap u where q·s + u·r − p = j·l; so j collects dy from q·s = j·l + p − u·r:
 * stride l, left padding R − 1 − p, and on the right whatever makes the extent come out.
 */
export function inputGradient({ dy, x, params, shapes }: ConvGradient): Tensor {
  const { stride, padding, lhsDilation, rhsDilation, groups } = params
  const [input, weight] = shapes as readonly [Shape, Shape]
  const w = x(1)
  const [outChannels, perGroup, kh, kw] = weight as readonly [number, number, number, number]
  const split = reshape(flip(w, [2, 3]), [groups, outChannels / groups, perGroup, kh, kw])
  const turned = reshape(transpose(split, [0, 2, 1, 3, 4]), [groups * perGroup, outChannels / groups, kh, kw])
  const sides = perAxis((a): Pair => {
    const reach = dilated(weight[2 + a]!, rhsDilation[a])
    const low = reach - 1 - padding[a][0]
    const wanted = dilated(input[2 + a]!, lhsDilation[a]) + reach - 1
    return [low, wanted - low - dilated(dy.shape[2 + a]!, stride[a])]
  })
  return dispatch('conv2d', [dy, turned], {
    stride: lhsDilation,
    padding: sides,
    lhsDilation: stride,
    rhsDilation,
    groups,
  })
}

/**
 * The gradient in the kernel is the convolution of x, its channels taken as the batch, with dy as the kernel:
 * tap u collects x at q·s + u·r − p, so stride and kernel dilation change places.
 */
export function kernelGradient({ dy, x, params, shapes }: ConvGradient): Tensor {
  const { stride, padding, lhsDilation, rhsDilation, groups } = params
  const [input, weight] = shapes as readonly [Shape, Shape]
  const [n, channels, height, width] = input as readonly [number, number, number, number]
  const perGroup = channels / groups
  // [N, g·c, H, W] → [c, g·N, H, W]: one "image" per channel of a group, the samples as its channels.
  const split = reshape(x(0), [n, groups, perGroup, height, width])
  const images = reshape(transpose(split, [2, 1, 0, 3, 4]), [perGroup, groups * n, height, width])
  const sides = perAxis((a): Pair => {
    const spread = dilated(input[2 + a]!, lhsDilation[a])
    const wanted = dilated(dy.shape[2 + a]!, stride[a]) + (weight[2 + a]! - 1) * rhsDilation[a]
    return [padding[a][0], wanted - spread - padding[a][0]]
  })
  const out = dispatch('conv2d', [images, transpose(dy, [1, 0, 2, 3])], {
    stride: rhsDilation,
    padding: sides,
    lhsDilation,
    rhsDilation: stride,
    groups,
  } satisfies Conv2dParams)
  return transpose(out, [1, 0, 2, 3])
}

/** A convolution of nothing: its gradients are zeros, whatever the geometry says. */
export const isEmpty = (shape: Shape): boolean => axes.some((a) => shape[2 + a] === 0)

/** Gradients of the two contractions; both are contractions again, so all higher orders follow. */
export const contractRules = {
  matmul: {
    kind: 'vjp',
    jvp: 'bilinear',
    input: (i) =>
      i === 0
        ? { needs: [1], grad: ({ dy, x }) => matmul(dy, matrixTranspose(x(1))) }
        : { needs: [0], grad: ({ dy, x }) => matmul(matrixTranspose(x(0)), dy) },
  },
  conv2d: {
    kind: 'vjp',
    jvp: 'bilinear',
    input: (i) => (i === 0 ? { needs: [1], grad: inputGradient } : { needs: [0], grad: kernelGradient }),
    constant: (_params, inputs) =>
      inputs.some(({ shape }) => isEmpty(shape)) ? 'a convolution of nothing is zero' : undefined,
  },
} satisfies { [P in PrimitiveName]?: Rule<P> }
