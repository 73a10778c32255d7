import type { Panel } from '../pictures/sheet.ts'
import type { Glimpse } from '../run/run-method.ts'

/** The pictures of one task: the contact sheet, and how x̂₀ of the first sample came about. */
export interface TaskPictures {
  readonly panel: Panel
  /** Per method, the denoised guess at a few steps from first to last. */
  readonly strips: readonly { readonly method: string; readonly steps: readonly Glimpse[] }[]
}
