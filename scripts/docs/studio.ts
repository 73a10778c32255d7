// Pictures of the Studio's rooms in both themes, as headless Chromium shows them: docs/images/studio-NAME-THEME.png.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { serveStudio } from '@tweedie/studio'
import { chromium } from 'playwright-core'
import { findChromium } from '../../tests/browser.ts'
import { root } from './measured.ts'
import { withPalette } from './palette.ts'

/** A state that is drawn: its link, and what is there when it is ready. */
interface Shot {
  readonly name: string
  readonly hash: string
  readonly ready: string
  readonly width?: number
  readonly height?: number
  /** The part that is drawn; all that is seen where left out. */
  readonly part?: string
  /** Where the pointer goes, in parts of an element. */
  readonly point?: { readonly on: string; readonly x: number; readonly y: number }
  /** Buttons that are pressed before, by what stands on them. */
  readonly press?: readonly string[]
}

const settled = '[data-test=plane][data-settled=true] [data-test=numbers-a]'
const ranDigits = '[data-test=digits][data-settled=true]'

const ranEdit = '.code-runs[data-settled=true] [data-test=moved]'
const ranStep = '[data-test=gradient][data-settled=true]'
const ranChains = `${ranStep}, [data-test=chain][data-done="3"]`

const fault = 'guidance without the Jacobian of the denoiser'

/** A room adds its own here. */
const shots: readonly Shot[] = [
  { name: 'plane', hash: '#plane', ready: settled, height: 1008 },
  {
    name: 'plane-guidance',
    hash: '#plane?prior=banana&at=700&n=300&show=exact.particles.guidance',
    part: '.work',
    ready: `${settled}, [data-test=errors]`,
    point: { on: '.stage canvas', x: 0.42, y: 0.72 },
  },
  { name: 'plane-phone', hash: '#plane?prior=ring', ready: settled, width: 390, height: 844 },
  { name: 'digits', hash: '#digits', ready: ranDigits, height: 1270 },
  {
    name: 'digits-photos',
    hash: '#digits?prior=photos&operator=inpaint:random=0.5&a=diffpir:steps=15,zeta=1&b=ddrm:steps=15&n=1',
    ready: '[data-test=verdict-a] >> text=/PSNR/, [data-test=verdict-b] >> text=/PSNR/',
    height: 1130,
  },
  { name: 'digits-phone', hash: '#digits?at=500', ready: ranDigits, width: 390, height: 844 },
  { name: 'code', hash: '#code', ready: ranEdit, press: [fault, 'What changed'], height: 1010 },
  { name: 'code-phone', hash: '#code', ready: ranEdit, press: [fault], width: 390, height: 844 },
  { name: 'gradient', hash: '#gradient', ready: ranChains, height: 1240 },
  { name: 'gradient-phone', hash: '#gradient', ready: ranStep, width: 390, height: 844 },
  { name: 'atlas', hash: '#atlas', ready: '[data-test=full]', height: 940 },
  {
    name: 'atlas-calibration',
    hash: '#atlas?view=calibration',
    ready: '[data-test=cases] >> text=/^([3-9]\\d|\\d{3}) of/',
    height: 1240,
  },
  { name: 'atlas-failures', hash: '#atlas?view=failures', ready: '[data-test=failures]', height: 940 },
  { name: 'atlas-phone', hash: '#atlas', ready: '[data-test=full]', width: 390, height: 844 },
]

/** Draws the states of these names, or all. @throws where there is no Chromium, or the page was not built. */
export async function drawStudio(only: readonly string[]): Promise<void> {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error('no Chromium found (install it, or set CHROMIUM)')
  const built = spawnSync(
    process.execPath,
    [
      'node_modules/vite/bin/vite.js',
      'build',
      '--config',
      'packages/studio/vite.config.ts',
      '--logLevel',
      'error',
    ],
    { cwd: root, stdio: 'inherit' },
  )
  if (built.status !== 0) throw new Error('the page could not be built')
  const { url, close } = await serveStudio()
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    for (const { name, hash, ready, width = 1280, height = 780, point, part, press = [] } of shots) {
      if (only.length > 0 && !only.includes(name)) continue
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await browser.newPage({ viewport: { width, height }, colorScheme })
        page.setDefaultTimeout(150_000)
        await page.goto(`${url}${hash}`)
        for (const name of press) await page.getByRole('button', { name, exact: true }).click()
        for (const selector of ready.split(', ')) await page.waitForSelector(selector, { state: 'attached' })
        if (point !== undefined) {
          const box = await page.locator(point.on).first().boundingBox()
          if (box) await page.mouse.move(box.x + point.x * box.width, box.y + point.y * box.height)
        }
        await page.waitForTimeout(1500)
        const path = join(root, 'docs/images', `studio-${name}-${colorScheme}.png`)
        const picture = await (part === undefined ? page : page.locator(part)).screenshot()
        writeFileSync(path, withPalette(picture))
        await page.close()
      }
    }
  } finally {
    await browser.close()
    await close()
  }
}
