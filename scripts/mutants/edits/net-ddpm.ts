import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

// The whole of diffusers' UNet2DModel.

const of = editsOf('packages/unet/src')
const variants = 'architectures/ddpm/variants.test.ts'

const fir = of('layers/fir.ts')
const norm = of('layers/adaptive-norm.ts', 'layers/gradients.test.ts', variants)
const attention = of('layers/attention.ts', variants)
const time = of('layers/time.ts', variants)
const plan = of('architectures/ddpm/varied/plan.ts', 'architectures/ddpm/varied/plan.test.ts', variants)
const resnet = of('architectures/ddpm/varied/resnet.ts', variants)
const forward = of('architectures/ddpm/varied/forward.ts', variants)
const embed = of('architectures/ddpm/varied/embed.ts', variants, 'architectures/ddpm/told.test.ts')
const activation = of('architectures/ddpm/varied/activation.ts')
const config = of('architectures/ddpm/varied/config.ts', 'architectures/ddpm/diffusers.test.ts')
const spec = of('architectures/ddpm/varied/spec.ts', variants)
const diffusers = of('architectures/ddpm/diffusers.ts')
const types = of('architectures/ddpm/block-types.ts', 'architectures/ddpm/diffusers.test.ts')
const infer = of('architectures/ddpm/infer.ts')
const explain = of('architectures/ddpm/explain.ts', 'architectures/ddpm/infer.test.ts')
const former = of('architectures/ddpm/former-names.ts', 'architectures/ddpm/names.test.ts')
const init = of('architectures/ddpm/init.ts', 'architectures/ddpm/init.test.ts')
const told = of('train/told-times.ts')

export const ddpmVariantEdits: readonly Edit[] = [
  fir(
    'net-ddpm-fir-gain',
    'kernel(filter, 4, x)',
    'kernel(filter, 2, x)',
    'doubled images are half as bright',
  ),
  fir('net-ddpm-fir-sum', '(total * total)', 'total', 'the filter along both axes has not the sum 1'),
  fir(
    'net-ddpm-fir-padding',
    'padding = filter.length / 2 - 1',
    'padding = filter.length / 2',
    'halved images are shifted',
  ),
  fir(
    'net-ddpm-fir-margin',
    'filter.length / 2 + margin',
    'filter.length / 2 + 2 * margin',
    'twice the margin',
  ),
  norm(
    'net-ddpm-shift',
    'slice(time, null, [channels])',
    'slice(time, null, [0, channels])',
    'the shift is the scale',
  ),
  attention(
    'net-ddpm-attention-heads',
    'const heads = inner / headDim',
    'const heads = 1',
    'one head of all channels',
  ),
  time('net-ddpm-odd', 'Math.floor(dim / 2)', 'Math.ceil(dim / 2)', 'odd widths have a frequency too many'),
  plan('net-ddpm-skip-scale', 'scale: Math.SQRT2', 'scale: 1', 'blocks of skip are not scaled'),
  plan('net-ddpm-mid-scale', 'scale: variant.midScale', 'scale: 1', '`midScale` is ignored'),
  plan(
    'net-ddpm-quirk',
    'Math.min(block.inChannels - join + Math.floor(join / 4), 32)',
    'quarter(block.inChannels)',
    "groups where a level of skip has attention on the way up, as diffusers' are not",
  ),
  plan(
    'net-ddpm-attention-once',
    'j === resnets.length - 1',
    'j === 0',
    'attention of skip after the first block on the way up',
  ),
  plan(
    'net-ddpm-mid-groups',
    'variant.scaleShift ? null : middle',
    'middle',
    'attention in the middle has a norm whatever time does',
  ),
  plan(
    'net-ddpm-before',
    'block.inChannels - (j === 0 ? before : channels)',
    'block.inChannels - channels',
    'what the first block of a level on the way up takes from the level before',
  ),
  resnet(
    'net-ddpm-change-late',
    'change(act(groupNorm(',
    'act(change(groupNorm(',
    'the resolution changes before the activation',
  ),
  resnet('net-ddpm-act-second', 'act(h), change(x)', 'h, change(x)', 'no activation after the second norm'),
  resnet(
    'net-ddpm-repeat',
    'repeat: upsampleNearest',
    'repeat: firUpsample',
    'a filter doubles where nothing should',
  ),
  resnet(
    'net-ddpm-attention-scale',
    'scaled(attention(',
    '(attention(',
    'the sum after attention is not scaled',
  ),
  forward('net-ddpm-center', 'x.mul(2).sub(1)', 'x.mul(2)', 'images are not centred'),
  forward(
    'net-ddpm-divide',
    'whole.div(reshape(timesOf(x, t), [-1, 1, 1, 1]))',
    'whole',
    'the output of `fourier` is not divided by the time',
  ),
  forward(
    'net-ddpm-pyramid-seen',
    'seen = firDownsample(seen)',
    'firDownsample(seen)',
    'the pyramid is not halved',
  ),
  forward(
    'net-ddpm-time-activation',
    'activate[variant.activation](embedding(',
    'activate.silu(embedding(',
    'the time goes through SiLU whatever the activation',
  ),
  embed(
    'net-ddpm-log',
    'reshape(log(times), [-1, 1])',
    'reshape(times, [-1, 1])',
    '`fourier` takes the time as it is',
  ),
  embed(
    'net-ddpm-waves',
    '[sin(waves), cos(waves)]',
    '[cos(waves), sin(waves)]',
    'cosines of `fourier` first',
  ),
  embed('net-ddpm-frozen', 'stopGradient(table)', '(table)', 'the multiples of `fourier` are trained'),
  embed('net-ddpm-zero-time', '!(t > 0)', '!(t >= 0)', 'a time of 0 is told to `fourier`'),
  activation('net-ddpm-mish', 'above.div(above.add(2))', 'above.div(above.add(1))', 'mish of another slope'),
  activation('net-ddpm-gelu', 'Math.SQRT1_2', '1', 'gelu by another normal'),
  config(
    'net-ddpm-skip-order',
    "downBlocks[i - 1] !== 'skip'",
    "downBlocks[i - 1] === 'resnet'",
    'levels of skip after others are taken',
  ),
  spec(
    'net-ddpm-time-rows',
    '[2 * rows, ...rest]',
    '[rows, ...rest]',
    'a scale and a shift of half the channels',
  ),
  diffusers(
    'net-ddpm-group-default',
    '!scaleShift && midAttentionGroups === normGroups',
    'midAttentionGroups === normGroups',
    'as many groups as all norms have are none where time scales',
  ),
  diffusers(
    'net-ddpm-class-precedence',
    'classEmbedding === null ? numClasses : null',
    'numClasses',
    'classes beside another time',
  ),
  types(
    'net-ddpm-resampling',
    "kind === 'resnet' && attention[i] === true",
    "kind === 'resnet'",
    'how attention changes the resolution is told by levels without',
  ),
  infer(
    'net-ddpm-last-skip',
    'skip ? ',
    'once ? ',
    'the last level is of skip only where attention tells it',
  ),
  infer(
    'net-ddpm-infer-classes',
    "weight('class_embedding')?.[0]",
    "weight('class_embedding')?.[1]",
    'as many classes as the embedding is wide',
  ),
  explain(
    'net-ddpm-explain-index',
    'entry !== is[j]',
    'entry === is[j]',
    'the first entry that agrees is named',
  ),
  former(
    'net-ddpm-former-both',
    'if (name !== entry.name && names.has(name)) return []',
    '',
    'one tensor under two names',
  ),
  former(
    'net-ddpm-former-ones',
    'ones.every((extent) => extent === 1)',
    'true',
    'kernels of any size are matrices',
  ),
  init(
    'net-ddpm-fourier-scale',
    'const fourierScale = 16',
    'const fourierScale = 1',
    'multiples of `fourier` near 0',
  ),
  told('net-ddpm-told-index', 'table.time?.[i] ?? i', 'i', 'noise levels of a table are not looked at'),
]
