import type { Picture, TaskResult } from '@tweedie/runs'
import { meanAndSpread, toPictures } from '@tweedie/runs'
import type { Tensor } from '@tweedie/tensor'
import { scope, variance } from '@tweedie/tensor'
import { writeNpy } from '@tweedie/unet'
import type { Draft } from '../../files/write.ts'
import { encodePicture } from '../../images/png.ts'

/** The numbers of a tensor [1, …shape] without its first axis, unclipped. */
const npyOf = async (x: Tensor): Promise<Uint8Array> =>
  writeNpy({ shape: x.shape.slice(1), values: Float32Array.from(await x.data()) })

/** Writes the measurement and the restorations, each as a picture and as its numbers. */
export async function writeResults(
  draft: Draft,
  result: TaskResult,
  y: Tensor,
  depth: 8 | 16 = 8,
): Promise<void> {
  const encoded = (picture: Picture) => encodePicture(picture, { depth })
  if (result.measurement?.[0] !== undefined)
    await draft.write('measurement.png', encoded(result.measurement[0]))
  await draft.write('measurement.npy', await npyOf(y))
  for (const x of result.restored.values()) {
    const pictures = await toPictures(x)
    for (const [n, picture] of pictures.entries()) {
      const name = pictures.length === 1 ? 'restored' : `restored-${n + 1}`
      await draft.write(`${name}.png`, encoded(picture))
      const one = x.slice([n, n + 1])
      await draft.write(`${name}.npy`, await npyOf(one))
      one.dispose()
    }
    if (pictures.length === 1) continue
    const { mean, spread } = meanAndSpread(pictures)
    await draft.write('mean.png', encoded(mean))
    await draft.write('std.png', encoded(spread))
    const moments = scope(() => ({
      mean: x.mean(0, true),
      std: variance(x, 0, { keepDims: true, correction: 0 }).sqrt(),
    }))
    await draft.write('mean.npy', await npyOf(moments.mean))
    await draft.write('std.npy', await npyOf(moments.std))
    moments.mean.dispose()
    moments.std.dispose()
  }
}
