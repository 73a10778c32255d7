/** Where a mark stands in files of other kinds that people will try, the mark, and what they are. */
const strangers: readonly (readonly [at: number, mark: string, what: string])[] = [
  [4, 'jP  ', 'a JPEG 2000 picture'],
  [0, '\xff\x4f\xff\x51', 'a JPEG 2000 picture'],
  [0, '\xff\x0a', 'a JPEG XL picture'],
  [4, 'JXL ', 'a JPEG XL picture'],
  [0, 'II+\0', 'a BigTIFF'],
  [0, 'MM\0+', 'a BigTIFF'],
  [0, 'II\xbc\x01', 'a JPEG XR picture'],
  [0, 'IIRO', "a camera's raw file"],
  [0, 'IIU\0', "a camera's raw file"],
  [0, 'FUJIFILMCCD-RAW', "a camera's raw file"],
  [0, '8BPS', 'a Photoshop file'],
  [0, 'gimp xcf', 'a GIMP file'],
  [0, '%PDF', 'a PDF'],
  [0, '<svg', 'an SVG'],
  [0, '<?xml', 'an SVG or another XML file'],
  [0, 'DDS ', 'a DDS texture'],
  [0, 'qoif', 'a QOI picture'],
  [0, 'v/1\x01', 'an OpenEXR picture'],
  [0, '#?RADIANCE', 'a Radiance picture'],
  [0, '\0\0\x01\0', 'an icon (ICO)'],
  [0, 'SIMPLE  =', 'a FITS file'],
  [128, 'DICM', 'a DICOM file'],
  ...[1, 2, 3, 4, 5, 6, 7].map((n) => [0, `P${n}\n`, 'a Netpbm picture'] as const),
]

/** Kinds of files that begin with `ftyp`, by a brand that is among theirs; the first that fits counts. */
const brands: readonly (readonly [brand: RegExp, what: string])[] = [
  [/^avi[fs]$/, 'an AVIF'],
  [/^(hei|hev)/, 'an HEIC picture'],
  [/^(mif1|msf1)$/, 'an HEIF picture'],
  [/^crx /, "a camera's raw file"],
  [/^/, 'a video'],
]

/** The brands of a file in ISO's base media format; none of another. */
function brandsOf(bytes: Buffer): string[] {
  if (bytes.toString('latin1', 4, 8) !== 'ftyp') return []
  const end = Math.min(bytes.readUInt32BE(0), bytes.length, 256)
  const at = [8, ...Array.from({ length: Math.max(0, Math.floor((end - 16) / 4)) }, (_, i) => 16 + 4 * i)]
  return at.map((from) => bytes.toString('latin1', from, from + 4))
}

/** What a file that is none of the pictures that are read is, in words; undefined where nothing tells. */
export function strangerOf(bytes: Buffer): string | undefined {
  const own = brandsOf(bytes)
  if (own.length > 0) return brands.find(([brand]) => own.some((each) => brand.test(each)))?.[1]
  return strangers.find(([at, mark]) => bytes.toString('latin1', at, at + mark.length) === mark)?.[2]
}
