import { OptionError } from '@tweedie/tensor'

/** A colour picture: bytes red, green, blue of each pixel, row by row. */
export interface Photo {
  readonly height: number
  readonly width: number
  readonly data: Uint8Array<ArrayBuffer>
}

/** The last pictures that the page has given, by the number that it gave them: too large to be said with every question. */
const photos = new Map<number, Photo>()

/** Keeps a picture; of older ones a few. */
export function keepPhoto(number: number, photo: Photo): void {
  photos.set(number, photo)
  const [oldest] = photos.keys()
  if (photos.size > 4 && oldest !== undefined) photos.delete(oldest)
}

export function forgetPhotos(): void {
  photos.clear()
}

/** A picture that the page has given. @throws {OptionError} where it has been forgotten. */
export function photoOf(number: number): Photo {
  const photo = photos.get(number)
  if (photo === undefined) throw new OptionError('picture', 'is gone; choose it again')
  return photo
}

/** Its bytes channel by channel, as it is or in greys. */
export function planesOf({ data }: Photo, channels: number): Uint8Array<ArrayBuffer> {
  const area = data.length / 3
  if (channels === 3)
    return Uint8Array.from({ length: 3 * area }, (_, i) => data[3 * (i % area) + Math.floor(i / area)] ?? 0)
  return Uint8Array.from({ length: area }, (_, i) =>
    Math.round(0.299 * (data[3 * i] ?? 0) + 0.587 * (data[3 * i + 1] ?? 0) + 0.114 * (data[3 * i + 2] ?? 0)),
  )
}
