// Every layer's derivatives in parameters and images, to order 2, against finite differences in float64.
import { checkGrads } from '@tweedie/autograd'
import type { Activation, Shape, Tensor } from '@tweedie/tensor'
import { fromData, normal, randomKey, scope } from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ParamSpec, Params } from '../params.ts'
import * as layers from './index.ts'

/** A call of a layer: the shapes of all that it is differentiated in, images under names of their own. */
interface Call {
  readonly shapes: ParamSpec
  readonly run: (p: Params) => Tensor | readonly Tensor[]
}

const small = fc.integer({ min: 1, max: 2 })
const image = fc.record({ n: small, c: small, h: fc.integer({ min: 1, max: 3 }), w: small })
const flag = fc.boolean()
const affine = (name: string, weight: Shape): ParamSpec => ({
  [`${name}.weight`]: weight,
  [`${name}.bias`]: [weight[0]!],
})

const conv2d = fc
  .record({
    at: image,
    perGroup: small,
    groups: small,
    kernel: fc.constantFrom(1, 3),
    stride: small,
    bias: fc.constantFrom('own', 'other', 'none'),
    residual: flag,
  })
  .map(({ at: { n, c, h, w }, perGroup, groups, kernel, stride, bias, residual }): Call => {
    const [inChannels, outChannels] = [c * groups, perGroup * groups]
    const extent = (size: number) => Math.ceil(size / stride)
    return {
      shapes: {
        x: [n, inChannels, h, w],
        'conv.weight': [outChannels, c, kernel, kernel],
        ...(bias === 'own' ? { 'conv.bias': [outChannels] } : {}),
        ...(bias === 'other' ? { other: [outChannels] } : {}),
        ...(residual ? { residual: [n, outChannels, extent(h), extent(w)] } : {}),
      },
      run: (p) =>
        layers.conv2d(p, 'conv', p['x']!, {
          stride,
          groups,
          padding: (kernel - 1) / 2,
          ...(bias === 'none' ? { bias: false } : {}),
          ...(bias === 'other' ? { bias: p['other']! } : {}),
          ...(residual ? { residual: p['residual']! } : {}),
        }),
    }
  })

const linear = fc
  .record({
    n: small,
    inputs: small,
    outputs: small,
    activation: fc.constantFrom<Activation>('none', 'silu'),
  })
  .map(
    ({ n, inputs, outputs, activation }): Call => ({
      shapes: { x: [n, inputs], ...affine('l', [outputs, inputs]) },
      run: (p) => layers.linear(p, 'l', p['x']!, activation),
    }),
  )

/** A large eps keeps the third derivatives, and with them the error of the differences, small. */
const eps = 0.5

const groupNorm = fc.record({ at: image, groups: small, silu: flag }).map(
  ({ at: { n, c, h, w }, groups, silu }): Call => ({
    shapes: { x: [n, c * groups, h, w + 1], 'n.weight': [c * groups], 'n.bias': [c * groups] },
    run: (p) => layers.groupNorm(p, 'n', p['x']!, { groups, silu, eps }),
  }),
)

/** Heads of d channels over the pixels of an image; as many groups as heads. */
const heads = fc.record({ n: small, heads: small, d: small, h: small, w: fc.integer({ min: 1, max: 3 }) })

const shiftedConv2d = fc.tuple(image, small, flag).map(
  ([{ n, c, h, w }, out, perSample]): Call => ({
    shapes: { x: [n, c, h, w], shift: [perSample ? n : 1, out], ...affine('conv', [out, c, 3, 3]) },
    run: (p) => layers.shiftedConv2d(p, 'conv', p['x']!, p['shift']!),
  }),
)

const scaleShiftNorm = fc.record({ at: image, groups: small, silu: flag, perSample: flag }).map(
  ({ at: { n, c, h, w }, groups, silu, perSample }): Call => ({
    shapes: {
      x: [n, c * groups, h, w + 1],
      time: [perSample ? n : 1, 2 * c * groups],
      'n.weight': [c * groups],
      'n.bias': [c * groups],
    },
    run: (p) => layers.scaleShiftNorm(p, 'n', p['x']!, p['time']!, { groups, silu, eps }),
  }),
)

const attention = fc.tuple(heads, small, flag).map(([{ n, heads, d, h, w }, more, norm]): Call => {
  const inner = heads * d
  const c = inner + heads * (more - 1)
  const square: Shape = [inner, c]
  return {
    shapes: {
      x: [n, c, h, w],
      ...(norm ? { 'a.group_norm.weight': [c], 'a.group_norm.bias': [c] } : {}),
      ...affine('a.to_q', square),
      ...affine('a.to_k', square),
      ...affine('a.to_v', square),
      ...affine('a.to_out.0', [c, inner]),
    },
    run: (p) => layers.attention(p, 'a', p['x']!, { headDim: d, groups: norm ? heads : null, eps }),
  }
})

const qkvAttention = heads.map(({ n, heads, d, h, w }): Call => {
  const c = heads * d
  return {
    shapes: {
      x: [n, c, h, w],
      'a.norm.weight': [c],
      'a.norm.bias': [c],
      ...affine('a.qkv', [3 * c, c, 1]),
      ...affine('a.proj_out', [c, c, 1]),
    },
    run: (p) =>
      (['heads-first', 'qkv-first'] as const).map((order) =>
        layers.qkvAttention(p, 'a', p['x']!, { heads, order, groups: heads, eps }),
      ),
  }
})

/** A layer of images alone, whose result is squared: it is linear itself. */
const ofImages = (layer: (x: Tensor) => Tensor, factor = 1) =>
  image.map(
    ({ n, c, h, w }): Call => ({
      shapes: { x: [n, c, h * factor, w * factor] },
      run: ({ x }) => layer(x!).square(),
    }),
  )

const downsample = fc.tuple(image, small, fc.constantFrom(0, 1)).map(
  ([{ n, c, h, w }, out, padding]): Call => ({
    shapes: { x: [n, c, 2 * h, 2 * w], ...affine('d.conv', [out, c, 3, 3]) },
    run: (p) => layers.downsample(p, 'd', p['x']!, padding),
  }),
)

const upsample = fc.tuple(image, small).map(
  ([{ n, c, h, w }, out]): Call => ({
    shapes: { x: [n, c, h, w], ...affine('u.conv', [out, c, 3, 3]) },
    run: (p) => layers.upsample(p, 'u', p['x']!),
  }),
)

const timeMlp = fc.tuple(small, small, small).map(
  ([n, inputs, hidden]): Call => ({
    shapes: {
      x: [n, inputs],
      ...affine('t.linear_1', [hidden, inputs]),
      ...affine('t.linear_2', [hidden, hidden]),
    },
    run: (p) => layers.timeMlp(p, 't', p['x']!),
  }),
)

const timeEmbedding = fc.tuple(small, fc.integer({ min: 2, max: 5 }), flag, fc.constantFrom(0, 0.5)).map(
  ([n, dim, flipSinToCos, freqShift]): Call => ({
    shapes: { t: [n] },
    run: ({ t }) => layers.timeEmbedding(t!, dim, { flipSinToCos, freqShift }),
  }),
)

const perChannel = fc.tuple(image, flag).map(
  ([{ n, c, h, w }, perSample]): Call => ({
    shapes: { x: [n, c, h, w], v: perSample ? [n, c] : [c] },
    run: ({ x, v }) => x!.mul(layers.perChannel(v!)),
  }),
)

const convTranspose2d = fc
  .record({
    at: image,
    perGroup: small,
    groups: small,
    kernel: fc.constantFrom(2, 3),
    stride: small,
    bias: flag,
  })
  .map(
    ({ at: { n, c, h, w }, perGroup, groups, kernel, stride, bias }): Call => ({
      shapes: {
        x: [n, c * groups, h, w],
        'up.weight': [c * groups, perGroup, kernel, kernel],
        ...(bias ? { 'up.bias': [perGroup * groups] } : {}),
      },
      run: (p) =>
        layers.convTranspose2d(p, 'up', p['x']!, { stride, groups, bias, outputPadding: stride - 1 }),
    }),
  )

const layerNorm = image.map(
  ({ n, c, h, w }): Call => ({
    shapes: { x: [n, c, h, w + 1], 'l.weight': [c, h, w + 1], 'l.bias': [c, h, w + 1] },
    run: (p) => layers.layerNorm(p, 'l', p['x']!, { eps }),
  }),
)

const embedding = fc.tuple(small, fc.array(fc.nat(2), { minLength: 1, maxLength: 3 })).map(
  ([d, rows]): Call => ({
    shapes: { 'e.weight': [3, d] },
    run: (p) => {
      const { device } = p['e.weight']!
      return layers.embedding(p, 'e', fromData(rows, [rows.length], { dtype: 'int32', device })).square()
    },
  }),
)

const withLevelMap = fc.tuple(image, flag).map(
  ([{ n, c, h, w }, perSample]): Call => ({
    shapes: { x: [n, c, h, w], t: [perSample ? n : 1] },
    run: ({ x, t }) => layers.withLevelMap(x!, t!).square(),
  }),
)

/** A layer without calls here does not compile, and fails the first test. */
const calls: { readonly [L in keyof typeof layers]: fc.Arbitrary<Call> } = {
  conv2d,
  groupNorm,
  linear,
  perChannel,
  shiftedConv2d,
  scaleShiftNorm,
  attention,
  qkvAttention,
  averagePool: ofImages(layers.averagePool, 2),
  firDownsample: ofImages(layers.firDownsample, 2),
  firUpsample: ofImages((x) => layers.firUpsample(x, { margin: 1 })),
  downsample,
  upsample,
  upsampleNearest: ofImages(layers.upsampleNearest),
  timeEmbedding,
  timeMlp,
  convTranspose2d,
  layerNorm,
  embedding,
  withLevelMap,
}

test('every layer is among them', () => {
  expect(Object.keys(calls).sort()).toEqual(Object.keys(layers).sort())
})

describe.each(Object.entries(calls))('%s', (_, arbitrary) => {
  test('has derivatives that agree with finite differences, order 2', () => {
    fc.assert(
      fc.property(arbitrary, fc.nat(1e6), ({ shapes, run }, seed) =>
        scope(() => {
          const key = randomKey(seed)
          const draw = (shape: Shape, i: number) =>
            normal(key.fold(i), shape, { dtype: 'float64', device: 'reference' }).mul(0.7)
          const params = Object.fromEntries(Object.entries(shapes).map(([name, s], i) => [name, draw(s, i)]))
          checkGrads(run, [params], { seed })
        }),
      ),
      { numRuns: 6 },
    )
  })
})
