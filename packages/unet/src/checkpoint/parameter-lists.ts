/** A list of tensors in a file: `prefix`0, `prefix`1, … */
export interface NamedList {
  /** What stands before the numbers: '' or a key and a dot. */
  readonly prefix: string
  readonly count: number
}

/** The lists of a file, whose members are numbered from 0 without a gap. */
export function listed(names: readonly string[]): NamedList[] {
  const members = new Map<string, { readonly numbers: Set<number>; most: number }>()
  for (const name of names) {
    const [, prefix, number] = /^(|.*\.)(0|[1-9]\d{0,6})$/s.exec(name) ?? []
    if (prefix === undefined) continue
    const list = members.get(prefix) ?? { numbers: new Set(), most: 0 }
    members.set(prefix, list)
    list.numbers.add(Number(number))
    list.most = Math.max(list.most, Number(number))
  }
  return [...members]
    .map(([prefix, { numbers, most }]) => ({ prefix, count: numbers.size, most }))
    .filter(({ count, most }) => most === count - 1)
}

/**
 * Parts of a network that stand in another order in the list of its parameters than in its description: the blocks of
 * diffusers register attentions before residual blocks, and `UNet2DModel` its middle last.
 */
const ranks: Readonly<Record<string, number>> = {
  attentions: 0,
  resnets: 1,
  downsamplers: 2,
  upsamplers: 2,
  up_blocks: 3,
  mid_block: 4,
}

/** Names of parameters in the order in which PyTorch's `parameters()` gives them. */
export function inTorchOrder(names: readonly string[]): readonly string[] {
  const places = new Map(names.map((name, place) => [name, { place, parts: name.split('.') }]))
  const compare = (a: string, b: string): number => {
    const [one, two] = [places.get(a), places.get(b)]
    if (one === undefined || two === undefined) return 0
    const at = one.parts.findIndex((part, i) => part !== two.parts[i])
    const [rank, other] = [ranks[one.parts[at] ?? ''], ranks[two.parts[at] ?? '']]
    return rank !== undefined && other !== undefined && rank !== other ? rank - other : one.place - two.place
  }
  return [...names].sort(compare)
}
