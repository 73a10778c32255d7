import type { ByteSource } from './bytes.ts'
import { readRange } from './bytes.ts'

/** What to do about weights of another framework. */
const saveAgain = 'read it where it was written and save its arrays by numpy.savez or as safetensors'
const unpack = 'unpack it first'
const picture = (name: string) => `${name}, a picture (restore reads those; a network was asked for)`

/** Files that are mistaken for checkpoints, told by how they start (`at`: further in), and what they are. */
const known: readonly (readonly [start: string | RegExp, what: string, at?: number])[] = [
  ['version https://git-lfs', 'a git-lfs pointer (the file itself was not fetched: git lfs pull)'],
  [/^\s*<(!doctype html|html|head|body)/i, 'an HTML page (a download page in place of the file?)'],
  [/^\s*<\?xml/i, "an XML document (a server's error in place of the file?)"],
  ['PK\x03\x04', 'a zip archive (torch .pt or .pth, npz)'],
  ['PK\x05\x06', 'an empty zip archive'],
  ['\x93NUMPY', 'a .npy file (one array without a name)'],
  ['\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19', 'a legacy torch pickle (from before PyTorch 1.6)'],
  [
    /^(\.\/)?(sys_info|pickle|storages|tensors)\0.{200,}ustar/s,
    'a tar file of an early PyTorch (load it in PyTorch and save it again: torch.save(torch.load(FILE), NEW))',
  ],
  ...['\x80\x02', '\x80\x03', '\x80\x04', '\x80\x05'].map((mark) => [mark, 'a Python pickle'] as const),
  [/^\(dp?\d|^c(__builtin__|collections|copy_reg|torch)/, 'a Python pickle'],
  ['\x1f\x8b', `compressed by gzip (${unpack})`],
  ['BZh', `compressed by bzip2 (${unpack})`],
  ['\xfd7zXZ', `compressed by xz (${unpack})`],
  ['\x28\xb5\x2f\xfd', `compressed by zstd (${unpack})`],
  ['7z\xbc\xaf\x27\x1c', `a 7z archive (${unpack})`],
  ['Rar!', `a rar archive (${unpack})`],
  ['ustar', `a tar archive (${unpack})`, 257],
  ['\x89HDF', `an HDF5 file, as Keras and MATLAB write (${saveAgain})`],
  ['MATLAB 5.0 MAT-file', `a file of MATLAB (${saveAgain})`],
  ['GGUF', 'a GGUF file of quantized weights (take the safetensors or torch file that it was made of)'],
  ['TFL3', `a TensorFlow Lite model (${saveAgain})`, 4],
  // Protocol buffers: the version of the format, then the producer's name.
  ...Array.from(
    { length: 18 },
    (_, version) =>
      [
        `\x08${String.fromCharCode(3 + version)}\x12`,
        'an ONNX model (take the checkpoint that it was exported from)',
      ] as const,
  ),
  ['\x08\x01\x12', `a TensorFlow SavedModel (${saveAgain})`],
  [/^(?:[\x81-\x8f]|\xde..)(?:[\xa1-\xbf]|\xd9.)[ -~]/s, `a msgpack file, as Flax writes (${saveAgain})`],
  ['\x89PNG', picture('PNG')],
  ['\xff\xd8\xff', picture('JPEG')],
  [/^GIF8[79]a/, picture('GIF')],
  [/^RIFF.{4}WEBP/s, picture('WebP')],
  [/^(II\*\0|MM\0\*)/, picture('TIFF')],
  [/^BM.{4}\0\0\0\0/s, picture('BMP')],
  [/^.{4}ftyp(avif|heic|mif1)/s, picture('AVIF or HEIC')],
  ['%PDF', 'a PDF document'],
  ['SQLite format 3', 'a database of SQLite'],
  ['\x7fELF', 'a program'],
  [/^\s*[{[]/, 'a JSON file (a configuration or an index beside the weights?)'],
  [/^[\s!-~]{8}/, 'a text file'],
]

/** How the index of a TensorFlow checkpoint ends (LevelDB's table format). */
const tableEnd = '\x57\xfb\x80\x8b\x24\x75\x47\xdb'

/**
 * What is wrong with a file that is no safetensors file ('is a …'), by its content whatever its name; undefined where that is not
 * known. A safetensors header may start with the bytes of any of these, so ask only of what is none.
 */
export function stranger(source: ByteSource): string | undefined {
  if (source.size === 0) return 'truncated: 0 bytes, the file is empty'
  const text = (from: number, to: number) => String.fromCharCode(...readRange(source, from, to - from))
  const start = text(0, Math.min(source.size, 512))
  if (source.size > 48 && text(source.size - 8, source.size) === tableEnd)
    return `is the index of a TensorFlow checkpoint (${saveAgain})`
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
