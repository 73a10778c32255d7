import { createSignal } from 'solid-js'
import { Button } from './button.tsx'

/** The visitor's own, of this browser: a link carries no theme. */
type Theme = 'light' | 'dark'

const key = 'tweedie-studio-theme'
const system = matchMedia('(prefers-color-scheme: dark)')

/** What was chosen before, where the browser lets a page keep it. */
function kept(): Theme | undefined {
  try {
    const value = localStorage.getItem(key)
    return value === 'light' || value === 'dark' ? value : undefined
  } catch {
    return undefined
  }
}

const [chosen, choose] = createSignal(kept())
const [systemDark, setSystemDark] = createSignal(system.matches)

/** The theme that is shown. */
export const theme = (): Theme => chosen() ?? (systemDark() ? 'dark' : 'light')

/** For style sheets. Before anything that is painted asks for its colours. */
function show(to: Theme): void {
  document.documentElement.dataset['theme'] = to
}
show(theme())
system.addEventListener('change', ({ matches }) => {
  show(chosen() ?? (matches ? 'dark' : 'light'))
  setSystemDark(matches)
})

/** Colours that were read, by theme and name: to ask the style sheet takes longer than to draw a picture. */
const known = new Map<string, string>()

function colourOf(name: string): string {
  const key = `${theme()} ${name}`
  const before = known.get(key)
  if (before !== undefined) return before
  const found = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
  if (found !== '') known.set(key, found) // the style sheet may still be on its way
  return found
}

/** Colours of `theme.css`, as a canvas takes them; they follow the theme. */
export const useColours =
  <const N extends string>(...names: readonly N[]): (() => Readonly<Record<N, string>>) =>
  () =>
    Object.fromEntries(names.map((name) => [name, colourOf(name)])) as Record<N, string>

export function ThemeSwitch() {
  const other = () => (theme() === 'dark' ? 'light' : 'dark')
  const turn = () => {
    const to = other()
    show(to)
    choose(to)
    try {
      localStorage.setItem(key, to)
    } catch {
      // A private window: the choice lasts as long as the page.
    }
  }
  return (
    <Button quiet onClick={turn} label={`Show the ${other()} theme`} title={`Show the ${other()} theme`}>
      {theme() === 'dark' ? '☀' : '☾'}
    </Button>
  )
}
