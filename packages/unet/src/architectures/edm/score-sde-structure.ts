import type { Shape } from '@tweedie/tensor'
import type { NamedShapes } from '../../param-source.ts'
import type { InferredEdm } from './infer.ts'

/** What a module of score_sde's list is, by the names of its tensors. */
export type ModuleKind =
  | 'frequencies'
  | 'linear'
  | 'conv'
  | 'norm'
  | 'block'
  | 'attention'
  | 'combine'
  | 'residual'
  | 'other'

export function kindOf(module: NamedShapes): ModuleKind {
  const names = [...module.keys()]
  const has = (...parts: readonly string[]) => parts.every((part) => names.includes(part))
  if (has('GroupNorm_0.weight', 'NIN_0.W', 'NIN_1.W', 'NIN_2.W', 'NIN_3.W')) return 'attention'
  if (has('GroupNorm_0.weight', 'Conv_0.weight', 'Dense_0.weight', 'GroupNorm_1.weight', 'Conv_1.weight'))
    return names.some((name) => name.startsWith('NIN_')) ? 'other' : 'block'
  if (has('Conv2d_0.weight')) return 'residual'
  if (has('Conv_0.weight')) return module.get('Conv_0.weight')?.[2] === 1 ? 'combine' : 'other'
  if (names.join() === 'W') return 'frequencies'
  const kinds: Readonly<Record<number, ModuleKind>> = { 1: 'norm', 2: 'linear', 4: 'conv' }
  return kinds[module.get('weight')?.length ?? 0] ?? 'other'
}

const [outputs, inputs] = [(w: Shape | undefined) => w?.[0] ?? 0, (w: Shape | undefined) => w?.[1] ?? 0]

/** A block that changes the resolution projects its shortcut though the channels stay. */
const resamples = (block: NamedShapes): boolean => {
  const w = block.get('Conv_2.weight')
  return w !== undefined && outputs(w) === inputs(w)
}

/**
 * The fields of a SongUNet that the modules of a NCSN++ or DDPM++ of score_sde tell, or why they are none: a sentence's end. The
 * side of its images is not among them: it is what makes that of the deepest attention 16, as in all published networks, or,
 * without one, that of the last level 4. Filters of resampling are the published ones.
 */
export function structureOf(modules: readonly NamedShapes[]): InferredEdm | string {
  const kinds = modules.map(kindOf)
  const fourier = kinds[0] === 'frequencies'
  const start = fourier ? 1 : 0
  const [first, second, conv] = kinds.slice(start)
  if (kinds.includes('other'))
    return "it is of another network than NCSN++ and DDPM++ with blocks of BigGAN's (resblock_type biggan), such as its ddpm"
  if (first !== 'linear' || second !== 'linear' || conv !== 'conv')
    return 'it does not begin with the embedding of a noise level (conditional) and a convolution'
  const noise = inputs(modules[start]?.get('weight'))
  const embedding = outputs(modules[start]?.get('weight'))
  const [width = 0, channels = 0] = modules[start + 2]?.get('weight') ?? []
  const blocks = modules.filter((_, m) => kinds[m] === 'block')
  const changes = blocks.filter(resamples).length
  const levels = changes / 2 + 1
  const numBlocks = (blocks.length - changes - 2 - levels) / (2 * levels)
  if (!(width > 0 && Number.isInteger(levels) && Number.isInteger(numBlocks) && numBlocks > 0))
    return 'its blocks do not make a U-Net'
  const channelMult: number[] = []
  const attends: number[] = []
  let at = start + 3
  for (let level = 0; level < levels; level++) {
    channelMult.push(outputs(modules[at]?.get('Conv_0.weight')) / width)
    for (let i = 0; i < numBlocks; i++) {
      at++
      if (kinds[at] !== 'attention') continue
      at++
      if (i === 0) attends.push(level)
    }
    if (level < levels - 1) at += kinds[at + 1] === 'combine' || kinds[at + 1] === 'residual' ? 2 : 1
  }
  const deepest = attends.at(-1)
  const imageSize = deepest === undefined ? 4 * 2 ** (levels - 1) : 16 * 2 ** deepest
  const encoderType = kinds.includes('residual')
    ? 'residual'
    : kinds.includes('combine')
      ? 'skip'
      : 'standard'
  return {
    network: 'SongUNet',
    imageSize,
    inChannels: channels,
    outChannels: outputs(modules.at(-1)?.get('weight')),
    labelDim: 0,
    augmentDim: 0,
    modelChannels: width,
    channelMultEmb: embedding / width,
    channelMult,
    numBlocks,
    attnResolutions: attends.map((level) => imageSize / 2 ** level),
    embeddingType: fourier ? 'fourier' : 'positional',
    channelMultNoise: noise / width,
    encoderType,
    decoderType:
      levels > 1 && kinds.filter((kind) => kind === 'norm').length === levels ? 'skip' : 'standard',
    resampleFilter: fourier || encoderType !== 'standard' ? [1, 3, 3, 1] : [1, 1],
  }
}
