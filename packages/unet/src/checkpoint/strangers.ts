import type { ByteSource } from './bytes.ts'
import { readRange } from './bytes.ts'

/** Files that are mistaken for checkpoints, told by how they start (`at`: further in), and what they are. */
const known: readonly (readonly [start: string | RegExp, what: string, at?: number])[] = [
  ['version https://git-lfs', 'a git-lfs pointer (the file itself was not fetched: git lfs pull)'],
  [/^\s*<(!doctype html|html|head|body)/i, 'an HTML page (a download page in place of the file?)'],
  [/^\s*<\?xml/i, "an XML document (a server's error in place of the file?)"],
  ['PK\x03\x04', 'a zip archive (torch .pt or .pth, npz)'],
  ['PK\x05\x06', 'an empty zip archive'],
  ['\x93NUMPY', 'a .npy file (one array without a name)'],
  [
    '\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19',
    'a legacy torch pickle (from before PyTorch 1.6; save it again: torch.save(torch.load(FILE, weights_only=True), FILE))',
  ],
  ...['\x80\x02', '\x80\x03', '\x80\x04', '\x80\x05'].map((mark) => [mark, 'a Python pickle'] as const),
  [/^\(dp?\d|^c(__builtin__|collections|copy_reg|torch)/, 'a Python pickle'],
  ['\x1f\x8b', 'compressed by gzip (unpack it first)'],
  ['BZh', 'compressed by bzip2 (unpack it first)'],
  ['\xfd7zXZ', 'compressed by xz (unpack it first)'],
  ['\x28\xb5\x2f\xfd', 'compressed by zstd (unpack it first)'],
  ['7z\xbc\xaf\x27\x1c', 'a 7z archive (unpack it first)'],
  ['Rar!', 'a rar archive (unpack it first)'],
  ['ustar', 'a tar archive (unpack it first)', 257],
  ['\x89HDF', 'an HDF5 file'],
  ['GGUF', 'a GGUF file'],
  ['TFL3', 'a TensorFlow Lite model', 4],
  ['\x89PNG', 'a PNG picture'],
  ['\xff\xd8\xff', 'a JPEG picture'],
  ['%PDF', 'a PDF document'],
  [/^\s*[{[]/, 'a JSON file'],
  [/^[\s!-~]{8}/, 'a text file'],
]

/**
 * What is wrong with a file that is no safetensors file ('is a …'), by its content whatever its name; undefined where that is not
 * known. A safetensors header may start with the bytes of any of these, so ask only of what is none.
 */
export function stranger(source: ByteSource): string | undefined {
  if (source.size === 0) return 'truncated: 0 bytes, the file is empty'
  const start = String.fromCharCode(...readRange(source, 0, Math.min(source.size, 512)))
  const what = known.find(([mark, , at = 0]) =>
    typeof mark === 'string' ? start.startsWith(mark, at) : mark.test(start),
  )?.[1]
  return what === undefined ? undefined : `is ${what}`
}

/** Whether a file starts as a safetensors file does: a header length that fits, then a brace. */
export function startsAsSafetensors(source: ByteSource): boolean {
  if (source.size < 10) return false
  const view = new DataView(readRange(source, 0, 9).buffer)
  const length = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true)
  return length >= 2 && 8 + length <= source.size && view.getUint8(8) === 0x7b
}
