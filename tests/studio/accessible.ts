import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Page } from 'playwright-core'

/** Shows a theme, by the button of the page's bar. */
export async function showTheme(page: Page, theme: string): Promise<void> {
  if ((await page.evaluate('document.documentElement.dataset.theme')) !== theme)
    await page.click(`[aria-label="Show the ${theme} theme"]`)
}

const axe = resolve(import.meta.dirname, '../../node_modules/axe-core/axe.min.js')

/** Makes `axe` known in the page. */
export const loadAxe = (page: Page): Promise<unknown> => page.evaluate(readFileSync(axe, 'utf8'))

/**
 * What axe finds serious or critical: the rule, and the elements that break it.
 * @param part - A selector; all of the page where left out.
 */
export async function seriousViolations(
  page: Page,
  part?: string,
): Promise<readonly (readonly [rule: string, elements: readonly string[]])[]> {
  await loadAxe(page)
  const found = (await page.evaluate(
    `axe.run(${JSON.stringify(part) ?? ''}).then(({ violations }) => violations)`,
  )) as { id: string; impact: string; nodes: { html: string }[] }[]
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 200))] as const)
}
