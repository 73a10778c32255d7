import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/unet/src')
const folder = 'architectures/edm'
const block = of(`${folder}/block.ts`, `${folder}/parity`)
const embedding = of(`${folder}/embedding.ts`, `${folder}/parity`)
const forward = of(`${folder}/forward.ts`, `${folder}/parity`)
const plan = of(`${folder}/plan.ts`, `${folder}/parity`, `${folder}/config`)
const coefficients = of(`${folder}/preconditioning.ts`, `${folder}/preconditioning`)
const names = of(`${folder}/names.ts`, `${folder}/config`)
const infer = of(`${folder}/infer.ts`, `${folder}/config`)
const kwargs = of(`${folder}/kwargs.ts`, `${folder}/config`)
const init = of(`${folder}/init.ts`, `${folder}/config`)
const training = of(`${folder}/training.ts`, `${folder}/training`)
const persistent = of('checkpoint/persistent.ts', 'checkpoint/edm-pickle')
const pickle = of('checkpoint/edm-pickle.ts', 'checkpoint/edm-pickle')

/** Faults in EDM's networks, what makes denoisers of them, and the reader of their pickles. */
export const edmEdits: readonly Edit[] = [
  block(
    'edm-skip-scale',
    'SongUNet: { eps: 1e-6, scale: Math.SQRT1_2 }',
    'SongUNet: { eps: 1e-6, scale: 1 }',
    "SongUNet's sums are not brought back to variance 1",
  ),
  block(
    'edm-adaptive-scale',
    'const scale = slice(given, null, [0, channels]).add(1)',
    'const scale = slice(given, null, [0, channels])',
    'the second norm is scaled by scale, not by 1 + scale',
  ),
  block(
    'edm-qkv-order',
    '[n, heads, channels / heads, 3, pixels])\n  const part = (i: number) => slice(joint, null, null, null, i)',
    '[n, heads, 3, channels / heads, pixels])\n  const part = (i: number) => slice(joint, null, null, i)',
    'queries, keys and values are taken as if outside the channels of a head',
  ),
  block(
    'edm-attention-scale',
    'scaled(attend(params, name, out, { ...norm, heads: block.heads }))',
    'attend(params, name, out, { ...norm, heads: block.heads })',
    'the sum with the attention is not brought back to variance 1',
  ),
  embedding(
    'edm-sines-first',
    'return concat([sin(angle), cos(angle)], 1)',
    'return concat([cos(angle), sin(angle)], 1)',
    'cosines of the Fourier embedding come first',
  ),
  embedding(
    'edm-endpoint',
    'freqShift: song ? 1 : 0',
    'freqShift: 0',
    "SongUNet's frequencies do not reach their end",
  ),
  embedding(
    'edm-label-scale',
    'rows.mul(Math.sqrt(labelDim))',
    'rows',
    'labels of SongUNet are 1, not √labelDim',
  ),
  embedding(
    'edm-frequencies-trained',
    'stopGradient(param(params, ',
    '((x: Tensor) => x)(param(params, ',
    'the drawn frequencies are trained',
    { tests: [`packages/unet/src/${folder}/training`] },
  ),
  forward(
    'edm-residual-margin',
    'padding: filter.length / 2, bias: false',
    'padding: 1, bias: false',
    'the fused convolution has no margin for the filter',
  ),
  forward(
    'edm-residual-kept',
    'kept[kept.length - 1] = h = aux',
    'h = aux',
    'what is kept for the way up is without the second path',
  ),
  forward(
    'edm-skip-kept',
    'kept[kept.length - 1] = h = conv2d',
    'h = conv2d',
    'what is kept for the way up is without the image added',
  ),
  forward(
    'edm-iddpm-half',
    'slice(f, null, [0, x.shape[1]!])',
    'slice(f, null, [x.shape[1]!])',
    'the variance is taken for the noise',
  ),
  plan(
    'edm-decoder-attention',
    'attends(level) && (!song || i === numBlocks)',
    'attends(level)',
    'every block of a level of the way up of SongUNet has attention',
  ),
  plan(
    'edm-aux-channels',
    'aux = current\n      }',
    '}',
    'the second path of the residual encoder stays an image',
  ),
  coefficients(
    'edm-vp-index',
    'noise: (p.M - 1) * vpTime(p, sigma)',
    'noise: p.M * vpTime(p, sigma)',
    'VP is told M·t',
  ),
  coefficients(
    'edm-edm-noise',
    'noise: Math.log(positive) / 4',
    'noise: Math.log(positive) / 2',
    'EDM is told ½·log σ',
  ),
  coefficients(
    'edm-iddpm-reversed',
    'noise: p.M - 1 - nearestLevel(p, sigma)',
    'noise: nearestLevel(p, sigma)',
    'the indices of iDDPM run the other way',
  ),
  coefficients(
    'edm-iddpm-floor',
    'Math.max(f(alphaBar(j - 1) / alphaBar(j)), f(p.C1))',
    'f(alphaBar(j - 1) / alphaBar(j))',
    'the noisiest level of iDDPM is infinite',
  ),
  names(
    'edm-filter-unchecked',
    'if (off < 0) return false',
    'if (off < 9) return false',
    'filters of a file that are not those of the configuration are ignored',
  ),
  infer(
    'edm-infer-noise',
    'channelMultNoise: noise / modelChannels',
    'channelMultNoise: noise / embedding',
    'the width of the embedding of time is told wrongly',
  ),
  kwargs(
    'edm-default-network',
    "iddpm: 'DhariwalUNet', edm: 'DhariwalUNet'",
    "iddpm: 'DhariwalUNet', edm: 'SongUNet'",
    'the network of an EDMPrecond that names none is a SongUNet',
  ),
  init('edm-init-last', '? 1e-5 :', '? 1 :', 'blocks of SongUNet do not start as their shortcuts'),
  training(
    'edm-no-class',
    '...(labelDim > 0 ? { noClass: true } : {}),',
    '',
    'a class-conditional denoiser cannot be asked without a class',
  ),
  persistent(
    'edm-pickle-buffers',
    "for (const [name, value] of itemsOf(state.get('_buffers')) ?? [])",
    "for (const [name, value] of itemsOf(state.get('_buffer')) ?? [])",
    'the buffers of modules are left out',
  ),
  persistent(
    'edm-pickle-infinity',
    'Number.isFinite(value) ? value : null',
    'value',
    'a limit of infinity is no JSON',
    { tests: ['packages/unet/src/checkpoint/edm-pickle'] },
  ),
  pickle(
    'edm-pickle-trailing',
    'if (cursor.position() < source.size)',
    'if (cursor.position() > source.size)',
    'bytes after the pickle are ignored',
  ),
]
