import { inflateSync } from 'node:zlib'

/** Names under which ImageMagick and ExifTool kept EXIF in texts before PNG had a chunk for it. */
const names = ['Raw profile type exif', 'Raw profile type APP1']

/** No EXIF block is longer: it has to fit into a segment of a JPEG. As hexadecimal digits with line ends. */
const longest = 3 * 2 ** 16

/** The EXIF in a tEXt or zTXt chunk of a PNG; undefined where it holds anything else, or is damaged. */
export function exifInText(type: string, data: Buffer): Buffer | undefined {
  const name = names.find((each) => data.toString('latin1', 0, each.length + 1) === `${each}\0`)
  if (name === undefined || data.length > longest) return undefined
  const content = data.subarray(name.length + 1)
  try {
    // zTXt has a byte for the method of compression, which is 0.
    const text = type === 'zTXt' ? inflateSync(content.subarray(1), { maxOutputLength: longest }) : content
    const [, length = '', digits = ''] = /^\s*\S+\s+(\d+)\s([\da-f\s]+)$/i.exec(text.toString('latin1')) ?? []
    const bytes = Buffer.from(digits.replace(/\s/g, ''), 'hex')
    return digits !== '' && bytes.length === Number(length) ? bytes : undefined
  } catch {
    return undefined
  }
}
