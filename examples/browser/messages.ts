/** What the page asks of its worker. */
export interface Request {
  readonly digit: string
  readonly steps: number
  readonly device: 'gpu' | 'wasm'
  /** Of the gpu device: `webgpu` or `webgl2`; the best that is there where left out. */
  readonly backend: 'webgpu' | 'webgl2' | undefined
}

/** What the worker tells. Pictures are 28×28 numbers in [−1, 1]. */
export type Message =
  | { readonly kind: 'device'; readonly text: string }
  | { readonly kind: 'problem'; readonly truth: ArrayLike<number>; readonly measurement: ArrayLike<number> }
  | { readonly kind: 'step'; readonly i: number; readonly steps: number; readonly guess: ArrayLike<number> }
  | {
      readonly kind: 'done'
      readonly restored: ArrayLike<number>
      readonly before: number
      readonly after: number
    }
  | { readonly kind: 'failed'; readonly why: string }
