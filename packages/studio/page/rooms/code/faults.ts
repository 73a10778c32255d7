/** A small edit of a file that makes it wrong, as the project plants them to see whether its tests notice. */
export interface PlantedFault {
  readonly name: string
  /** What is wrong with it, in one line. */
  readonly wrong: string
  readonly find: string
  readonly replace: string
  /** Which of several places, from 0; left out where there is one. */
  readonly nth?: number
  /** Test files that notice: paths, or how their paths begin. */
  readonly tests: readonly string[]
}

/** A text with a fault in it; undefined where the text is no longer there for it, or more than once. */
export function planted(source: string, { find, replace, nth }: PlantedFault): string | undefined {
  const places: number[] = []
  for (let at = source.indexOf(find); at >= 0; at = source.indexOf(find, at + find.length)) places.push(at)
  const at = nth === undefined ? (places.length === 1 ? places[0] : undefined) : places[nth]
  return at === undefined ? undefined : source.slice(0, at) + replace + source.slice(at + find.length)
}

/** Those of the faults that stand in a text and not in its original. */
export const faultIn = (
  original: string,
  text: string,
  faults: readonly PlantedFault[],
): PlantedFault | undefined =>
  text === original ? undefined : faults.find((fault) => planted(original, fault) === text)
