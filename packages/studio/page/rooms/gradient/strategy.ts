/** What a gradient through a chain of steps keeps: everything, the state before each step, or a few states. */
export type Strategy = 'tape' | 'checkpoint' | { readonly slots: number }

/** The switch of the room. */
export const kinds = ['tape', 'checkpoint', 'revolve'] as const
export type Kind = (typeof kinds)[number]

export const strategyOf = (kind: Kind, slots: number): Strategy => (kind === 'revolve' ? { slots } : kind)
