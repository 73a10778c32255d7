import { join } from 'node:path'
import {
  asPictures,
  checkNetwork,
  drawGrid,
  drive,
  InterruptedError,
  priorOf,
  toPictures,
} from '@tweedie/runs'
import { sampleUnconditional } from '@tweedie/solvers'
import { architectureOf } from '@tweedie/unet'
import type { Snapshot } from '@tweedie/unet/node'
import { writeAtomically } from '@tweedie/unet/node'
import { encodePicture } from '../../images/png.ts'

/** Samples of a picture, and the steps that each takes: few, for a look. */
const [count, steps] = [16, 20]

/**
 * Draws samples of a network on the way, from the same noise each time, and writes them as one picture in `samples` of the training's
 * folder. What stands in the way of that is told, and stops no training.
 */
export async function drawOnTheWay(
  { step, network, trainedOn, autoencoder, out }: Snapshot,
  signal: AbortSignal,
  say: (message: string) => void,
): Promise<void> {
  const name = join('samples', `step-${String(step).padStart(7, '0')}.png`)
  try {
    checkNetwork(network.config, trainedOn, 'the network', { latent: autoencoder !== undefined })
    const shape = architectureOf(network.config).sampleShape(network.config)
    const prior = priorOf('samples', shape, network, trainedOn, autoencoder)
    const draw = sampleUnconditional(prior, { count, steps, seed: 0, eta: 0 })
    using samples = await drive(draw, { signal, diverged: 'the samples are not finite' })
    using pictures = asPictures(prior, samples)
    const scale = Math.max(...pictures.shape.slice(2)) > 64 ? 1 : 2
    const grid = drawGrid(await toPictures(pictures), scale)
    writeAtomically(join(out, name), encodePicture(grid, { text: { 'tweedie:step': String(step) } }))
  } catch (error) {
    if (error instanceof InterruptedError) return
    say(`no ${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
