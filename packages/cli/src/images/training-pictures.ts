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
      const { picture, notes } = decode()
      const converted =
        picture.channels === channels
          ? []
          : [channels === 1 ? 'its colours were made grey' : 'it is grey, and was given three equal channels']
      return { ...(channels === 1 ? toGrey(picture) : toColor(picture)), notes: [...notes, ...converted] }
    },
  }
}
