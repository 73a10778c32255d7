/**
 * What was made under a name, kept until `most` others were asked for after it.
 * @example
 * ```ts
 * import { keeper } from './keeper.ts'
 * const kept = keeper<number[]>(2)
 * kept('a', () => [1]) === kept('a', () => [2]) // => true
 * ```
 */
export function keeper<T>(most: number): (name: string, make: () => T) => T {
  const known = new Map<string, T>()
  return (name, make) => {
    const value = known.get(name) ?? make()
    known.delete(name)
    known.set(name, value)
    const [oldest] = known.keys()
    if (known.size > most && oldest !== undefined) known.delete(oldest)
    return value
  }
}
