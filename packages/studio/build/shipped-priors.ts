import type { Plugin } from 'vite'
import { packedEnd, shipping } from '../src/serve/site.ts'

/** The list of files of priors that the page asks for, beside its `index.html`. */
const listName = 'priors.json'
const asked = new RegExp(
  `^\0?@tweedie/(${[...shipping.keys()].join('|')})/priors/([\\w./-]+)\\?(url|planes)$`,
)

/**
 * Files of shipped priors stay in their packages: an import of `@tweedie/PACKAGE/priors/FILE?url` is the address
 * `priors/PACKAGE/FILE` beside the page, where `siteFiles` has the file of the installed package; with `?planes` in the place of
 * `?url` it is packed on the way. Which there are is in `priors.json`.
 */
export function shippedPriors(): { readonly page: Plugin; readonly worker: Plugin } {
  const found = new Set<string>()
  const addresses: Plugin = {
    name: 'shipped-priors',
    apply: 'build',
    enforce: 'pre',
    resolveId: (source) => (asked.test(source) ? `\0${source}` : undefined),
    load(id) {
      const [, name, path, how] = asked.exec(id) ?? []
      if (name === undefined || path === undefined) return undefined
      const file = how === 'planes' ? path + packedEnd : path
      found.add(`${name}/${file}`)
      // Chunks lie in assets/. A name for import.meta.url keeps Vite from looking for the file there.
      const address = JSON.stringify(`../priors/${name}/${file}`)
      return `const here = import.meta.url\nexport default new URL(${address}, here).href`
    },
  }
  return {
    worker: addresses,
    page: {
      ...addresses,
      generateBundle() {
        const source = `${JSON.stringify([...found].sort(), null, 2)}\n`
        this.emitFile({ type: 'asset', fileName: listName, source })
      },
    },
  }
}
