/** `make(0)` … `make(count − 1)`. A loop: `Array.from({ length })` takes several times as long, and kernels cut work by this. */
export function times<T>(count: number, make: (i: number) => T): T[] {
  const made: T[] = []
  for (let i = 0; i < count; i++) made.push(make(i))
  return made
}

/** Cuts `from` … `to` into pieces of at most `most`: visits where each begins, and its length. */
export function eachPiece(
  from: number,
  to: number,
  most: number,
  visit: (at: number, length: number) => void,
): void {
  for (let at = from; at < to; at += most) visit(at, Math.min(most, to - at))
}
