import type { Field } from '../../state/fields.ts'

/** The most methods that are watched at a time: as many as there are colours. */
export const mostMethods = 6

const isMethod = (text: string) => /^[a-z][\w-]*(:[^;]*)?$/.test(text)

/** Methods with their settings, `dps:steps=50;tmpd:steps=50`, each once. */
export const methodsField = (initial: readonly string[]): Field<readonly string[]> => ({
  default: initial,
  read: (text) => {
    const list = [...new Set(text.split(';'))]
    return list.length <= mostMethods && list.every(isMethod) ? list : undefined
  },
  write: (list) => list.join(';'),
})
