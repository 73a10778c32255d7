import type { ParamSource } from '../../param-source.ts'

/** Names of the attention layers in checkpoints from before diffusers 0.17. */
const renamed: readonly (readonly [RegExp, string])[] = [
  [/(\.attentions\.\d+\.)query\./, '$1to_q.'],
  [/(\.attentions\.\d+\.)key\./, '$1to_k.'],
  [/(\.attentions\.\d+\.)value\./, '$1to_v.'],
  [/(\.attentions\.\d+\.)proj_attn\./, '$1to_out.0.'],
]

const modern = (name: string): string =>
  renamed.reduce((current, [old, now]) => current.replace(old, now), name)

/** The file with the attention layers of old checkpoints (`query`, `key`, `value`, `proj_attn`) named as today. */
export function modernNames(file: ParamSource): ParamSource {
  const stored = new Map(file.entries.map(({ name }) => [modern(name), name]))
  if (stored.size !== file.entries.length) return file // Two names for one tensor: the loader will say what is wrong.
  return {
    entries: file.entries.map((entry) => ({ ...entry, name: modern(entry.name) })),
    values: (name, into) => file.values(stored.get(name) ?? name, into),
  }
}
