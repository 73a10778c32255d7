import { serveStudio } from '@tweedie/studio'
import type { Browser, Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import type { Spent } from './node.ts'
import { processorSeconds } from './processes.ts'
import type { State } from './states.ts'

/** A state as the page has run it. */
export interface Shown extends Spent {
  /** Moments that were painted, each once; and frames of the screen meanwhile. */
  readonly painted: number
  readonly frames: number
  /** Seconds of processors by the kind of thread. */
  readonly threads: Readonly<Record<string, number>>
}

/** The Studio in headless Chromium, without its tests' slow start. */
export interface StudioBench extends AsyncDisposable {
  /** Seconds from the request of the page until particles are seen. */
  firstPicture(): Promise<number>
  run(state: State): Promise<Shown>
}

/** Milliseconds in which anything has to happen on a busy machine. */
const patience = 300_000

/** In the page: the moments that its line of time has said, with every frame of the screen. */
const watching = `(room) => {
  const seen = { frames: 0, moments: new Set(), first: undefined }
  window.seen = seen
  const look = (now) => {
    const says = document.querySelector('[data-test=' + room + '] output')?.textContent ?? ''
    seen.frames++
    if (says !== '') { seen.first ??= now; seen.moments.add(says) }
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}`

export async function openBench(executablePath: string): Promise<StudioBench> {
  const { url, close } = await serveStudio()
  const browser: Browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox'],
    timeout: patience,
  })
  const opened = new Map<State['room'], Page>()

  const pageOf = async (room: State['room']): Promise<Page> => {
    const known = opened.get(room)
    if (known !== undefined) return known
    for (const [name, other] of opened) {
      opened.delete(name)
      await other.close()
    }
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    page.setDefaultTimeout(patience)
    opened.set(room, page)
    const small = room === 'plane' ? 'n=100&a=dps:steps=3&b=none' : 'n=1&a=dps:steps=2,scale=1&b=none'
    await page.goto(`${url}#${room}?${small}`)
    await page.waitForSelector(`[data-test=${room}][data-settled=true]`)
    return page
  }

  return {
    async firstPicture() {
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
      page.setDefaultTimeout(patience)
      await page.addInitScript(`(${watching})('plane')`)
      await page.goto(url)
      await page.waitForFunction(
        () => (globalThis as { seen?: { first?: number } }).seen?.first !== undefined,
      )
      const first = Number(await page.evaluate('window.seen.first'))
      await page.close()
      return first / 1e3
    },
    async run({ room, query }) {
      const page = await pageOf(room)
      const before = processorSeconds()
      const found = await page.evaluate(`new Promise((done) => {
        ;(${watching})('${room}')
        const began = performance.now()
        let gone = false
        location.hash = '#${room}?${query}'
        const look = (now) => {
          const settled = document.querySelector('[data-test=${room}]')?.dataset.settled === 'true'
          gone ||= !settled
          if (gone && settled) done({ wall: (performance.now() - began) / 1e3, painted: seen.moments.size, frames: seen.frames })
          else requestAnimationFrame(look)
        }
        requestAnimationFrame(look)
      })`)
      const after = processorSeconds()
      const threads = Object.fromEntries(
        Object.entries(after).map(([name, seconds]) => [name, seconds - (before[name] ?? 0)]),
      )
      const processor = Object.values(threads).reduce((sum, seconds) => sum + seconds, 0)
      return { ...(found as Pick<Shown, 'wall' | 'painted' | 'frames'>), processor, threads }
    },
    async [Symbol.asyncDispose]() {
      await browser.close()
      await close()
    },
  }
}
