// A long-lived process that imports one example module after another, as Node itself loads them.
import { pathToFileURL } from 'node:url'

let fail: (error: unknown) => void = () => {}
process.on('uncaughtException', (error) => fail(error))
process.on('unhandledRejection', (error) => fail(error))

process.on('message', (path: string) => {
  const stray = new Promise<never>((_, reject) => {
    fail = reject
  })
  const run = import(pathToFileURL(path).href).then(() => new Promise((done) => setImmediate(done)))
  Promise.race([run, stray]).then(
    () => process.send?.({ error: null }),
    (error: unknown) =>
      process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
