/**
 * What lies beyond the border: the opposite side, zeros (mid-grey), or the mirror image, about the border pixel
 * ('reflect') or about its outer edge ('symmetric', which repeats the border pixel). With 'zero' a constant image
 * darkens or brightens near the border; the others keep it.
 */
export type Boundary = 'circular' | 'zero' | 'reflect' | 'symmetric'

/** The period of the signal that goes on, and where its mirror image stands against it. */
const periods: Readonly<Record<Exclude<Boundary, 'zero'>, (extent: number) => readonly [number, number]>> = {
  circular: (extent) => [extent, 0],
  reflect: (extent) => [Math.max(1, 2 * extent - 2), 0],
  symmetric: (extent) => [2 * extent, -1],
}

/** Where in 0 … extent−1 the signal goes on at `at`, or −1 for a zero. */
export function continued(at: number, extent: number, boundary: Boundary): number {
  if (boundary === 'zero') return at >= 0 && at < extent ? at : -1
  const [period, offset] = periods[boundary](extent)
  const place = ((at % period) + period) % period
  return place < extent ? place : period - place + offset
}
