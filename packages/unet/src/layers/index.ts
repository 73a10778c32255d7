export { conv2d, groupNorm, linear, perChannel } from './affine.ts'
export { attention } from './attention.ts'

<<<<<<< HEAD

export { embedding } from './embedding.ts'
export { layerNorm } from './layer-norm.ts'

=======

export { withLevelMap } from './level-map.ts'

>>>>>>> denoisers

export type { QkvOrder } from './qkv-attention.ts'
export { qkvAttention } from './qkv-attention.ts'
export { averagePool, downsample, upsample, upsampleNearest } from './resample.ts'
export type { TimeEmbeddingOptions } from './time.ts'
export { timeEmbedding, timeMlp } from './time.ts'
export type { ConvTranspose2dOptions } from './transposed.ts'
export { convTranspose2d } from './transposed.ts'
