import { OptionError, ShapeError } from '@tweedie/tensor'

/**
 * Indices within samples of K particles as rows of a population [N·K, …].
 * @throws {ShapeError} where samples have unequal numbers of them; {OptionError} where one is not 0 … K − 1.
 */
export function rowsOf(ancestors: readonly Int32Array[], K: number): Int32Array {
  const count = ancestors[0]?.length ?? 0
  const rows = new Int32Array(ancestors.length * count)
  ancestors.forEach((own, i) => {
    if (own.length !== count)
      throw new ShapeError('select', `sample ${i} has ${own.length} ancestors, sample 0 has ${count}`)
    own.forEach((k, j) => {
      if (!(k >= 0 && k < K))
        throw new OptionError('ancestors', `must lie in 0 … ${K - 1}, got ${k} of sample ${i}`)
      rows[i * count + j] = i * K + k
    })
  })
  return rows
}

/**
 * Follows particles back through resamplings: given the ancestors of each of a run's resamplings, oldest first,
 * the indices among the particles *before* each of them from which the particles at the end descend.
 *
 * @example
 * ```ts
 * import { lineages } from '@tweedie/solvers'
 * const [first, second] = lineages([[Int32Array.of(2, 0, 0)], [Int32Array.of(0, 0, 1)]])
 * first![0] // => [2, 2, 0]
 * second![0] // => [0, 0, 1]
 * ```
 */
export function lineages(history: readonly (readonly Int32Array[])[]): Int32Array[][] {
  const lines: Int32Array[][] = []
  let later: readonly Int32Array[] | undefined
  for (const ancestors of history.toReversed()) {
    later = ancestors.map((own, i) => later?.[i]?.map((k) => own[k] ?? -1) ?? own.slice())
    lines.push([...later])
  }
  return lines.reverse()
}
