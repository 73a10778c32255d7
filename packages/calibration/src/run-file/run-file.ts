/** What any run of the Studio, and of `tweedie run`, is told by. */
interface RunBase {
  readonly tool: 'tweedie'
  /** Rises when a field changes its meaning. */
  readonly format: 1
  readonly command: 'run'
  /** Address of the page that it was made in. */
  readonly page?: string | undefined
  /** `name:key=value,…`, with every setting that is not the method's own default. */
  readonly method: string
  /** How many; of a population, its particles. */
  readonly samples: number
  /** Of the method, and of the noise of a measurement that is made of a picture. */
  readonly seed: number
  /** SHA-256 of the samples in float32, one after the other, in hexadecimal: what a run of the same has to have. */
  readonly sha256?: string | undefined
}

/** A run on a problem of a few numbers: of the description that `tweedie posterior --problem` takes, without files. */
export interface PointsRun extends RunBase {
  readonly kind: 'points'
  readonly problem: unknown
  /** Whether the samples are all particles of one run, of a method that moves weighted ones. */
  readonly population: boolean
  /** Another run whose state before the step `step` this one goes on from. */
  readonly from?: { readonly step: number; readonly method: string; readonly seed: number } | undefined
}

/** A picture row by row, in hexadecimal: a byte a pixel, or all of red, then green, then blue. One of the two is there. */
export interface PictureBytes {
  readonly height: number
  readonly width: number
  readonly greys?: string | undefined
  readonly colours?: string | undefined
}

/** A run on a picture that is measured first, as `tweedie restore` does. */
export interface PictureRun extends RunBase {
  readonly kind: 'picture'
  /** A shipped prior, as the command line has it: `digits`, `photos@64x48`. */
  readonly prior: string
  readonly picture: PictureBytes
  readonly operator: string
  /** Of `inpaint`, in the place of what `operator` says: a character a pixel, 1 for what is seen. */
  readonly mask?: string | undefined
  readonly noise: string
}

/** A run as a file, whole: the same samples follow from it, bit for bit, in a browser and in Node. */
export type RunFile = PointsRun | PictureRun

/** The text of a `run.json`. Numbers keep all their digits: others would make other samples. */
export const formatRunFile = (file: RunFile): string => `${JSON.stringify(file, null, 1)}\n`

/** A picture of one channel or of three, each row by row, as a file has it. */
export const pictureBytes = (
  [channels, height, width]: readonly [channels: 1 | 3, height: number, width: number],
  levels: ArrayLike<number>,
): PictureBytes => ({ height, width, [channels === 1 ? 'greys' : 'colours']: hexOf(levels) })

/** Bytes as digits of hexadecimal. */
export const hexOf = (bytes: ArrayLike<number>): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/** The bytes of digits of hexadecimal. */
export const bytesOfHex = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length: text.length >> 1 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16))
