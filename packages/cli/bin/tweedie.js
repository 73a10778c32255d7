#!/usr/bin/env node
// The `tweedie` command: runs src/main.ts from source (Node strips the types), or dist/main.js where the
// package was installed and only that is there to run. Plain JavaScript, so that an old Node can say what is wrong.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const here = (path) => new URL(path, import.meta.url)
const installed = import.meta.url.includes('/node_modules/') // type stripping is refused there
const pinned = fileURLToPath(here('../../../node_modules/node/bin/node'))

if (installed) {
  await import(here('../dist/main.js').href)
} else if (process.features.typescript) {
  await import(here('../src/main.ts').href)
} else if (existsSync(pinned) && process.execPath !== pinned) {
  // The child tidies up and ends by itself when the channel closes, so that it does not outlive us whatever ends us.
  const child = spawn(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  // Each signal is passed on; main.ts knows that Ctrl-C has reached it from the terminal as well.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.connected && child.send('stop', () => undefined))
  }
  child.on('error', (error) => {
    throw error
  })
  child.on('close', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal]
  })
} else {
  console.error(
    `tweedie: Node ${process.versions.node} cannot run TypeScript sources. Use Node 22.18 or newer, or run "npm run setup" in the project first.`,
  )
  process.exitCode = 1
}
