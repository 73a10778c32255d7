/** How many letters have to be changed, added, left out or swapped with the next to make one word of another. */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...Array<number>(b.length).fill(0)])
  for (let j = 1; j <= b.length; j++) rows[0]![j] = j
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, rows[i - 2]![j - 2]! + 1)
      rows[i]![j] = least
    }
  }
  return rows[a.length]![b.length]!
}

const plain = (name: string) => name.replaceAll(/[_-]/g, '').toLowerCase()

/** The name that a wrong one was probably meant to be; undefined where none is near. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const [best] = names
    .map((each) => ({ each, far: distance(plain(name.slice(0, 80)), plain(each)) }))
    .sort((a, b) => a.far - b.far)
  return best !== undefined && best.far <= Math.max(1, Math.floor(best.each.length / 3))
    ? best.each
    : undefined
}

/** That a field is none, and which there are: the nearest, or all. */
export function unknownField(name: string, names: readonly string[], of: string): string {
  const near = nearest(name, names)
  const hint = near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`
  return `${name}: is no field of ${of}; ${hint}`
}
