import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import type { Plugin } from 'vite'
import { build } from 'vite'

const name = 'virtual:engine'

/**
 * The engine (`worker/main.ts` and all that it imports) as one deflated script of the page, a third of what it is: the
 * module's default is its address, and it says its lines. `worker/script.ts` unpacks it.
 * @param plugins - That the engine is built with.
 */
export function packedEngine(plugins: readonly Plugin[]): Plugin {
  let [cache, root, target]: [string, string, string[]] = ['', '', []]
  return {
    name: 'packed-engine',
    configResolved: (config) => {
      ;[cache, root] = [config.cacheDir, config.root]
      target = [config.build.target || 'esnext'].flat()
    },
    resolveId: (id) => (id === name ? `\0${name}` : undefined),
    // It is fetched while the page's own scripts are.
    transformIndexHtml: {
      order: 'post',
      handler: (_, { bundle = {} }) =>
        Object.keys(bundle)
          .filter((file) => /engine-[^/]*\.deflate$/.test(file))
          .map((file) => ({
            tag: 'link',
            attrs: { rel: 'preload', as: 'fetch', href: `./${file}`, crossorigin: true },
            injectTo: 'head' as const,
          })),
    },
    async load(id) {
      if (id !== `\0${name}`) return undefined
      const built = await build({
        ...{ configFile: false, root, base: './', publicDir: false, logLevel: 'error' },
        plugins: [...plugins],
        // A script from a blob has no address of its own: the page says where its files are.
        define: { 'import.meta.url': 'studioScript.assets' },
        experimental: {
          renderBuiltUrl: (file) => ({
            runtime: `new URL(${JSON.stringify(`../${file}`)}, studioScript.assets).href`,
          }),
        },
        build: {
          ...{ write: false, target, assetsInlineLimit: 0, reportCompressedSize: false },
          rolldownOptions: {
            input: join(root, 'worker/main.ts'),
            output: { format: 'iife', codeSplitting: false },
          },
        },
      })
      const outputs = [built].flat().flatMap((one) => ('output' in one ? one.output : []))
      const scripts = outputs.flatMap((output) => (output.type === 'chunk' ? [output.code] : []))
      if (scripts.length !== 1) throw new Error(`the engine is ${scripts.length} scripts, not one`)
      for (const { type, fileName, ...asset } of outputs)
        if (type === 'asset' && 'source' in asset) this.emitFile({ type, fileName, source: asset.source })
      const file = join(cache, 'engine.deflate')
      mkdirSync(cache, { recursive: true })
      const script = `${scripts.join('')}\n`
      writeFileSync(file, deflateRawSync(script, { level: 9 }))
      const lines = script.split('\n').length - 1
      return `export { default } from ${JSON.stringify(`${file}?url`)}\nexport const lines = ${lines}`
    },
  }
}
