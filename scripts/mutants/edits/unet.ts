import type { Edit } from '../edit.ts'
import { archiveEdits } from './archives.ts'
import { checkpointEdits } from './checkpoints.ts'
import { editsOf, inside as insideOf } from './of.ts'
import { trainingEdits } from './training.ts'
import { trainingFileEdits } from './training-files.ts'

const src = 'packages/unet/src'
const of = editsOf(src)
const inside = (...paths: readonly string[]) => insideOf(src, ...paths)

const resample = of('layers/resample.ts')
const time = of('layers/time.ts')
const adaptive = of('layers/adaptive-norm.ts')
const affine = of('layers/affine.ts')
const attention = of('layers/attention.ts')
const qkv = of('layers/qkv-attention.ts')
const ddpm = of('architectures/ddpm/forward.ts')
const ddpmResnet = of('architectures/ddpm/resnet.ts')
const ddpmConfig = of('architectures/ddpm/given-config.ts')
const ddpmPlan = of('architectures/ddpm/plan.ts')
const diffusers = of('architectures/ddpm/plain-diffusers.ts')
const adm = of('architectures/adm/forward.ts')
const admConfig = of('architectures/adm/config.ts')
const admPlan = of('architectures/adm/plan.ts')
const resBlock = of('architectures/adm/res-block.ts')
const infer = of('architectures/adm/infer.ts')
const learned = of('architectures/learned-variance.ts')
const predictor = of('architectures/predictor.ts', 'architectures/architectures', 'models')
const ddpmMember = of('architectures/ddpm/architecture.ts', 'architectures/architectures')
const admMember = of('architectures/adm/architecture.ts', 'architectures/architectures')
const target = of('train/target.ts', 'train/target')
const told = of('train/batch.ts', 'train/target')
const formats = of('architectures/format.ts', 'models/fetch-prior', 'architectures/architectures')
const recorded = of('models/training-record.ts', 'models/model')
const schedulerTraining = of('models/scheduler.ts', 'models/scheduler', 'models/model')
const half = of('checkpoint/half.ts', 'checkpoint/safetensors')
const from16 = editsOf('packages/tensor/src')('half/from-float16.ts', 'half/half.test.ts')
const to16 = editsOf('packages/tensor/src')('half/to-float16.ts', 'half/half.test.ts')
const images = of('data/images.ts')
const init = of('init.ts')

const parity = inside('architectures/ddpm', 'layers')
const admParity = inside('architectures/adm')

const networks: readonly Edit[] = [
  resample(
    'downsample-padding-side',
    '[0, 1],\n            [0, 1],',
    '[1, 0],\n            [1, 0],',
    '`downsamplePadding: 0` puts its zeros at the start',
    parity,
  ),
  resample(
    'downsample-padding-default',
    'x: Tensor, padding = 1)',
    'x: Tensor, padding = 0)',
    'downsampling pads at the end by default',
    inside('layers/resample'),
  ),
  resample(
    'upsample-nearest',
    '[n, c, h, 1, w, 1]), [n, c, h, 2, w, 2])',
    '[n, c, 1, h, 1, w]), [n, c, 2, h, 2, w])',
    'images are tiled instead of enlarged',
    parity,
  ),
  time('time-frequency-shift', '(half - options.freqShift)', 'half', '`freqShift` is ignored', parity),
  time(
    'time-flip',
    'options.flipSinToCos ? [cos(angle), sin(angle)] : [sin(angle), cos(angle)]',
    '[cos(angle), sin(angle)]',
    '`flipSinToCos: false` is ignored',
    parity,
  ),
  time('time-base', '10000 **', '1000 **', 'another base of the frequencies', parity),
  time('time-mlp-silu', "embedding, 'silu')", "embedding, 'none')", 'the time MLP has no activation', parity),
  attention(
    'attention-query-key',
    "split('to_q'), split('to_k'), split('to_v')",
    "split('to_k'), split('to_q'), split('to_v')",
    'queries and keys change places',
    parity,
  ),
  attention(
    'attention-skip',
    'reshape(mixed, [n, inner, pixels]), skip)',
    'reshape(mixed, [n, inner, pixels]))',
    'attention without its skip connection',
    parity,
  ),
  qkv(
    'qkv-order',
    "order === 'heads-first'",
    "order !== 'heads-first'",
    'the two orders of qkv change places',
    admParity,
  ),
  ddpmResnet(
    'ddpm-norm-eps',
    'eps: config.normEps, silu: true }\n',
    'eps: 1e-5, silu: true }\n',
    '`normEps` is ignored in the residual blocks',
    parity,
  ),
  ddpmResnet(
    'ddpm-attention-eps',
    'groups: config.normGroups,\n      eps: config.normEps,\n    }),',
    'groups: config.normGroups,\n    }),',
    '`normEps` is ignored in attention',
    parity,
  ),
  ddpm(
    'ddpm-last-eps',
    'groups, eps: normEps, silu: true })',
    'groups, silu: true })',
    '`normEps` is ignored in the last norm',
    parity,
  ),
  ddpm(
    'ddpm-downsample-padding',
    "downsample(params, resample ?? '', h, config.downsamplePadding)",
    "downsample(params, resample ?? '', h)",
    '`downsamplePadding` is ignored',
    parity,
  ),
  ddpmResnet(
    'ddpm-shortcut-bias',
    'conv2.bias`).add(param(params, `',
    'conv2.bias`).sub(param(params, `',
    "the shortcut's bias is subtracted",
    parity,
  ),
  affine(
    'ddpm-time-bias',
    'perChannel(all))',
    'perChannel(all).mul(2))',
    'times of their own per image count twice',
    parity,
  ),
  ddpmResnet(
    'ddpm-head-dim',
    'config.attentionHeadDim ?? block.outChannels',
    'block.outChannels',
    '`attentionHeadDim` is ignored',
    parity,
  ),
  ddpmConfig(
    'ddpm-default-eps',
    'options.normEps ?? 1e-5',
    'options.normEps ?? 1e-6',
    'another default ε',
    inside('architectures/ddpm/config'),
  ),
  ddpmConfig(
    'ddpm-default-flip',
    'options.flipSinToCos ?? true',
    'options.flipSinToCos ?? false',
    'sines first by default',
    inside('architectures/ddpm/config'),
  ),
  ddpmConfig(
    'ddpm-default-groups',
    'options.normGroups ?? 8',
    'options.normGroups ?? 4',
    'four groups by default',
    inside('architectures/ddpm/config'),
  ),
  ddpmPlan(
    'ddpm-time-dim',
    'config.timeEmbeddingDim ?? 4 * channels[0]!',
    '4 * channels[0]!',
    '`timeEmbeddingDim` is ignored',
    inside('architectures/ddpm'),
  ),
  ddpmPlan(
    'ddpm-up-attention',
    'inputs, config.upAttention[i]!',
    'inputs, config.downAttention[last - i]!',
    'attention on the way up is that of the way down',
    inside('architectures/ddpm'),
  ),
  diffusers(
    'diffusers-head-dim',
    "'attention_head_dim', nullable(channels), 8]",
    "'attention_head_dim', nullable(channels), 16]",
    "diffusers' default head size",
    inside('architectures/ddpm/config'),
  ),
  diffusers(
    'diffusers-freq-shift',
    'number(0, limits.channels), 0]',
    'number(0, limits.channels), 1]',
    "diffusers' default frequency shift",
    inside('architectures/ddpm/config'),
  ),
  diffusers(
    'diffusers-padding',
    'return { ...others,',
    'return { ...others, downsamplePadding: 1,',
    '`downsample_padding` is not read',
    inside('architectures/ddpm'),
  ),
  diffusers(
    'diffusers-eps',
    'return { ...others,',
    'return { ...others, normEps: 1e-5,',
    '`norm_eps` is not read',
    inside('architectures/ddpm'),
  ),
  adm(
    'adm-time-flip',
    'flipSinToCos: true, freqShift: 0',
    'flipSinToCos: false, freqShift: 0',
    "guided-diffusion's cosines come after its sines",
    admParity,
  ),
  adm('adm-label', 'c === undefined ? time : time.add(c)', 'time', 'the class is ignored', admParity),
  adm(
    'adm-new-order',
    "config.useNewAttentionOrder ? 'qkv-first' : 'heads-first'",
    "'heads-first'",
    '`useNewAttentionOrder` is ignored',
    admParity,
  ),
  admConfig(
    'adm-heads-up',
    'up ? (numHeadsUpsample ?? numHeads) : numHeads',
    'numHeads',
    '`numHeadsUpsample` is ignored',
    admParity,
  ),
  admPlan(
    'adm-attention-level',
    'includes(2 ** level)',
    'includes(level)',
    'attention at other resolutions',
    admParity,
  ),
  admPlan(
    'adm-embedding',
    'embedding: 4 * config.modelChannels',
    'embedding: 2 * config.modelChannels',
    'the embedding is half as wide',
    admParity,
  ),
  adaptive('adm-scale-shift', '.add(1)', '.add(0)', 'the scale of scale-shift norm lacks 1', admParity),
  resBlock(
    'adm-skip-resample',
    'const shortcut = resample(x)',
    'const shortcut = block.resample === undefined ? x : resample(x.mul(0.5))',
    'the shortcut of a resampling block is halved',
    admParity,
  ),
  infer(
    'infer-classes',
    "shapes.get('label_emb.weight')?.[0] ?? null",
    "shapes.get('label_emb.weight')?.[1] ?? null",
    'the number of classes is read from the wrong axis',
    inside('architectures/adm', 'models'),
  ),
  learned(
    'learned-variance-halves',
    'epsilon: slice(output, null, [0, half]), v: slice(output, null, [half])',
    'epsilon: slice(output, null, [half]), v: slice(output, null, [0, half])',
    'the halves of a learned-variance output change places',
    admParity,
  ),
  init(
    'init-bound',
    '1 / Math.sqrt(sizeOf(weight) / weight[0]!)',
    '1 / Math.sqrt(sizeOf(weight))',
    'weights start too small',
    inside('init'),
  ),
]

/** What loading, training and priors ask of an architecture. */
const members: readonly Edit[] = [
  predictor(
    'predictor-learned',
    'outChannels === 2 * inChannels',
    'outChannels === inChannels',
    'learned variance is told the wrong way round',
  ),
  predictor(
    'predictor-half',
    'splitLearnedVariance(output).epsilon',
    'splitLearnedVariance(output).v',
    'the half for the variance is taken for the prediction',
  ),
  formats(
    'format-first',
    'formats.find(({ detect }) => detect(json))',
    'formats[0]',
    'every file is of the first format',
  ),
  ddpmMember(
    'ddpm-divisor',
    'blockOutChannels.length - 1',
    'blockOutChannels.length',
    'sides must be multiples of twice as much',
  ),
  admMember(
    'adm-divisor',
    'channelMult.length - 1',
    'channelMult.length',
    'sides must be multiples of twice as much',
  ),
  admMember(
    'adm-class-labels',
    'numClasses === null\n',
    'numClasses !== undefined\n',
    'a class-conditional network is asked without a label',
  ),
  target(
    'target-sign',
    'wanted.x0 * clean + wanted.noise * draw',
    'wanted.x0 * clean - wanted.noise * draw',
    'what is trained has the sign of the noise turned',
  ),
  target(
    'target-input',
    'x[i] = input * (alpha',
    'x[i] = 1 * (alpha',
    'a network of EDM is trained on x_t in place of c_in·x_t',
  ),
  told(
    'target-label',
    't[j] = timeLabel(predicts, at.alpha, at.sigma, table.time?.[time] ?? time)',
    't[j] = table.time?.[time] ?? time',
    'a network of EDM is trained with t in place of ¼·log σ/α',
  ),
  recorded(
    'record-target',
    "field(path, config, 'predicts', oneOf(...predictions), 'epsilon')",
    "'epsilon'",
    'what a training learned is not read from its record',
  ),
  schedulerTraining(
    'scheduler-own-betas',
    'trainedBetas === null\n        ? {',
    'trainedBetas !== undefined\n        ? {',
    'βs of its own are ignored',
  ),
]

const files: readonly Edit[] = [
  from16(
    'half-subnormal',
    'sign * fraction * 2 ** -24',
    'sign * fraction * 2 ** -25',
    'subnormal float16 halved',
  ),
  to16(
    'half-rounding',
    'rebased + 0xfff + ((rebased >> 13) & 1)',
    'rebased + 0x1000',
    'float16 rounds halves up',
  ),
  half('bfloat-shift', 'bits[0] = half << 16', 'bits[0] = half << 15', 'bfloat16 shifted by a bit'),
  images('image-range', '/ 127.5 - 1', '/ 128 - 1', 'white is below 1', inside('data', 'train')),
]

export const unetEdits: readonly Edit[] = [
  ...networks,
  ...members,
  ...trainingEdits,
  ...files,
  ...checkpointEdits,
  ...archiveEdits,
  ...trainingFileEdits,
]
