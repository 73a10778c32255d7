import { readDirectory } from './formats/tiff-directory.ts'

/** The tag of the orientation (TIFF 6.0, p. 36; Exif 3.0, 4.6.5.1.6). */
const orientationTag = 274

/** An orientation that is one: 1 … 8, anything else counting as upright. */
const asOrientation = (value: number | undefined): number =>
  value !== undefined && Number.isInteger(value) && value >= 1 && value <= 8 ? value : 1

/**
 * The orientation in a block of EXIF, which is a TIFF directory, with or without `Exif` before it. What is
 * damaged says nothing: 1.
 */
export function orientationOf(exif: Uint8Array): number {
  const prefixed = String.fromCharCode(...exif.subarray(0, 6)) === 'Exif\0\0'
  try {
    return asOrientation(readDirectory(prefixed ? exif.subarray(6) : exif).numbers(orientationTag)[0])
  } catch {
    return 1
  }
}
