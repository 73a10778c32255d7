import type { Edit } from '../edit.ts'
import { editsOf } from './of.ts'

const of = editsOf('packages/cli/src')
const read = ['images/read', 'images/pillow', 'images/formats'] as const

const exif = of('images/exif.ts', ...read)
const upright = of('images/upright.ts', ...read)
const reader = of('images/read.ts', ...read)
const png = of('images/formats/png.ts', 'images/formats/png', ...read)
const rows = of('images/formats/png-rows.ts', 'images/formats/png', ...read)
const profile = of('images/formats/png-profile.ts', ...read)
const jpeg = of('images/formats/jpeg.ts', ...read)
const bmp = of('images/formats/bmp.ts', ...read)
const tiff = of('images/formats/tiff.ts', ...read)
const packing = of('images/formats/tiff-packing.ts', ...read)
const directory = of('images/formats/tiff-directory.ts', ...read)
const webp = of('images/formats/webp.ts', ...read)

/** Formats of picture files. */
export const pictureEdits: readonly Edit[] = [
  upright(
    'turn-six',
    '6: [true, false, true]',
    '6: [true, true, false]',
    'orientation 6 is turned the other way',
  ),
  upright(
    'turn-mirror',
    '2: [false, true, false]',
    '2: [false, false, true]',
    'orientation 2 is mirrored top to bottom',
  ),
  upright('turn-transverse', '7: [true, true, true]', '7: [true, false, false]', 'orientation 7 is 5'),
  upright(
    'turn-plane',
    '(c * storedHeight + storedY) * storedWidth',
    '(c * height + storedY) * storedWidth',
    'planes of pictures that lie are shifted',
  ),
  exif('exif-prefix', 'prefixed ? exif.subarray(6) : exif', 'exif', 'EXIF of a JPEG is not read'),
  exif('exif-range', 'value <= 8', 'value <= 9', 'orientation 9 is one'),
  reader(
    'read-alpha',
    'channels === 2 || channels === 4 ? channels - 1',
    'channels === 4 ? channels - 1',
    'grey with alpha is opaque',
  ),
  reader(
    'read-premultiplied',
    '(premultiplied ? 1 : alpha)',
    'alpha',
    'premultiplied colours are darkened twice',
  ),
  reader('read-transparent', '(premultiplied ? 1 : alpha)', '1', 'transparent pixels keep their colour'),
  reader(
    'read-grey',
    'value === raw[at] || alpha === 0',
    'value === raw[at]',
    'transparent pixels make a grey picture coloured',
  ),
  reader(
    'read-side',
    'Math.max(width, height) <= longestSide',
    'width <= longestSide',
    'pictures of any height are decoded',
  ),
  reader(
    'read-lying',
    'isLying(orientation) ? [header.height, header.width]',
    'isLying(orientation) ? [header.width, header.height]',
    'width and height of a lying picture',
  ),
  png(
    'png-key',
    'sampleAt(transparency, c, 16) & top',
    '(sampleAt(transparency, c, 16) >> 8) & top',
    'the transparent colour is its upper byte',
  ),
  png(
    'png-key-last',
    'if (value !== key[c]) opaque = top',
    'opaque = value !== key[c] ? top : 0',
    'a colour is transparent where its last channel is',
  ),
  png(
    'png-palette-alpha',
    'transparency[index] ?? 255',
    'transparency[index] ?? 0',
    'colours without an alpha of their own are transparent',
  ),
  png(
    'png-palette-index',
    'palette[3 * index + c] ?? 0',
    'palette[3 * index + 2 - c] ?? 0',
    'colours of a palette are blue, green, red',
  ),
  png(
    'png-adam-row',
    '(pass.y + r * pass.dy) * width',
    '(pass.y + r * pass.dx) * width',
    'rows of a pass take the step of columns',
  ),
  png(
    'png-row-bytes',
    'Math.ceil((columns * samples * depth) / 8)',
    'Math.floor((columns * samples * depth) / 8)',
    'rows of a broken byte are cut',
  ),
  png(
    'png-step',
    'Math.max(1, (samples * depth) / 8)',
    'Math.max(1, samples)',
    "a filter's left neighbour at 16 bits",
  ),
  png(
    'png-crc',
    'if (!sound && needed.has(type))',
    "if (!sound && type === 'IHDR')",
    'damaged parts are read',
  ),
  png(
    'png-bomb',
    'maxOutputLength: length + 65536',
    'maxOutputLength: length * 1000',
    'data may unpack to a thousand times their pixels',
  ),
  rows(
    'adam7-order',
    '[4, 0, 8, 8]',
    '[0, 4, 8, 8]',
    'the second pass of Adam7 starts below instead of beside',
  ),
  rows('adam7-last', '[0, 1, 1, 2]', '[0, 1, 2, 1]', 'the last pass of Adam7'),
  rows(
    'adam7-empty',
    'pass.columns > 0 && pass.rows > 0',
    'pass.rows > 0',
    'empty passes of narrow pictures have rows',
  ),
  rows('png-average', '(left + above) >> 1', '(left + above + 1) >> 1', 'the average filter rounds up'),
  rows('png-paeth', 'a <= b && a <= c', 'a <= b && a < c', 'Paeth prefers the corner to left'),
  rows('png-paeth-above', 'b <= c ? above', 'b < c ? above', 'Paeth prefers the corner to above'),
  rows('png-above', 'above[i - step] ?? 0)', 'above[i] ?? 0)', "Paeth's corner is the one above"),
  profile(
    'profile-length',
    'bytes.length === Number(length) ? bytes',
    'bytes.length > 0 ? bytes',
    'EXIF in a text of another length is read',
  ),
  jpeg(
    'jpeg-cmyk',
    '(samples[i + c] ?? 0) * black',
    '(255 - (samples[i + c] ?? 0)) * black',
    'CMYK in complementary colours',
  ),
  jpeg(
    'jpeg-exif-late',
    'orientation ?? exifAfter(bytes, at)',
    'orientation ?? 1',
    'EXIF after the frame header is not seen',
  ),
  jpeg(
    'jpeg-work',
    'scans > mostScans || width * height * scans > mostWork',
    'width * height * scans > mostWork',
    'small pictures may have any number of scans',
  ),
  jpeg(
    'jpeg-height',
    'const [height, width] = [bytes.readUInt16BE(at + 5), bytes.readUInt16BE(at + 7)]',
    'const [width, height] = [bytes.readUInt16BE(at + 5), bytes.readUInt16BE(at + 7)]',
    'width and height of a JPEG change places',
  ),
  bmp(
    'bmp-bottom',
    'fromBottom ? height - 1 - y : y',
    'fromBottom ? y : height - 1 - y',
    'BMPs stand on their heads',
  ),
  bmp(
    'bmp-stride',
    '4 * Math.ceil((width * depth) / 32)',
    'Math.ceil((width * depth) / 8)',
    'rows of a BMP are not padded',
  ),
  bmp(
    'bmp-mask',
    'Math.round((255 * ((pixel >>> shift) & most)) / most)',
    '(pixel >>> shift) & most',
    'masked samples are not scaled to 255',
  ),
  bmp(
    'bmp-order',
    'out[to + c] = row[3 * x + 2 - c] ?? 0',
    'out[to + c] = row[3 * x + c] ?? 0',
    'red and blue of a BMP change places',
  ),
  tiff(
    'tiff-white',
    "head.kind === 'white' && c === 0 ? top - value",
    "head.kind === 'grey' && c === 0 ? top - value",
    'white and black of a TIFF change places',
  ),
  tiff(
    'tiff-predictor',
    'values[i - together] ?? 0)) % 2 ** bits',
    'values[i - 1] ?? 0)) % 2 ** bits',
    "differences are taken from the neighbour's last sample",
  ),
  tiff(
    'tiff-plane',
    'Math.floor(p / perPlane), p % perPlane',
    'p % samples, Math.floor(p / samples)',
    'planes of a TIFF are mixed',
  ),
  tiff(
    'tiff-tile-edge',
    'Math.min(across, width - left)',
    'across',
    'tiles beyond the edge are written into the next row',
  ),
  tiff(
    'tiff-alpha',
    'premultiplied: extra === 1',
    'premultiplied: extra === 2',
    'the two kinds of alpha change places',
  ),
  tiff(
    'tiff-little',
    'bits === 16 && directory.little',
    'bits === 16 && !directory.little',
    'bytes of 16 bits change places',
  ),
  packing('packbits-run', 'to + 257 - code', 'to + 256 - code', 'runs of PackBits are one short'),
  packing(
    'lzw-early',
    'next >= 2 ** width && width',
    'next > 2 ** width && width',
    'codes of LZW grow one late',
  ),
  packing(
    'lzw-length',
    'lengths[next] = to - start + 1',
    'lengths[next] = to - start',
    'strings of LZW lack their last byte',
  ),
  directory(
    'directory-inline',
    'width * length <= 4 ? at + 8',
    'width * length < 4 ? at + 8',
    'values of four bytes are taken as an offset',
  ),
  webp('webp-chunk', 'at = end + (length & 1)', 'at = end', 'parts of odd length are not padded'),
]
