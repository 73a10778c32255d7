import { toColor, toGrey } from '@tweedie/runs'
import type { OpenPicture } from '@tweedie/unet/node'
import { openPicture } from './read.ts'

/** Opens the picture files of a training, which brings no codec of its own. */
export const openTrainingPicture: OpenPicture = (bytes, file) => {
  const { width, height, decode } = openPicture(bytes, file)
  return {
    width,
    height,
    decode: (channels) => {
      const { picture } = decode()
      return channels === 1 ? toGrey(picture) : toColor(picture)
    },
  }
}
