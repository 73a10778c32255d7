/** A preset as a text names it: `dps/ffhq-sr4`, or `ffhq-sr4` of the method that is named beside it. */
export function splitPreset(text: string): { readonly method: string | undefined; readonly name: string } {
  const slash = text.lastIndexOf('/')
  return { method: slash < 0 ? undefined : text.slice(0, slash), name: text.slice(slash + 1) }
}

/** Whether a text names a file that holds a preset, as `tweedie tune` writes them. */
export const isPresetFile = (text: string): boolean => text.toLowerCase().endsWith('.json')

/** The method where neither it nor one of its presets is named. */
export const standardMethod = 'dps'
