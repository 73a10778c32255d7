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
system.addEventListener('change', ({ matches }) => setSystemDark(matches))

/** The theme that is shown. */
export const theme = (): Theme => chosen() ?? (systemDark() ? 'dark' : 'light')

function show(): void {
  document.documentElement.dataset['theme'] = theme()
}
show()
system.addEventListener('change', show)

/** A colour of `theme.css`, as a canvas takes it; follows the theme. */
export function useColours<const N extends string>(
  ...names: readonly N[]
): () => Readonly<Record<N, string>> {
  return () => {
    theme()
    const style = getComputedStyle(document.documentElement)
    const entries = names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])
    return Object.fromEntries(entries) as Record<N, string>
  }
}

export function ThemeSwitch() {
  const other = () => (theme() === 'dark' ? 'light' : 'dark')
  const turn = () => {
    choose(other())
    show()
    try {
      localStorage.setItem(key, theme())
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
