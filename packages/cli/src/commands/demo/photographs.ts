import { fileURLToPath } from 'node:url'
import { readPicture } from '../../images/read.ts'
import type { LabelledPicture } from './plan.ts'

const folder = new URL('../../../photographs/', import.meta.url)

/**
 * Three photographs that the shipped prior of photographs was not trained on: boats at Nagasaki, a deserted house, a
 * flower; squares of 256 pixels. Digital images courtesy of the Getty's Open Content Program, CC0 1.0.
 */
export const demoPhotographs = (): Promise<LabelledPicture[]> =>
  Promise.all(
    ['boats', 'house', 'flower'].map(async (label) => {
      const { picture } = await readPicture(fileURLToPath(new URL(`${label}.png`, folder)))
      return { label, picture }
    }),
  )
