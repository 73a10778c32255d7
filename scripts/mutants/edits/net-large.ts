import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const tensor = editsOf('packages/tensor/src')
const unet = editsOf('packages/unet/src')

const half = 'half/half.test.ts'
const emit = tensor('half/emit.ts', half)
const wasm = tensor('half/wasm.ts', half)
const plan = tensor('wasm/conv/plan.ts', 'wasm/conv/conv.test.ts')
const flags = unet('architectures/adm/flags.ts', 'architectures/adm/flags.test.ts')
const line = unet('architectures/adm/command-line.ts', 'architectures/adm/flags.test.ts')

/** Networks of guided-diffusion as its scripts name them, weights as float16, and convolutions over few pixels. */
export const netLargeEdits: readonly Edit[] = [
  emit('large-half-bias', '2 ** 112', '2 ** 111', 'numbers of float16 are halved'),
  emit(
    'large-half-special',
    'i32x4.const(0x7bff)',
    'i32x4.const(0x7fff)',
    'infinity of float16 becomes 65536',
  ),
  wasm(
    'large-half-rows',
    'at + 2 * from * strides[0]!',
    'at + 2 * first * strides[0]!',
    'every tile of widened weights is the first',
  ),
  wasm(
    'large-half-copies',
    '!isWeightGradient(own)',
    'own.params.groups > 0',
    'weights of fewer pixels than taps are read as they lie',
  ),
  wasm('large-half-few', '> few', '> 0', 'weights of convolutions to few channels are read as they lie'),
  wasm(
    'large-half-place',
    '2 * (offset + lowest)',
    '2 * lowest',
    'a view of stored weights is widened from the start of its buffer',
  ),
  tensor('dispatch.ts', half)(
    'large-half-refused',
    'def.half?.includes(i) !== true',
    'def.half === undefined',
    'the image of a convolution may be stored as float16, and is read as float32',
  ),
  tensor('weight-cache.ts')(
    'large-half-kept',
    'if (half !== undefined) return undefined',
    'if (half === undefined && bytes < 0) return undefined',
    'a copy in float32 is kept of weights stored as float16',
    { tests: ['packages/unet/src/models/weights-as.test.ts'] },
  ),
  plan(
    'large-idle-end',
    'at > (extent - 1) * lhsDilation',
    'at > extent * lhsDilation',
    'a tap just behind the picture counts as meeting it',
  ),
  plan(
    'large-idle-start',
    'at + (outputs - 1) * stride < 0',
    'at < 0',
    'taps that the first output alone does not meet are left out',
  ),
  flags('large-flags-scale', '? 1000 / field', '? 1 / field', 'rescaled times are a thousandth'),
  flags(
    'large-flags-cosine',
    "betas === 'cosine' &&",
    "betas !== 'cosine' &&",
    'linear and cosine schedules change places',
  ),
  flags(
    'large-flags-x0',
    "? 'x0' : 'epsilon'",
    "? 'epsilon' : 'x0'",
    'what is predicted is taken for the other',
  ),
  line(
    'large-line-defaults',
    'return { ...defaults, ...Object',
    'return { ...Object',
    'flags that a command line leaves out are missing',
  ),
  line('large-line-truth', 't: true, y: true, 1: true', 't: true, y: true, 1: false', 'the flag 1 is false'),
  unet('architectures/adm/forward.ts', 'architectures/adm/guided-parity.test.ts')(
    'large-time-scale',
    'config.timeScale === 1 ? times : times.mul(config.timeScale)',
    'times',
    'times are never rescaled',
  ),
  unet('architectures/adm/explain.ts', 'architectures/adm/config.test.ts')(
    'large-super-resolution',
    'found.inChannels === 2 * config.inChannels',
    'found.inChannels === 3 * config.inChannels',
    'a network of super-resolution is not told by name',
  ),
  unet('models/weights-as.ts', 'models/weights-as.test.ts')(
    'large-keep-vectors',
    'shape.length < 2',
    'shape.length < 1',
    'biases and weights of norms are kept as float16 too, which no norm takes',
  ),
]
