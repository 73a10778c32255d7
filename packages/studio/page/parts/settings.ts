import { formatSpec, splitSpec } from '@tweedie/solvers'

/** A method's text taken apart; one that is no such text has a name and no settings. */
export function settingsOf(text: string): {
  readonly name: string
  readonly settings: Readonly<Record<string, string>>
} {
  try {
    return splitSpec('method', text)
  } catch {
    return { name: text.split(':')[0] ?? text, settings: {} }
  }
}

/** The text of a method with one option changed; an empty value leaves it out. */
export function withSetting(text: string, option: string, value: string): string {
  const { name, settings } = settingsOf(text)
  const { [option]: _, ...rest } = settings
  return formatSpec(name, value === '' ? rest : { ...rest, [option]: value })
}
