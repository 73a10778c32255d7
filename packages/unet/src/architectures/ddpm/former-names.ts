import type { ParamSource } from '../../param-source.ts'
import { modernNames } from './names.ts'

/** A projection of the attention; as a 1×1 convolution its weights have axes of extent 1. */
const projection = /\.attentions\.\d+\.to_(?:q|k|v|out\.0)\.weight$/

/** What diffusers called the random multiples of `fourier` first, beside today's name or in its place. */
const former = /(^|\.)time_proj\.W$/

/**
 * The file as diffusers saves it today: {@link modernNames}, projections of the attention as matrices where they were
 * 1×1 convolutions [out, in, 1, 1], and `time_proj.W` as `time_proj.weight`, or left out where both are there.
 */
export function formerNames(file: ParamSource): ParamSource {
  const source = modernNames(file)
  const names = new Set(source.entries.map(({ name }) => name))
  const today = (name: string) => name.replace(former, '$1time_proj.weight')
  const stored = new Map<string, string>()
  const entries = source.entries.flatMap((entry) => {
    const name = today(entry.name)
    if (name !== entry.name && names.has(name)) return []
    stored.set(name, entry.name)
    const [out, inputs, ...ones] = entry.shape
    const square =
      out !== undefined && inputs !== undefined && ones.length > 0 && ones.every((extent) => extent === 1)
    return [{ ...entry, name, shape: square && projection.test(name) ? [out, inputs] : entry.shape }]
  })
  return { entries, values: (name) => source.values(stored.get(name) ?? name) }
}
