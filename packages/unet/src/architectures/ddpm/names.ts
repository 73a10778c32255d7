import type { ParamSource } from '../../param-source.ts'

/** Names of the attention layers in checkpoints from before diffusers 0.17, and those of today. */
const renamed = { query: 'to_q', key: 'to_k', value: 'to_v', proj_attn: 'to_out.0' } as const

const modern = (name: string): string =>
  name.replace(
    /(\.attentions\.\d+\.)(query|key|value|proj_attn)\./,
    (_, before: string, old: keyof typeof renamed) => `${before}${renamed[old]}.`,
  )

/** The file with the attention layers of old checkpoints (`query`, `key`, `value`, `proj_attn`) named as today. */
export function modernNames(file: ParamSource): ParamSource {
  const stored = new Map(file.entries.map(({ name }) => [modern(name), name]))
  if (stored.size !== file.entries.length) return file // Two names for one tensor: the loader will say what is wrong.
  return {
    entries: file.entries.map((entry) => ({ ...entry, name: modern(entry.name) })),
    values: (name, into) => file.values(stored.get(name) ?? name, into),
  }
}
