import { limits } from '../../limits.ts'
import type { NamedShapes } from '../../param-source.ts'
import type { EdmConfig } from './types.ts'

/** The fields that names and shapes tell; what makes a denoiser of the network they do not. */
export type InferredEdm = Partial<Omit<EdmConfig, 'architecture' | 'preconditioning' | 'labelDropout'>>

/**
 * What the names and shapes of a checkpoint tell of its configuration; undefined where they are none of EDM's networks. Names
 * have the sides of images in them. The filter of resampling is told by its length alone: [1, 1] or [1, 3, 3, 1], which
 * loading compares with the values.
 */
export function inferEdm(shapes: NamedShapes): InferredEdm | undefined {
  const [embedding = 0, noise = 0] = shapes.get('map_layer0.weight') ?? []
  const names = [...shapes.keys()]
  const first = names
    .map((name) => /^enc\.(\d{1,4})x\1_conv\.weight$/.exec(name))
    .find((match) => match !== null)
  const [width = 0, inChannels = 0] = shapes.get(first?.[0] ?? '') ?? []
  if (first === undefined || !(noise > 0 && width > 0)) return undefined
  const imageSize = Number(first[1])
  const dhariwal = shapes.has('out_norm.weight')
  const modelChannels = dhariwal ? noise : width
  const sides = Array.from({ length: limits.levels }, (_, level) => Math.floor(imageSize / 2 ** level))
  const found = sides.findIndex((side) => side < 1 || !shapes.has(`enc.${side}x${side}_block0.conv0.weight`))
  const levels = sides.slice(0, found < 0 ? sides.length : found)
  const widthAt = (side: number) => shapes.get(`enc.${side}x${side}_block0.conv0.weight`)?.[0] ?? 0
  let numBlocks = 0
  while (shapes.has(`enc.${imageSize}x${imageSize}_block${numBlocks}.conv0.weight`)) numBlocks++
  const has = (pattern: RegExp) => names.some((name) => pattern.test(name))
  const common: InferredEdm = {
    network: dhariwal ? 'DhariwalUNet' : 'SongUNet',
    imageSize,
    inChannels,
    outChannels:
      shapes.get(dhariwal ? 'out_conv.weight' : `dec.${imageSize}x${imageSize}_aux_conv.weight`)?.[0] ?? 0,
    labelDim: shapes.get('map_label.weight')?.[1] ?? 0,
    augmentDim: shapes.get('map_augment.weight')?.[1] ?? 0,
    modelChannels,
    channelMultEmb: embedding / modelChannels,
    ...(levels.length === 0
      ? {}
      : {
          channelMult: levels.map((side) => widthAt(side) / modelChannels),
          numBlocks,
          attnResolutions: levels.filter((side) => shapes.has(`enc.${side}x${side}_block0.qkv.weight`)),
        }),
  }
  if (dhariwal) return common
  return {
    ...common,
    embeddingType: shapes.has('map_noise.freqs') ? 'fourier' : 'positional',
    channelMultNoise: noise / modelChannels,
    // With one level there is nothing that they differ in.
    ...(levels.length < 2
      ? {}
      : {
          encoderType: has(/^enc\..*_aux_residual\./)
            ? 'residual'
            : has(/^enc\..*_aux_skip\./)
              ? 'skip'
              : 'standard',
          decoderType: shapes.has(`dec.${levels.at(-1)}x${levels.at(-1)}_aux_conv.weight`)
            ? 'skip'
            : 'standard',
          ...filterOf(shapes.get(`enc.${levels[1]}x${levels[1]}_down.conv0.resample_filter`)?.at(-1)),
        }),
  }
}

const published: Readonly<Record<number, readonly number[]>> = { 2: [1, 1], 4: [1, 3, 3, 1] }
const filterOf = (taps: number | undefined): Pick<InferredEdm, 'resampleFilter'> => {
  const filter = published[taps ?? 0]
  return filter === undefined ? {} : { resampleFilter: filter }
}
