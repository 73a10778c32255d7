/** `make(0)` … `make(count − 1)`. A loop: `Array.from({ length })` takes several times as long, and kernels cut work by this. */
export function times<T>(count: number, make: (i: number) => T): T[] {
  const made: T[] = []
  for (let i = 0; i < count; i++) made.push(make(i))
  return made
}
