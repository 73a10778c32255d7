import { OptionError } from '@tweedie/tensor'
import { checkEdm } from './check.ts'
import type { EdmConfig } from './types.ts'
import { edmNetworks, fixedInDhariwal } from './types.ts'

/** What {@link edmConfig} needs to be told; all else has a default. */
export type EdmOptions = Partial<EdmConfig> & Pick<EdmConfig, 'imageSize'>

/** Defaults of EDM's constructors. */
const defaults = {
  SongUNet: { modelChannels: 128, channelMult: [1, 2, 2, 2], numBlocks: 4, attnResolutions: [16] },
  DhariwalUNet: { modelChannels: 192, channelMult: [1, 2, 3, 4], numBlocks: 3, attnResolutions: [32, 16, 8] },
} as const

/**
 * A complete configuration, checked. Left out, it is a bare SongUNet of colour images with the defaults of EDM's code.
 * @throws {OptionError} naming the field that does not fit.
 * @example
 * ```ts
 * import { edmConfig, preconditionings } from '@tweedie/unet'
 * const ncsnpp = { embeddingType: 'fourier', channelMultNoise: 2, encoderType: 'residual', resampleFilter: [1, 3, 3, 1] } as const
 * const config = edmConfig({ imageSize: 32, channelMult: [2, 2, 2], ...ncsnpp, preconditioning: preconditionings.ve })
 * config.network // => 'SongUNet'
 * config.modelChannels // => 128
 * ```
 */
export function edmConfig(options: EdmOptions): EdmConfig {
  const { network = 'SongUNet', preconditioning = null, inChannels = 3 } = options
  if (!edmNetworks.includes(network))
    throw new OptionError('network', `must be ${edmNetworks.join(' or ')}, got ${String(network)}`)
  const usual = defaults[network]
  const config: EdmConfig = {
    architecture: 'edm',
    network,
    preconditioning,
    imageSize: options.imageSize,
    inChannels,
    outChannels: options.outChannels ?? inChannels,
    labelDim: options.labelDim ?? 0,
    labelDropout: options.labelDropout ?? 0,
    augmentDim: options.augmentDim ?? 0,
    modelChannels: options.modelChannels ?? usual.modelChannels,
    channelMult: [...(options.channelMult ?? usual.channelMult)],
    channelMultEmb: options.channelMultEmb ?? 4,
    numBlocks: options.numBlocks ?? usual.numBlocks,
    attnResolutions: [...(options.attnResolutions ?? usual.attnResolutions)],
    embeddingType: options.embeddingType ?? fixedInDhariwal.embeddingType,
    channelMultNoise: options.channelMultNoise ?? fixedInDhariwal.channelMultNoise,
    encoderType: options.encoderType ?? fixedInDhariwal.encoderType,
    decoderType: options.decoderType ?? fixedInDhariwal.decoderType,
    resampleFilter: [...(options.resampleFilter ?? fixedInDhariwal.resampleFilter)],
  }
  checkEdm(config)
  return config
}
