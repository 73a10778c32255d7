import { deflateRawSync } from 'node:zlib'

/**
 * Weights as the page fetches them: of each two bytes the first ones, then the second ones, deflated. The signs and exponents of
 * float16 lie together then, and a file is an eighth smaller than it was; deflated as it is it would be a twelfth.
 */
export function packPlanes(bytes: Uint8Array): Uint8Array {
  const first = Math.ceil(bytes.length / 2)
  const planes = new Uint8Array(bytes.length)
  bytes.forEach((byte, i) => {
    planes[i % 2 === 0 ? i / 2 : first + (i - 1) / 2] = byte
  })
  return deflateRawSync(planes, { level: 9 })
}
