import { chromium } from 'playwright-core'
import { serveStudio } from '@tweedie/studio'
const [, , folder, ...asks] = process.argv
const { url, close } = await serveStudio({ folder })
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
// ask: name|width|theme|hash|wait
for (const ask of asks) {
  const [name, width, theme, hash, wait] = ask.split('|')
  const page = await browser.newPage({ viewport: { width: Number(width), height: 900 }, colorScheme: theme as 'light' })
  page.on('console', (m) => m.type() === 'error' && console.log('console', m.text()))
  page.on('pageerror', (e) => console.log('error', e.message))
  await page.goto(url + hash)
  await page.waitForTimeout(Number(wait))
  await page.screenshot({ path: `out/scratch/${name}.png`, fullPage: true })
  await page.close()
}
await browser.close()
await close()
