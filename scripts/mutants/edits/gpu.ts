import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const gpu = editsOf('packages/tensor/src')
const normalise = gpu('gpu/kernels/normalise.ts', 'gpu/gpu')
const attention = gpu('gpu/kernels/attention.ts', 'gpu/gpu')
const indexing = gpu('gpu/kernels/indexing.ts', 'gpu/gpu')
const device = gpu('gpu/device.ts', 'gpu/gpu')

/** Kernels of the gpu device. */
export const gpuEdits: readonly Edit[] = [
  normalise('gpu-norm-parts', ' * apart * apart)', ' * 0)', 'means of parts are taken for that of the group'),
  normalise('gpu-norm-centre', "'const centre = r;'", "'const centre = 0;'", 'squares are taken about 0'),
  normalise(
    'gpu-norm-across',
    '- along - n * across',
    '- along + n * across',
    'the slope of the spread is turned',
  ),
  normalise(
    'gpu-norm-affine',
    '> 0) { h = dz; }',
    '> 1) { h = dz; }',
    'the bias has the gradient of the weight',
  ),
  normalise(
    'gpu-norm-group',
    'add(scale(n!, params.groups), divide(c!, perGroup))',
    'divide(c!, perGroup)',
    'all samples have the statistics of the first',
  ),
  attention('gpu-attention-sum', 'rowAt(g, 1, b, i))', 'rowAt(g, 0, b, i))', 'weights do not add up to 1', {
    nth: 1,
  }),
  attention(
    'gpu-attention-mean',
    '[0, 1, 2, 3].map',
    '[0, 1, 2, 1].map',
    'slopes of a row do not add up to 0',
  ),
  attention(
    'gpu-attention-keys',
    'saved(1, b, k, j)',
    'saved(0, b, k, j)',
    'the gradient in k is made of weights',
  ),
  indexing('gpu-gather-first', 'picked >= 0', 'picked > 0', 'the first slice of an axis is none'),
  indexing(
    'gpu-cumsum-part',
    'scale(divide(own, chunk), chunk)',
    'divide(own, chunk)',
    'parts begin elsewhere',
  ),
  indexing('gpu-argmax-tie', 'v > best ||', 'v >= best ||', 'the last of equal ones is found'),
  device('gpu-integers', 'value !== values[i]', 'value > 2 ** 31', 'integers are rounded on their way'),
]
