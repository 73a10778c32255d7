/** What a deflated file holds. @throws {TypeError} where it is damaged. */
export const inflated = (packed) => new Response(packed.pipeThrough(new DecompressionStream('deflate-raw')))
/** Weights as `packPlanes` of `src/serve` packed them. @throws {TypeError} where they are damaged. */
export async function unpackPlanes(packed) {
  const planes = new Uint8Array(await inflated(packed).arrayBuffer())
  const first = Math.ceil(planes.length / 2)
  return Uint8Array.from(planes, (_, i) => planes[i % 2 === 0 ? i / 2 : first + (i - 1) / 2] ?? 0)
}
