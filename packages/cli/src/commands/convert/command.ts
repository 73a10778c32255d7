import { Command } from 'commander'
import type { Io } from '../../io.ts'
import type { ConvertOptions } from './convert.ts'

export function convertCommand(io: Io): Command {
  return new Command('convert')
    .description('Converts between pictures and arrays of numbers, and checkpoints to safetensors.')
    .argument('<in>', 'a picture, an npy or npz file, or a checkpoint (.safetensors, .pt, .bin, .npz)')
    .argument('<out>', 'what to write; its ending says what: .png, .npy, .npz or .safetensors')
    .option('--array <name>', 'which array of an npz file')
    .option('--key <key>', 'of a checkpoint, only what lies under it, such as ema or state_dict')
    .option('--force', 'replace OUT where it is there already')
    .option('--json', 'print what was done as JSON')
    .addHelpText(
      'after',
      `
A picture (PNG, JPEG, WebP, TIFF, BMP, GIF) becomes float32 [C, H, W], one channel or three, black −1 and white 1, just as
restore reads it: upright as its EXIF says, transparent pixels on black. In an npz file it is named x. The other way,
[H, W], [1, H, W] or [3, H, W] becomes a PNG of 8 bits, clipped to [−1, 1]. A picture of more than 8 bits becomes one of 16.
A checkpoint of EDM's keeps its configuration, so that it goes on needing no config.json.
From npy to npz and back, float32, float64, int32 and bool stay what they are; float16 becomes float32, other integers
float64, and one that float64 cannot hold is an error.

Examples:
  tweedie convert photo.jpg photo.npy
  tweedie convert out/restore/restored.npy restored.png
  tweedie convert run.npz y.npy --array y
  tweedie convert model.pt model.safetensors
  tweedie convert training.ckpt ema.safetensors --key ema`,
    )
    .action(async (from: string, to: string, options: ConvertOptions) => {
      const { convert } = await import('./convert.ts')
      await convert(io, from, to, options)
    })
}
